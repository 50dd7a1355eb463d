"""The README's receiver takes what we post, as it is printed there, and nothing that somebody else posts."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from broadcaster.hooks import door, register, signing
from broadcaster.models import Event, Webhook, WebhookDelivery
from tests.bootstrap.waiting import eventually
from tests.faults.servers import free_port
from tests.hooks.receiving import webhook
from tests.hooks.test_posting import happen, post, reload
from tests.running import ROOT

pytestmark = pytest.mark.django_db
SECTION = (ROOT / "README.md").read_text("utf-8").partition("\n## Webhooks\n")[2].partition("\n## ")[0]
PRINTED = re.findall(r"^```python\n(.+?)^```$", SECTION, re.MULTILINE | re.DOTALL)


class Printed:
    """The receiver as a process of its own; `output` is what it has printed when it is ended."""

    def __init__(self, hook: Webhook, port: int) -> None:
        environment = {**os.environ, "SECRET": hook.secrets["secret"], "PORT": str(port)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", PRINTED[0]],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def end(self) -> str:
        """End it; what it has printed."""
        self.process.terminate()
        output, _ = self.process.communicate(timeout=30)
        return output


@pytest.fixture
def hook() -> Webhook:
    return webhook(f"http://127.0.0.1:{free_port()}/")


@pytest.fixture
def printed(hook: Webhook) -> Iterator[Printed]:
    running = Printed(hook, int(hook.url.rstrip("/").rpartition(":")[2]))
    assert eventually(lambda: listens(hook.url))
    yield running
    running.end()


def listens(url: str) -> bool:
    return "refused" not in door.post(url, b"{}", {"X-Broadcaster-Signature": "t=1,v1=x"}).error


def test_it_takes_what_is_ours(hook: Webhook, printed: Printed) -> None:
    delivery = happen(Event.BROADCAST_COMPLETED)
    post()
    assert reload(delivery).state == WebhookDelivery.State.DELIVERED
    assert register.ping(hook).http_status == 204
    assert printed.end().splitlines()[0] == f"broadcast.completed {delivery.uuid}"


def test_it_refuses_another_secret(hook: Webhook, printed: Printed) -> None:
    Webhook.objects.update(secrets={"secret": "0" * 64})
    delivery = happen()
    post()
    assert reload(delivery).http_status == 403
    assert printed.end() == ""


def test_it_refuses_what_was_recorded_long_ago(
    hook: Webhook, printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign = signing.signature
    monkeypatch.setattr(signing, "signature", lambda secret, body, at: sign(secret, body, at=at - 3600))
    delivery = happen()
    post()
    assert reload(delivery).http_status == 403

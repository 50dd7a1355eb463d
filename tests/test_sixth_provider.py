"""A sixth provider is one module: put beside the others, it is offered, sends, and hears, with no change elsewhere.

The module is `tests/pigeon.py`; it is copied into a folder that joins the package of adapters for one test.
"""

import importlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

import providers
from broadcaster import tasks
from broadcaster.models import Broadcast, Channel, Message, ProviderCall, Suppression
from broadcaster.receipts import apply
from broadcaster.sending import progress
from providers import adapters, registry
from tests import pigeon
from tests.admin.people import logged_in, text_of
from tests.audiences import draft, imported, messy_csv, phone, send_now
from tests.content.conftest import make_template

ROOT = Path(__file__).parents[1]
KEY, SHARED = "key-of-the-account", "what-the-header-says"
NOBODY = phone(103)  # the gateway knows nobody with this number
PEOPLE = 12


@dataclass
class Gateway:
    """The provider: what was posted to it."""

    url: str = ""
    posts: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, key: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The status and the body that Pigeon's page shows."""
        if key != f"Bearer {KEY}":
            return 401, {"error": {"code": "bad_key", "detail": "Who are you?"}}
        self.posts.append(body)
        if body["to"] == NOBODY:
            return 400, {"error": {"code": "bad_number", "detail": "Nobody has this number."}}
        return 200, {"id": f"p-{len(self.posts)}"}


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """Pigeon on a local port."""
    gateway = Gateway()
    turn = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with turn:
                status, words = gateway.answer(self.headers["Authorization"], body)
            answer = json.dumps(words).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            """Nothing: the test tells what it saw."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        gateway.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield gateway
        server.shutdown()
        thread.join()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the one module that is written for a new provider."""
    folder = tmp_path / "adapters"
    folder.mkdir()
    shutil.copy(pigeon.__file__, folder / "pigeon.py")
    return folder


def look_again() -> None:
    """Forget which adapters there are, as a new process would."""
    importlib.invalidate_caches()
    registry.kinds.cache_clear()
    registry.client_class.cache_clear()


@pytest.fixture
def sixth(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The kind of the sixth provider, known for as long as the test runs."""
    monkeypatch.setattr(adapters, "__path__", [*adapters.__path__, str(folder)])
    look_again()
    yield "pigeon"
    monkeypatch.undo()
    sys.modules.pop(f"{adapters.__name__}.pigeon", None)
    vars(adapters).pop("pigeon", None)
    look_again()


@pytest.fixture
def channel(db: None, sixth: str, gateway: Gateway) -> Channel:
    """A channel as an operator sets it up."""
    config = {"base_url": gateway.url, "sender": "SHOP", "receipts_header": "X-Pigeon"}
    channel = Channel(name="Pigeon post", kind=sixth, config=config, rate_per_second=1_000)
    channel.secrets = {"api_key": KEY, "receipts_header_value": SHARED}
    channel.save()
    return channel


def sent(channel: Channel) -> Broadcast:
    """A broadcast to a file of people that has gone out, by the engine's own tasks."""
    template = make_template(eng={"text": "Halo @contact.name dari @fields.city: @row.jumlah 🐦"})
    broadcast = draft(imported(messy_csv(PEOPLE)), channel, template)
    send_now(broadcast)
    tasks.prepare_broadcast(broadcast.pk)
    tasks.run_pump()
    return broadcast


def tell(post: dict[str, Any], said: dict[str, Any], shared: str = SHARED) -> int:
    """What Pigeon posts to the callback of a message; the status of our answer."""
    path = urlsplit(post["callback"]).path
    return Client().post(path, json.dumps(said), "application/json", headers={"X-Pigeon": shared}).status_code


def states(broadcast: Broadcast) -> dict[str, str]:
    return dict(Message.objects.filter(broadcast=broadcast).values_list("address", "state"))


@pytest.mark.django_db(transaction=True)
def test_a_broadcast_goes_out_and_its_receipts_come_back(channel: Channel, gateway: Gateway) -> None:
    broadcast = sent(channel)
    posts = {post["to"]: post for post in gateway.posts}
    assert len(gateway.posts) == len(posts) == PEOPLE
    assert posts[phone(101)]["text"] == "Halo Pelanggan 101 dari Bandung: 101 🐦"
    refused = Message.objects.get(broadcast=broadcast, address=NOBODY)
    assert (refused.state, refused.error_code) == ("failed", "bad_number")
    calls = list(ProviderCall.objects.values())
    assert calls
    assert KEY not in str(calls)

    delivered, lost, *_ = reached = [post for post in gateway.posts if post["to"] != NOBODY]
    for number, post in enumerate(reached):
        event = {"event": "lost", "detail": "Gone."} if post is lost else {"event": "delivered"}
        said = {"ref": post["ref"]} if number % 2 else {"ref": post["ref"], "id": "not-ours"}
        assert tell(post, {**said, **event}) == 200
    assert tell(delivered, {"event": "reply", "from": delivered["to"], "text": "Stop"}) == 200
    assert tell(delivered, {"event": "lost", "ref": delivered["ref"]}, shared="a guess") == 400
    apply.apply_waiting()

    expected = {post["to"]: "failed" if post is lost else "delivered" for post in reached}
    assert states(broadcast) == {**expected, NOBODY: "failed"}
    assert Suppression.objects.filter(address=delivered["to"], channel=channel).exists()
    assert progress.progress(broadcast).counts == progress.recount(broadcast)


def test_the_admin_offers_it_and_draws_its_settings(sixth: str, db: None) -> None:
    admin = logged_in("view_channel", "add_channel", "change_channel")
    add = reverse("admin:broadcaster_channel_add")
    assert ">Pigeon<" in text_of(admin.get(add)).replace("\n", "").replace(" ", "")
    form = text_of(admin.post(add, {"name": "Pigeon post", "kind": sixth}, follow=True))
    for setting in pigeon.Client.config_fields:
        assert escape(setting.label) in form
        assert f'name="account_{setting.name}"' in form


def test_the_journey_offers_it_with_the_templates_that_it_can_send(channel: Channel) -> None:
    can, cannot = make_template(name="Words"), make_template("voice", "Call", eng={"flow_id": "1"})
    browser = logged_in("view_broadcast", "add_broadcast", "change_broadcast")
    broadcast = Broadcast.objects.create(name="June", channel=channel)
    page = browser.get(reverse("admin:broadcast_message", args=[broadcast.pk]))
    assert "SMS · Pigeon" in " ".join(text_of(page).split())
    assert [offered.name for offered in page.context["templates"]] == [can.name]
    assert cannot.name not in [offered.name for offered in page.context["templates"]]


def test_no_migration_is_wanted(sixth: str, db: None) -> None:
    assert sixth in providers.kinds()
    call_command("makemigrations", "--check", "--dry-run", "broadcaster", verbosity=0)


def test_the_contract_runs_for_it_without_being_told(folder: Path) -> None:
    (folder.parent / "sixth.py").write_text(
        f"from providers import adapters\nadapters.__path__.append({str(folder)!r})\n"
    )
    contract = sorted(str(path) for path in (ROOT / "tests/providers").glob("test_contract*.py"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "sixth", "-p", "no:cacheprovider", "-k", "pigeon", *contract]
    environment = {**os.environ, "PYTHONPATH": str(folder.parent)}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    assert "passed" in run.stdout

"""Whatever is sent to the API is answered as its description says, and never with a 5xx.

Schemathesis makes calls of the description, right ones and wrong ones, always the same. SCHEMATHESIS_EXAMPLES=1000 asks
for more of each.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.files.base import ContentFile
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from schemathesis.specs.openapi import checks

from broadcaster.models import AudienceUpload, Broadcast, Channel, MediaFile, Template, Webhook
from tests.api.calling import Program
from tests.api.describing import description
from tests.audiences import messy_csv, uploaded
from tests.sending.broadcasts import prepared

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "10"))
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
OF: dict[str, Any] = {
    "broadcasts": Broadcast,
    "media": MediaFile,
    "templates": Template,
    "uploads": AudienceUpload,
    "webhooks": Webhook,
}
site = get_wsgi_application()


def served(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """The answer, closed as a server closes it, and with it the files that were sent."""
    answer = site(environ, start_response)
    with contextlib.closing(answer):
        return [b"".join(answer)]


api = schemathesis.openapi.from_dict(description(), config=schemathesis.Config(seed=1))
api.app = served


@pytest.fixture
def one_connection() -> Iterator[None]:
    """The server closes connections between calls, but the test's transaction lives on one."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def everybodys(channel: Channel, one_connection: None, settings: Any) -> Program:
    """A program that may do everything, in an installation that has something of each kind."""
    settings.API_CALLS_PER_HOUR = 1_000_000
    program = Program(role="Admin", scope="admin", channel=channel)
    prepared(3)
    uploaded(messy_csv(3))
    MediaFile.objects.create(name="a.png", file=ContentFile(b"x", "a.png"), content_type="image/png", size=1)
    values: dict[str, Any] = {"events": ["broadcast.completed"], "secrets": {"secret": "x"}}
    Webhook.objects.create(url="http://127.0.0.1:9/", **values)
    return program


@pytest.mark.slow
@api.parametrize()
@hypothesis.settings(max_examples=EXAMPLES, database=None, suppress_health_check=list(hypothesis.HealthCheck))
def test_every_call_is_answered_as_described(case: "schemathesis.Case[Any]", everybodys: Program) -> None:
    if (
        case.meta
        and case.meta.generation.mode is schemathesis.GenerationMode.POSITIVE
        and "uuid" in case.path_parameters
    ):
        case.path_parameters["uuid"] = known(case.operation.path)
    with taken_back():
        case.call_and_validate(headers={"Authorization": f"Token {everybodys.key}"}, checks=CHECKS)


def known(path: str) -> str:
    """The UUID of something that is there, if the path is of one thing, so that the call gets further than its 404."""
    row = OF[path.split("/")[3]].objects.first()
    return str(row.uuid)


@contextlib.contextmanager
def taken_back() -> Iterator[None]:
    """What a call does is undone, so that each of them finds the same."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)

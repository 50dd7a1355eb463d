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
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from schemathesis.specs.openapi import checks

from broadcaster.models import Channel
from tests.api.calling import Program
from tests.api.describing import description
from tests.sending.broadcasts import prepared

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "10"))
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
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
    return program


@api.parametrize()
@hypothesis.settings(max_examples=EXAMPLES, database=None, suppress_health_check=list(hypothesis.HealthCheck))
def test_every_call_is_answered_as_described(case: "schemathesis.Case[Any]", everybodys: Program) -> None:
    with taken_back():
        case.call_and_validate(headers={"Authorization": f"Token {everybodys.key}"}, checks=CHECKS)


@contextlib.contextmanager
def taken_back() -> Iterator[None]:
    """What a call does is undone, so that each of them finds the same."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)

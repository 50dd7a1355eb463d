"""The application as a web server calls it: a request that cannot be read is the caller's mistake, not ours."""

import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from django.core.signals import request_started
from django.db import close_old_connections
from django.test import RequestFactory

from broadcaster import wsgi
from broadcaster.models import Channel, Receipt
from tests.content.conftest import make_channel

READABLE = ("utf-8", '"UTF8"', "latin-1", "gbk", "nowhere", "", "x" * 5_000, "..", "hex; charset=utf-8")
UNREADABLE = (
    "hex", "rot13", "zlib", "base64", "undefined", "idna", "a\0b", "hex; charset=hex", 'hex; x="',
    "utf-8; a*=nowhere''a",
)  # fmt: skip


@pytest.fixture
def url(db: None) -> Iterator[str]:
    """The address for a channel's receipts; requests leave the test's connection open."""
    request_started.disconnect(close_old_connections)
    yield f"/receipts/{make_channel('kaleyra', 'Webhook').receipts_token}/"
    request_started.connect(close_old_connections)


def serve(path: str, content_type: str, **environ: str) -> int:
    """The status of the answer to a POST."""
    body = {"wsgi.input": io.BytesIO(b"{}"), "CONTENT_LENGTH": "2", "CONTENT_TYPE": content_type}
    answers: list[str] = []

    def start_response(status: str, headers: Any, error: Any = None) -> None:
        answers.append(status)

    assert b"".join(wsgi.application(RequestFactory().post(path).environ | body | environ, start_response))
    return int(answers[0][:3])


@pytest.mark.parametrize("charset", READABLE)
def test_a_receipt_is_stored_in_any_charset_that_is_one_or_that_nobody_knows(url: str, charset: str) -> None:
    assert serve(f"{url}?a=%FF", f"application/json; charset={charset}") == 200
    assert Receipt.objects.get().query == {"a": "\ufffd"}


@pytest.mark.parametrize("charset", UNREADABLE)
@pytest.mark.parametrize("path", ["receipts", "/", "/admin/"])
def test_a_charset_that_is_none_is_refused_everywhere(url: str, path: str, charset: str) -> None:
    path = url if path == "receipts" else path
    assert serve(f"{path}?a=%FF", f"application/json; charset={charset}") == 400
    assert not Receipt.objects.exists()
    assert Channel.objects.exists()


def test_more_parameters_than_anybody_means_are_refused(url: str) -> None:
    query = "&".join(f"{number}=1" for number in range(5_000))
    assert serve(f"{url}?{query}", "application/json; charset=utf-8") == 400


def test_an_error_that_is_ours_is_not_put_on_the_caller() -> None:
    def broken(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        wsgi.patient(broken)({}, print)

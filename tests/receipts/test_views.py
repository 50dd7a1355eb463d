"""The address that providers post to: quick, patient with junk, silent about channels, and never an error of ours."""

import io
import json
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import LazySettings
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import providers
from broadcaster import gateway
from broadcaster.models import Channel, Receipt
from broadcaster.receipts import apply, inbox
from tests.audiences import demo_channel
from tests.content.conftest import make_channel
from tests.providers.junk import GARBAGE, JSON
from tests.queued import queued
from tests.receipts.conftest import PHONES, on_their_way, states

ANYTHING = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def url(channel: Channel) -> str:
    return f"/receipts/{channel.receipts_token}/"


def post(url: str, body: bytes, content_type: str = "application/json", **headers: str) -> int:
    return Client(raise_request_exception=False).post(url, body, content_type, headers=headers).status_code


def test_a_post_is_stored_and_applied(channel: Channel, url: str) -> None:
    message, *_ = on_their_way(channel, PHONES[0])
    reference = gateway.reference(message.broadcast, message.pk)
    body = {"status": "delivered", "extra_info": {"ref": reference}}
    response = Client(enforce_csrf_checks=True).post(url, body, "application/json")
    assert (response.status_code, response.content) == (200, b"ok")
    apply.apply_waiting()
    assert states(message) == ["delivered"]


def test_a_get_is_stored_and_applied(channel: Channel, url: str, client: Client) -> None:
    message, *_ = on_their_way(channel, PHONES[0])
    query = {"status": "read", "ref": gateway.reference(message.broadcast, message.pk)}
    assert client.get(url, query).status_code == 200
    apply.apply_waiting()
    assert states(message) == ["read"]


def test_a_head_is_a_test_call(url: str, client: Client) -> None:
    assert client.head(url).status_code == 200
    assert not Receipt.objects.exists()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_any_method_with_a_body_is_stored(url: str, client: Client, method: str) -> None:
    assert client.generic(method, url, b"{}").status_code == 200
    assert Receipt.objects.get().method == method


@pytest.mark.parametrize("method", ["DELETE", "OPTIONS", "TRACE", "PROPPATCH", "X" * 100, "\u00e9"])
def test_other_methods_are_refused(url: str, client: Client, method: str) -> None:
    assert client.generic(method, url, b"{}").status_code == 405
    assert not Receipt.objects.exists()


def test_a_receipt_costs_two_queries(url: str, django_assert_num_queries: Any) -> None:
    post(url, b"{}")  # wakes the workers
    with django_assert_num_queries(2):
        post(url, b"{}")


JUNK_HEADERS = {
    "CONTENT_LENGTH": ("abc", "-1", "", "1e3"),
    "CONTENT_TYPE": (
        "",
        "x",
        "text/plain; charset=latin-1",
        "text/plain; charset=nowhere",
        "multipart/form-data",
        "\xff",
    ),
    "HTTP_TRANSFER_ENCODING": ("chunked", "nonsense"),
    "HTTP_CONTENT_ENCODING": ("gzip",),
    "HTTP_COOKIE": ("sessionid=junk; \xff", "="),
    "HTTP_X_FORWARDED_PROTO": ("\x00",),
    "HTTP_EXPECT": ("100-continue",),
    "HTTP_X_JUNK": ("\xff" * 5_000,),
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in JUNK_HEADERS for value in JUNK_HEADERS[name]])
def test_junk_in_a_header_is_never_an_error_of_ours(url: str, name: str, value: str) -> None:
    client = Client(raise_request_exception=False)
    environ: dict[str, Any] = {name: value}
    with transaction.atomic():
        assert client.post(f"{url}?a=%FF&b=c", b"{}", "application/json", **environ).status_code == 200
    assert Receipt.objects.get().query == {"a": "\ufffd", "b": "c"}
    assert apply.apply_waiting() == 1


class Broken(io.BytesIO):
    """A connection that breaks in the middle."""

    def read(self, size: int | None = -1) -> bytes:
        raise ConnectionResetError


def test_a_body_that_breaks_off_is_not_stored(url: str) -> None:
    client = Client(raise_request_exception=False)
    broken: dict[str, Any] = {"wsgi.input": Broken()}
    assert client.post(url, b"{}", "application/json", **broken).status_code == 400
    assert not Receipt.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["unknown", "", "x" * 5_000, "a/b", "%00", "%F0%9F%98%80", "' OR 1=1"])
def test_an_unknown_token_is_not_found(token: str) -> None:
    assert post(f"/receipts/{token}/", b"{}") == 404


def test_a_signature_that_does_not_fit_is_refused_and_nothing_is_stored(db: None) -> None:
    channel = make_channel("imiconnect", "Voice")
    channel.secrets["webhook_secret"] = "shared"
    channel.save()
    headers = {"X-Hub-Signature": "sha256=0123"}
    assert post(f"/receipts/{channel.receipts_token}/", b"{}", **headers) == 400
    assert not Receipt.objects.exists()


def test_a_body_over_the_limit_is_refused(url: str) -> None:
    assert post(url, b"x" * inbox.BODY_LIMIT_BYTES) == 200
    assert post(url, b"x" * (inbox.BODY_LIMIT_BYTES + 1)) == 413
    assert post(url, b"x" * 6_000_000) == 413
    assert Receipt.objects.count() == 1


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
@pytest.mark.parametrize("kind", providers.kinds())
@pytest.mark.django_db
def test_garbage_is_never_an_error_of_ours(kind: str, body: bytes) -> None:
    channel, _template = demo_channel(kind, "http://127.0.0.1:1")
    assert post(f"/receipts/{channel.receipts_token}/", body) in (200, 413)
    assert apply.apply_waiting() == Receipt.objects.count()
    assert not Receipt.objects.filter(outcome__contains="cannot be read").exists()


@ANYTHING
@given(
    body=st.binary(max_size=200) | st.builds(lambda value: json.dumps(value).encode(), JSON),
    query=st.text(max_size=20),
    content_type=st.sampled_from(["application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/"]),
)
def test_anything_is_stored_and_can_be_applied(url: str, body: bytes, query: str, content_type: str) -> None:
    with transaction.atomic():  # or PostgreSQL would remember an error of this example in the next
        assert post(f"{url}?{quote(query, errors='replace')}=%00", body, content_type) == 200
    receipt = Receipt.objects.latest("pk")
    assert bytes(receipt.body) == body
    assert apply.apply_waiting() == 1
    Receipt.objects.all().delete()


def test_too_many_fields_are_refused(url: str) -> None:
    assert post(f"{url}?{'a=1&' * 2_000}", b"{}") == 400


def test_workers_are_woken_once_in_a_while(url: str) -> None:
    assert [post(url, b"{}") for _ in range(5)] == [200] * 5
    assert queued() == [("apply_receipts", ())]


def test_a_receipt_is_safe_while_the_queue_is_away(url: str, settings: LazySettings) -> None:
    redis: dict[str, Any] = {"BACKEND": "django.core.cache.backends.redis.RedisCache"}
    settings.CACHES = {"default": {**redis, "LOCATION": "redis://127.0.0.1:1"}}
    assert post(url, b"{}") == 200
    assert Receipt.objects.count() == 1


def test_a_channel_that_is_set_up_wrongly_still_keeps_its_receipts(channel: Channel, url: str) -> None:
    channel.secrets = {}
    channel.save()
    assert post(url, b"{}") == 200
    assert Receipt.objects.count() == 1

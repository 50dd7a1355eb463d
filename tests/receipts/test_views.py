"""The address that providers post to: quick, patient with junk, silent about channels, and never an error of ours."""

import base64
import hmac
import io
import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.conf import LazySettings
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import providers
from broadcaster import gateway
from broadcaster.models import Channel, Receipt, Suppression
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


BASIC = {"Authorization": "Basic " + base64.b64encode("käleyra:p4ss".encode()).decode()}
LOGIN = ({"receipts_user": "käleyra"}, {"receipts_password": "p4ss"})
STATIC = ({"receipts_header": "X-Receipts-Key"}, {"receipts_header_value": "k3y"})
SIGNED: tuple[dict[str, Any], dict[str, str]] = ({"require_signature": True}, {"webhook_secret": "shared"})
SIGNATURE = hmac.new(b"shared", b"{}", "sha512").hexdigest()
SHOWN: dict[str, tuple[str, tuple[dict[str, Any], dict[str, str]], dict[str, str], int]] = {
    "user": ("kaleyra", LOGIN, BASIC, 200),
    "another user": ("kaleyra", LOGIN, {"Authorization": "Basic eDp5"}, 400),
    "no user": ("kaleyra", LOGIN, {}, 400),
    "header": ("kaleyra", STATIC, {"X-Receipts-Key": "k3y"}, 200),
    "another header": ("kaleyra", STATIC, {"X-Receipts-Key": "k3\u00ff"}, 400),
    "no header": ("kaleyra", STATIC, {}, 400),
    "user of a caller": ("imiconnect", LOGIN, BASIC, 200),
    "no user of a caller": ("imiconnect", LOGIN, {}, 400),
    "signature": ("imiconnect", SIGNED, {"X-Hub-Signature": f"sha512={SIGNATURE}"}, 200),
    "another signature": ("imiconnect", SIGNED, {"X-Hub-Signature": "sha256=0123"}, 400),
    "no signature": ("imiconnect", SIGNED, {}, 400),
    "another signature where none is asked for": (
        "imiconnect",
        ({}, {"webhook_secret": "shared"}),
        {"X-Hub-Signature": "sha256=0123"},
        400,
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize(("kind", "asked", "headers", "status"), SHOWN.values(), ids=SHOWN)
def test_only_who_shows_what_the_channel_asks_for_is_stored(
    kind: str,
    asked: tuple[dict[str, Any], dict[str, str]],
    headers: dict[str, str],
    status: int,
    method: str,
) -> None:
    channel = make_channel(kind, "Guarded")
    channel.config, channel.secrets = channel.config | asked[0], channel.secrets | asked[1]
    channel.save()
    response = Client().generic(method, f"/receipts/{channel.receipts_token}/", b"{}", headers=headers)
    assert (response.status_code, Receipt.objects.count()) == (status, int(status == 200))
    kept = str([receipt.headers for receipt in Receipt.objects.all()])
    assert not any(secret in kept for secret in ("k3y", "p4ss", BASIC["Authorization"], "shared"))


def test_a_test_call_needs_to_show_nothing(db: None, client: Client) -> None:
    channel = make_channel("kaleyra", "Guarded")
    channel.config, channel.secrets = channel.config | LOGIN[0], channel.secrets | LOGIN[1]
    channel.save()
    assert client.head(f"/receipts/{channel.receipts_token}/").status_code == 200


def test_a_form_with_objects_as_texts_is_applied(channel: Channel, url: str, client: Client) -> None:
    message, *_ = on_their_way(channel, PHONES[0])
    extra = {"ref": gateway.reference(message.broadcast, message.pk)}
    form = urlencode({"status": "not sent", "reason": "Number Opted Out", "extra_info": json.dumps(extra)})
    response = client.put(url, form, "application/x-www-form-urlencoded")
    assert response.status_code == 200
    apply.apply_waiting()
    assert states(message) == ["failed"]
    assert Suppression.objects.get().address == PHONES[0]


@pytest.mark.django_db
@pytest.mark.parametrize(("code", "word"), [("7410", "DISCONNECTED"), ("", "RELEASED"), ("7408", "ACCEPTED")])
def test_a_call_that_was_answered_stays_so_when_it_ends(code: str, word: str) -> None:
    channel = make_channel("imiconnect", "Voice")
    message, *_ = on_their_way(channel, PHONES[0])
    for told in (("7519", "ANSWERED"), (code, word)):
        info = dict(zip(("code", "deliveryStatus"), told, strict=True))
        notice = {"deliveryInfo": info, "correlationid": gateway.reference(message.broadcast, message.pk)}
        body = json.dumps({"deliveryInfoNotification": notice}).encode()
        assert post(f"/receipts/{channel.receipts_token}/", body) == 200
        apply.apply_waiting()
    assert states(message) == ["delivered"]
    assert apply.apply_waiting() == 0


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

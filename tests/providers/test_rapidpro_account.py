"""A RapidPro account asked: does it work, what is left, which groups it keeps; and files that it takes first."""

import socket
import threading
from typing import Any

import pytest
import responses
from requests.exceptions import ConnectTimeout, ReadTimeout
from responses import matchers

from providers import Balance, ListedGroup, ProviderError, http
from providers.http import Request
from tests.providers.rapidpro_samples import GROUP, HOST, MEDIA, rapidpro
from tests.providers.samples import SECRET
from tests.providers.scripted import ScriptedServer, answer, read_request

BROADCASTS = f"{HOST}/api/v2/broadcasts.json"
GROUPS = f"{HOST}/api/v2/groups.json"
WORKSPACE = f"{HOST}/api/v2/workspace.json"
MEDIA_URL = f"{HOST}/api/v2/media.json"
EMPTY: dict[str, Any] = {"next": None, "previous": None, "results": []}
HEADERS = {
    "User-Agent": "broadcaster",
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "Authorization": f"Token {SECRET}",
}

NOT_THERE = "There is no RapidPro at the channel's address; check the base URL: it is what stands before /api/v2."
NOT_THE_API = "What answers is not RapidPro's API; check the base URL: it is what stands before /api/v2."
NOT_ALLOWED = "RapidPro refuses the API token; enter that of an administrator or editor."

# label: (answer, whether the channel works, what the operator is told)
CHECKS: dict[str, tuple[dict[str, Any], bool, str]] = {
    "works": ({"json": EMPTY}, True, "RapidPro accepts the token."),
    "wrong token": (
        {"status": 403, "json": {"detail": "Invalid token"}},
        *(False, f"{NOT_ALLOWED} Invalid token"),
    ),
    "no API at this host": ({"status": 404, "body": "<html>"}, False, NOT_THERE),
    "a web page instead of data": ({"body": "<html>"}, False, NOT_THE_API),
    "another API": ({"json": {"hello": "world"}}, False, NOT_THE_API),
    "moved": ({"status": 302, "headers": {"Location": "/"}}, False, "The provider's address has moved; check the base"),
    "busy": ({"status": 503}, False, "The provider is busy or being serviced."),
    "nobody there": (
        {"body": ConnectTimeout()},
        *(False, "RapidPro / TextIt cannot be reached at rapidpro.example.org."),
    ),
    "silent": (
        {"body": ReadTimeout()},
        *(False, "RapidPro / TextIt takes connections at rapidpro.example.org, but does not answer."),
    ),
}


@pytest.mark.parametrize(("answer", "is_ok", "sentence"), CHECKS.values(), ids=CHECKS)
@responses.activate
def test_health(answer: dict[str, Any], is_ok: bool, sentence: str) -> None:  # noqa: FBT001
    responses.get(BROADCASTS, match=[matchers.query_param_matcher({"before": "2000-01-01T00:00:00Z"})], **answer)
    health = rapidpro().check()
    assert health.ok is is_ok
    assert health.sentence.startswith(sentence)
    assert dict(responses.calls[0].request.headers) == HEADERS


BALANCES: dict[str, tuple[Any, Balance | None]] = {
    "counted": ({"credits": {"used": 121433, "remaining": 3452}}, Balance("3452", "credits")),
    "spent": ({"credits": {"used": 121433, "remaining": 0}}, Balance("0", "credits")),
    "no longer counted": ({"credits": {"used": -1, "remaining": -1}}, None),
    "not there": ({"uuid": "6a44ca78-a4c2-4862-a7d3-2932f9b3a7c3"}, None),
    "none": ({"credits": {"remaining": None}}, None),
    "a fraction": ({"credits": {"remaining": 1.5}}, None),
    "not an object": ([], None),
}


@pytest.mark.parametrize(("body", "left"), BALANCES.values(), ids=BALANCES)
@responses.activate
def test_balance(body: Any, left: Balance | None) -> None:
    responses.get(WORKSPACE, json=body)
    assert rapidpro().balance() == left
    assert dict(responses.calls[0].request.headers) == HEADERS


@responses.activate
def test_balance_that_is_refused_is_an_error() -> None:
    responses.get(WORKSPACE, status=403, json={"detail": "Invalid token"})
    with pytest.raises(ProviderError, match="RapidPro refuses the API token"):
        rapidpro().balance()


def group(**fields: Any) -> dict[str, Any]:
    """A group as it is listed."""
    shown = {"uuid": GROUP, "name": "Reporters", "query": None, "status": "ready", "system": False, "count": 315}
    return {**shown, **fields}


# label: (item, what is made of it)
LISTED: dict[str, tuple[Any, ListedGroup | None]] = {
    "manual": (group(), ListedGroup(GROUP, "Reporters", 315)),
    "smart": (group(query="age > 18", count=0), ListedGroup(GROUP, "Reporters", 0)),
    "being counted again": (group(status="evaluating"), ListedGroup(GROUP, "Reporters", 315)),
    "system": (group(name="Open Tickets", system=True), ListedGroup(GROUP, "Open Tickets", 315)),
    "older, without status": ({"uuid": GROUP, "name": "Reporters"}, ListedGroup(GROUP, "Reporters")),
    "count that is none": (group(count="many"), ListedGroup(GROUP, "Reporters")),
    "count below nothing": (group(count=-1), ListedGroup(GROUP, "Reporters")),
    "count beyond mankind": (group(count=10**12), ListedGroup(GROUP, "Reporters")),
    "truth for a count": (group(count=True), ListedGroup(GROUP, "Reporters")),
    "longest name": (group(name="x" * 200), ListedGroup(GROUP, "x" * 128, 315)),
    "not filled yet": (group(status="initializing"), None),
    "broken query": (group(status="invalid"), None),
    "odd status": (group(status=[]), ListedGroup(GROUP, "Reporters", 315)),
    "no name": (group(name=" "), None),
    "no UUID": (group(uuid="Reporters"), None),
    "number for a UUID": (group(uuid=5), None),
    "junk": ("Reporters", None),
    "nothing": (None, None),
}


@pytest.mark.parametrize(("item", "listed"), LISTED.values(), ids=LISTED)
@responses.activate
def test_group(item: Any, listed: ListedGroup | None) -> None:
    responses.get(GROUPS, json={**EMPTY, "results": [item]})
    assert rapidpro().groups() == ([listed] if listed else [])
    assert dict(responses.calls[0].request.headers) == HEADERS


@responses.activate
def test_groups_are_listed_page_by_page_and_each_once() -> None:
    second = {**EMPTY, "results": [group(), group(uuid=MEDIA, name="Farmers")]}
    first = {"next": "https://evil.example.com/?cursor=cD0x", "results": [group()]}
    responses.get(GROUPS, json=first, match=[matchers.query_param_matcher({})])
    responses.get(GROUPS, json=second, match=[matchers.query_param_matcher({"cursor": "cD0x"})])
    assert [each.name for each in rapidpro().groups()] == ["Reporters", "Farmers"]


@pytest.mark.parametrize("body", ["<html>", ""])
@responses.activate
def test_groups_that_are_no_data_are_an_error(body: str) -> None:
    responses.get(GROUPS, body=body)
    with pytest.raises(ProviderError, match="something else than its data"):
        rapidpro().groups()


UPLOADED = {"uuid": MEDIA, "content_type": "image/png", "url": "https://x/a.png", "filename": "a.png", "size": 4}


@responses.activate
def test_upload() -> None:
    responses.post(MEDIA_URL, status=201, json=UPLOADED)
    assert rapidpro().upload("a.png", "image/PNG; name=a", b"\x89PNG") == MEDIA
    [call] = responses.calls
    boundary = call.request.headers["Content-Type"].removeprefix("multipart/form-data; boundary=")
    assert (
        call.request.body
        == (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'
            "Content-Type: image/png\r\n\r\n"
        ).encode()
        + b"\x89PNG"
        + f"\r\n--{boundary}--\r\n".encode()
    )
    assert dict(call.request.headers) == {
        **HEADERS,
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "Content-Length": str(len(call.request.body)),
    }


TAKEN = ("apng", "avif", "gif", "jpeg", "png", "webp")


@pytest.mark.parametrize(
    "content_type", [*(f"image/{name}" for name in TAKEN), "audio/mp4", "audio/x-wav", "video/3gpp", "application/pdf"]
)
@responses.activate
def test_type_that_is_taken(content_type: str) -> None:
    sent = matchers.multipart_matcher({"file": ("file", b"x", content_type)})
    responses.post(MEDIA_URL, status=201, json=UPLOADED)
    assert rapidpro().upload("", content_type, b"x") == MEDIA
    assert sent(responses.calls[0].request)[0]


MB = 1024 * 1024

# label: (content type, content, code, what the operator is told); nothing is sent
UNWANTED: dict[str, tuple[str, bytes, str, str]] = {
    "a web page": ("text/html", b"x", "media_type", "RapidPro does not take text/html; give an image (JPEG, PNG"),
    "a drawing": ("image/svg+xml", b"x", "media_type", "RapidPro does not take image/svg+xml; give an image"),
    "no type": ("", b"x", "media_type", "RapidPro does not take an unknown type; give an image"),
    "half a type": ("video/", b"x", "media_type", "RapidPro does not take video/; give an image"),
    "two lines": ("audio/mp4\r\nX: y", b"x", "media_type", "RapidPro does not take audio/mp4 X: y; give an image"),
    "an empty file": ("image/png", b"", "media_size", "The file is empty; choose another."),
    "a file too large": (
        *("video/mp4", b"x" * (26 * MB)),
        *("media_size", "The file has 26.0 MB; RapidPro takes at most 25 MB."),
    ),
}


@pytest.mark.parametrize(("content_type", "content", "code", "told"), UNWANTED.values(), ids=UNWANTED)
@responses.activate
def test_unwanted_file_is_refused_before_it_is_sent(content_type: str, content: bytes, code: str, told: str) -> None:
    with pytest.raises(ProviderError) as refusal:
        rapidpro().upload("a.bin", content_type, content)
    assert (refusal.value.code, refusal.value.retryable) == (code, False)
    assert refusal.value.sentence.startswith(told)


# label: (answer, what the operator is told, whether another try may help)
REFUSED: dict[str, tuple[dict[str, Any], str, bool]] = {
    "unsupported": (
        {"status": 400, "json": {"file": ["Unsupported file type."]}},
        *("The provider refused the message. file: Unsupported file type.", False),
    ),
    "too large": (
        {"status": 400, "json": {"file": ["Limit for file uploads is 25.0 MB."]}},
        *("The provider refused the message. file: Limit for file uploads is 25.0 MB.", False),
    ),
    "too large for what stands before it": ({"status": 413}, "The request is too large for the provider.", False),
    "wrong token": ({"status": 403, "json": {"detail": "Invalid token"}}, f"{NOT_ALLOWED} Invalid token", False),
    "no media endpoint": ({"status": 404, "body": "<html>"}, NOT_THERE, False),
    "throttled": ({"status": 429, "headers": {"Retry-After": "60"}}, "The provider asks to send more slowly.", True),
    "no UUID": ({"status": 201, "json": {"uuid": 5}}, "RapidPro said yes to the file, but gave no UUID of it.", False),
    "no data": ({"status": 200, "body": "<html>"}, "RapidPro said yes to the file, but gave no UUID of it.", False),
}


@pytest.mark.parametrize(("answer", "told", "is_retryable"), REFUSED.values(), ids=REFUSED)
@responses.activate
def test_refused_upload(answer: dict[str, Any], told: str, is_retryable: bool) -> None:  # noqa: FBT001
    responses.post(MEDIA_URL, **answer)
    with pytest.raises(ProviderError) as refusal:
        rapidpro().upload("a.png", "image/png", b"x")
    assert (refusal.value.sentence, refusal.value.retryable) == (told, is_retryable)


def test_record_of_an_upload_tells_its_size_instead_of_its_bytes() -> None:
    files = (("file", "a.png", b"\x89PNG"),)
    assert Request("POST", "/", files=files, file_types={"file": "image/png"}).record == (
        "file=a.png:\n4 bytes of image/png"
    )


@pytest.mark.usefixtures("no_proxy")
def test_file_is_given_time_although_the_line_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "CONNECT_TIMEOUT_S", 0.2)  # which must not be that of the writing too
    created = f'HTTP/1.1 201 Created\r\nContent-Length: {len(MEDIA) + 11}\r\n\r\n{{"uuid":"{MEDIA}"}}'.encode()

    def take_late(connection: socket.socket) -> None:
        threading.Event().wait(0.6)
        answer(created)(connection)

    with ScriptedServer(take_late) as server:
        account = rapidpro(base_url=f"http://localhost:{server.port}")
        assert account.upload("a.mp4", "video/mp4", b"x" * 8 * MB) == MEDIA


@pytest.mark.usefixtures("no_proxy")
def test_file_arrives_as_it_is() -> None:
    arrived: list[bytes] = []

    def take(connection: socket.socket) -> None:
        arrived.append(read_request(connection))
        connection.sendall(f'HTTP/1.1 201 Created\r\n\r\n{{"uuid":"{MEDIA}"}}'.encode())

    content = bytes(range(256)) * 1000
    with ScriptedServer(take) as server:
        rapidpro(base_url=f"http://localhost:{server.port}").upload("Übersicht\r\n.pdf", "application/pdf", content)
    assert arrived[0].count(content) == 1
    assert 'filename="Übersicht%0D%0A.pdf"'.encode() in arrived[0]

"""What a Kaleyra account can be asked: whether its key works, and which templates it has."""

from typing import Any

import pytest
import requests
import responses

from providers import Approval, ListedTemplate, ProviderError
from tests.providers.kaleyra_account import HOST, SID, WABA_ID, failure, kaleyra
from tests.providers.samples import SECRET

LIST_URL = f"{HOST}/v2/{SID}/whatsapp/{WABA_ID}/message_templates"
OLDER_URL = f"{HOST}/v1/{SID}/whatsapp/templates/status"
WRONG_KEY = failure(401, "RBC001", "Incorrect SID or API key.", "error", [])
NOT_OURS = failure(401, "WA401", "Unauthorized access.", "waba_id")
FAILED = failure(500, "WA500", "Please try again later", "error")


def listed(name: str = "order_ready", **fields: Any) -> dict[str, Any]:
    """One item as Meta's page "WhatsApp Message Template" shows it."""
    return {
        "name": name,
        "components": [{"type": "BODY", "text": "testing"}],
        "language": "en_US",
        "status": "APPROVED",
        "category": "UTILITY",
        "id": "594425479261596",
        **fields,
    }


def templates(*pages: dict[str, Any]) -> tuple[list[ListedTemplate], list[requests.PreparedRequest]]:
    """What the account tells in these pages, and what it was asked."""
    with responses.RequestsMock() as server:
        for page in pages:
            server.get(LIST_URL, **page)
        found = kaleyra(waba_id=WABA_ID).templates()
        return found, [call.request for call in server.calls]


HEALTH: dict[str, tuple[str, str, dict[str, Any], bool | None, str]] = {
    "key that works": (WABA_ID, LIST_URL, {"json": {"data": []}}, True, "takes its key"),
    "key that is wrong": (WABA_ID, LIST_URL, WRONG_KEY, False, "copy both again from Kaleyra's console"),
    "account of somebody else": (WABA_ID, LIST_URL, NOT_OURS, False, "Kaleyra gives this account no access"),
    "account that is none": (WABA_ID, LIST_URL, {"status": 404}, False, "does not list the templates of this WABA ID"),
    "failure": (WABA_ID, LIST_URL, FAILED, False, "does not list the templates of this WABA ID"),
    "no answer": (WABA_ID, LIST_URL, {"body": requests.ReadTimeout()}, False, "does not answer"),
    "no connection": (WABA_ID, LIST_URL, {"body": requests.ConnectTimeout()}, False, "cannot be reached"),
    "key that works, without an account": ("", OLDER_URL, {"json": {}}, True, "takes its key"),
    "key that is wrong, without an account": ("", OLDER_URL, WRONG_KEY, False, "copy both again"),
    "version that is gone": ("", OLDER_URL, {"status": 404}, None, "send a test message"),
}


@pytest.mark.parametrize(("waba_id", "url", "answer", "ok", "words"), HEALTH.values(), ids=HEALTH)
def test_health(waba_id: str, url: str, answer: dict[str, Any], ok: bool | None, words: str) -> None:  # noqa: FBT001
    with responses.RequestsMock() as server:
        server.get(url, **answer)
        health = kaleyra(waba_id=waba_id).check()
        assert server.calls[0].request.headers["api-key"] == SECRET
    assert health.ok is ok
    assert words in health.sentence
    assert health.sentence.startswith(("Kaleyra", "The "))


def test_list_is_asked_for_with_the_headers_that_its_page_wants() -> None:
    _, [request] = templates({"json": {"data": []}})
    assert dict(request.headers) == {
        "User-Agent": "broadcaster",
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "Content-Type": "application/json",
        "api-key": SECRET,
    }


PARTS = [
    {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["https://example.org/a.png"]}},
    {"type": "BODY", "text": "Dear {{1}},\norder {{2}} is ready, {{1}}.", "example": {"body_text": [["Nur", "12"]]}},
    {"type": "FOOTER", "text": "Reply STOP"},
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "URL", "text": "Track", "url": "https://example.org/{{1}}", "example": ["12"]},
            {"type": "URL", "text": "Shop", "url": "https://example.org/"},
            {"type": "QUICK_REPLY", "text": "Stop"},
            {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+15550051310"},
            {"type": "FLOW", "text": "Open", "flow_id": 1, "flow_action": "navigate"},
        ],
    },
]


def test_template_is_told_as_a_message_has_to_name_it() -> None:
    found, _ = templates({"json": {"data": [listed(components=PARTS)]}})
    assert found == [
        ListedTemplate(
            "order_ready",
            "en_US",
            Approval.APPROVED,
            category="utility",
            body="Dear {{1}},\norder {{2}} is ready, {{1}}.",
            variables=2,
            header="image",
            buttons=("url", "quick_reply", "flow"),
        )
    ]


@pytest.mark.parametrize(
    ("part", "header"),
    [
        ({"type": "HEADER", "format": "TEXT", "text": "Order {{1}}"}, "text"),
        ({"type": "HEADER", "format": "TEXT", "text": "Order"}, ""),
        ({"type": "HEADER", "format": "DOCUMENT"}, "document"),
        ({"type": "HEADER", "format": "LOCATION"}, ""),
        ({"type": "header", "format": "video"}, "video"),
        ({"type": ["HEADER"]}, ""),
        ("HEADER", ""),
    ],
)
def test_header_is_told_where_a_message_has_to_fill_it(part: object, header: str) -> None:
    [found], _ = templates({"json": {"data": [listed(components=[part])]}})
    assert found.header == header


@pytest.mark.parametrize(
    ("status", "approval"),
    [
        ("APPROVED", "approved"),
        ("approved", "approved"),
        ("PENDING", "pending"),
        ("IN_APPEAL", "pending"),
        ("REJECTED", "rejected"),
        ("PAUSED", "paused"),
        ("DISABLED", "disabled"),
        ("PENDING_DELETION", "disabled"),
        ("DELETED", "disabled"),
        ("LIMIT_EXCEEDED", "disabled"),
        ("ASLEEP", "unknown"),
        (None, "unknown"),
        ({}, "unknown"),
    ],
)
def test_state_of_approval(status: object, approval: str) -> None:
    [found], _ = templates({"json": {"data": [listed(status=status)]}})
    assert found.approval == approval


@pytest.mark.parametrize(("given", "told"), [("SCAM", "SCAM"), ("NONE", ""), (None, "")])
def test_reason_of_a_rejection_is_told(given: object, told: str) -> None:
    [found], _ = templates({"json": {"data": [listed(status="REJECTED", rejected_reason=given)]}})
    assert found.reason == told


def test_what_no_message_could_name_is_left_out() -> None:
    items = [listed(""), listed(language=None), "x", None, listed("good", components="x")]
    found, _ = templates({"json": {"data": items}})
    assert [template.name for template in found] == ["good"]


def test_list_in_kaleyras_wrapping_is_read() -> None:
    found, _ = templates({"json": {"code": "WA200", "data": {"data": [listed()]}, "error": {}}})
    assert len(found) == 1


def page(name: str, after: str, **paging: Any) -> dict[str, Any]:
    return {"json": {"data": [listed(name)], "paging": {"cursors": {"before": "x", "after": after}, **paging}}}


def test_pages_are_asked_for_to_the_last() -> None:
    found, asked = templates(
        page("a", "one two", next="https://graph"), page("b", "three", next="x"), page("c", "four")
    )
    assert [template.name for template in found] == ["a", "b", "c"]
    assert [request.url for request in asked] == [LIST_URL, f"{LIST_URL}?after=one+two", f"{LIST_URL}?after=three"]


def test_list_that_turns_in_a_circle_ends() -> None:
    found, asked = templates(page("a", "one", next="x"), page("b", "one", next="x"))
    assert (len(found), len(asked)) == (2, 2)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (WRONG_KEY, "copy both again"),
        (NOT_OURS, "gives this account no access"),
        ({"status": 404}, "no such service"),
        ({"status": 502, "body": "Bad Gateway"}, "provider failed"),
        ({"json": []}, "cannot be read"),
        ({"json": {"data": {}}}, "cannot be read"),
        ({"body": "<html>"}, "cannot be read"),
        ({"body": requests.ReadTimeout()}, "answer"),
    ],
    ids=["key", "account", "address", "crash", "list", "object", "page", "silence"],
)
def test_list_that_does_not_come_is_an_error_with_a_sentence(answer: dict[str, Any], words: str) -> None:
    with pytest.raises(ProviderError) as refusal:
        templates(answer)
    assert words in refusal.value.sentence


def test_list_cannot_be_asked_for_without_the_accounts_id() -> None:
    with pytest.raises(ProviderError, match="Enter the WhatsApp Business account ID"):
        kaleyra().templates()

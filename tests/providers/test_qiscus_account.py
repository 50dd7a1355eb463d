"""What a Qiscus account can be asked: whether the key is good, and its templates."""

import json
from typing import Any

import pytest
import requests
import responses
from hypothesis import given
from hypothesis import strategies as st
from responses import matchers

from providers import Approval, Client, Health, ListedTemplate, ProviderError
from tests.providers.junk import JSON, any_answer
from tests.providers.samples import ANYWHERE, SECRET, client

BASE = "https://multichannel.qiscus.com"
LIST = f"{BASE}/api/v2/admin/hsm"


def qiscus() -> Client:
    return client("qiscus", base_url=BASE, app_id="app-1", channel_id=534)


def details(**changes: Any) -> dict[str, Any]:
    return {
        "id": 172,
        "language": "id",
        "content": "Halo {{1}},\ntagihan {{2}}, sekali lagi {{1}}",
        "approval_status": 1,
        "rejection_reason": None,
        "header_type": "text",
        "header_content": "",
        "header_default_value": None,
        "footer": "",
        **changes,
    }


def template(*languages: dict[str, Any], **changes: Any) -> dict[str, Any]:
    common = {"id": 191, "name": "invoince_update", "namespace": "6616bb93", "category": "UTILITY"}
    return {**common, "hsm_details": list(languages), **changes}


def page(*templates: Any) -> dict[str, Any]:
    return {"data": {"hsm_templates": list(templates)}, "meta": {"total": len(templates)}}


INVOICE = ListedTemplate(
    name="invoince_update",
    language="id",
    approval=Approval.APPROVED,
    namespace="6616bb93",
    template_id=172,
    category="utility",
    body="Halo {{1}},\ntagihan {{2}}, sekali lagi {{1}}",
    variables=2,
)


@responses.activate
def test_template_is_listed_once_a_language() -> None:
    asked = matchers.query_param_matcher({"page": "1", "limit": "100", "channel_id": "534"})
    keys = matchers.header_matcher({"Qiscus-App-Id": "app-1", "Qiscus-Secret-Key": SECRET})
    english = details(id=173, language="en", content="Hello", approval_status=-1, rejection_reason="Too plain")
    responses.get(LIST, match=[asked, keys], json=page(template(details(), english)))
    assert qiscus().templates() == [
        INVOICE,
        ListedTemplate(
            name="invoince_update",
            language="en",
            approval=Approval.REJECTED,
            namespace="6616bb93",
            template_id=173,
            category="utility",
            body="Hello",
            reason="Too plain",
        ),
    ]


APPROVALS: dict[str, tuple[object, Approval]] = {
    "pending": (0, Approval.PENDING),
    "approved": (1, Approval.APPROVED),
    "rejected": (-1, Approval.REJECTED),
    "as a text": ("1", Approval.APPROVED),
    "in Meta's words": ("PAUSED", Approval.PAUSED),
    "disabled": ("disabled", Approval.DISABLED),
    "another number": (7, Approval.UNKNOWN),
    "nothing": (None, Approval.UNKNOWN),
    "an object": ({}, Approval.UNKNOWN),
}


@pytest.mark.parametrize(("word", "approval"), APPROVALS.values(), ids=APPROVALS)
@responses.activate
def test_approval(word: object, approval: Approval, caplog: pytest.LogCaptureFixture) -> None:
    responses.get(LIST, json=page(template(details(approval_status=word))))
    assert [each.approval for each in qiscus().templates()] == [approval]
    assert ("unknown approval status" in caplog.text) == (approval is Approval.UNKNOWN)


PARTS: dict[str, tuple[dict[str, Any], str, tuple[str, ...]]] = {
    "text that is fixed": ({"header_type": "text", "header_content": "Harvest"}, "", ()),
    "text that varies": ({"header_type": "text", "header_content": "Dear {{1}}"}, "text", ()),
    "image": ({"header_type": "IMAGE"}, "image", ()),
    "document": ({"header_type": "document"}, "document", ()),
    "a place": ({"header_type": "location"}, "", ()),
    "no header": ({"header_type": None}, "", ()),
    "address that varies": ({"buttons": [{"type": "url", "url": "https://x/{{1}}"}]}, "", ("url",)),
    "address that is fixed": ({"buttons": [{"type": "url", "url": "https://x"}, {"type": "quick_reply"}]}, "", ()),
    "buttons that are none": ({"buttons": "x"}, "", ()),
}


@pytest.mark.parametrize(("changes", "header", "buttons"), PARTS.values(), ids=PARTS)
@responses.activate
def test_part_of_a_template(changes: dict[str, Any], header: str, buttons: tuple[str, ...]) -> None:
    responses.get(LIST, json=page(template(details(**changes))))
    [found] = qiscus().templates()
    assert (found.header, found.buttons) == (header, buttons)


def numbered(numbers: range) -> list[dict[str, Any]]:
    return [template(details(id=number), id=number) for number in numbers]


@responses.activate
def test_list_is_read_page_after_page() -> None:
    for number, found in ((1, range(1, 101)), (2, range(101, 103))):
        query = matchers.query_param_matcher({"page": str(number)}, strict_match=False)
        responses.get(LIST, match=[query], json=page(*numbered(found)))
    assert [each.template_id for each in qiscus().templates()] == list(range(1, 103))


@responses.activate
def test_list_that_knows_no_pages_is_read_once() -> None:
    whole = responses.get(LIST, json=page(*numbered(range(1, 151))))
    assert len(qiscus().templates()) == 150
    assert whole.call_count == 2


@responses.activate
def test_list_that_never_ends_is_left() -> None:
    pages = iter(range(1_000))
    endless = responses.add_callback(
        responses.GET,
        LIST,
        callback=lambda _: (200, {}, json.dumps(page(*numbered(range((first := next(pages) * 100), first + 100))))),
    )
    assert len(qiscus().templates()) == 2_000
    assert endless.call_count == 20


@responses.activate
def test_template_without_languages_is_asked_for_by_itself() -> None:
    responses.get(LIST, json=page({"id": 191, "name": "invoince_update"}))
    responses.get(f"{LIST}/show/191", json={"data": {"hsm_template": template(details())}})
    assert qiscus().templates() == [INVOICE]


@pytest.mark.parametrize("answer", [{"status": 401}, {"json": {"status": 403}}, {"json": {}}, {"body": "<html>"}])
@responses.activate
def test_list_that_is_none_is_an_error(answer: dict[str, Any]) -> None:
    responses.get(LIST, **answer)
    with pytest.raises(ProviderError):
        qiscus().templates()


REFUSED = "Qiscus refuses the app ID or secret key; copy both from its Settings, App Information."
HEALTH: dict[str, tuple[dict[str, Any], Health]] = {
    "good key": (
        {"json": page()},
        Health(True, "Qiscus takes the app ID and secret key. Only a message shows whether the channel ID is right."),
    ),
    "wrong key": ({"status": 401, "json": {"errors": {"message": "no"}}}, Health(False, REFUSED)),
    "no right": ({"status": 403}, Health(False, REFUSED)),
    "wrong key under a yes": ({"json": {"status": 401}}, Health(False, REFUSED)),
    "wrong address": (
        {"status": 404},
        Health(False, "There is no such service at the channel's address; check the base URL."),
    ),
    "somebody else": (
        {"body": "<html>It works!</html>"},
        Health(False, "Somebody answers at multichannel.qiscus.com, but not as Qiscus does; check the base URL."),
    ),
    "busy": ({"status": 429}, Health(False, "The provider asks to send more slowly.")),
    "no answer": (
        {"body": requests.ReadTimeout()},
        Health(False, "Qiscus takes connections at multichannel.qiscus.com, but does not answer."),
    ),
}


@pytest.mark.parametrize(("answer", "health"), HEALTH.values(), ids=HEALTH)
@responses.activate
def test_health(answer: dict[str, Any], health: Health) -> None:
    query = matchers.query_param_matcher({"page": "1", "limit": "1"})
    keys = matchers.header_matcher({"Qiscus-App-Id": "app-1", "Qiscus-Secret-Key": SECRET})
    responses.get(LIST, match=[query, keys], **answer)
    assert qiscus().check() == health


WORDS = [
    "data",
    "hsm_templates",
    "hsm_details",
    "id",
    "language",
    "content",
    "approval_status",
    "buttons",
    "url",
    "status",
]
ANSWERS = st.recursive(
    JSON, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4)
)


@any_answer
@given(value=ANSWERS)
def test_no_answer_makes_the_list_raise_but_its_own_errors(value: Any) -> None:
    asked = qiscus()
    with responses.RequestsMock() as server:
        server.add("GET", ANYWHERE, body=json.dumps(value))
        health = asked.check()
        try:
            found = asked.templates()
        except ProviderError:
            found = []
    assert health.sentence.endswith(".")
    assert all(each.approval in Approval for each in found)

"""RapidPro asked what became of messages: few broadcasts one by one, many by its folders, groups by their broadcast."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
import responses
from responses import matchers

from providers import DeliveryStatus, ProviderError, ReceiptEvent, Throttled
from tests.providers.rapidpro_samples import CONTACT, GROUP, HOST, MEDIA, rapidpro
from tests.providers.samples import SECRET, SINCE, poll

MESSAGES = f"{HOST}/api/v2/messages.json"
BROADCASTS = f"{HOST}/api/v2/broadcasts.json"
AFTER = "2026-04-30T23:50:00.000Z"  # ten minutes before SINCE
MANY = [str(number) for number in range(1234, 1244)]


def page(*items: Any, following: str | None = None) -> dict[str, Any]:
    return {"next": following, "previous": None, "results": list(items)}


def outgoing(status: object, **fields: Any) -> dict[str, Any]:
    return {"id": 1, "urn": "tel:+250788123123", "direction": "out", "status": status, **fields}


def asked(url: str, *items: Any, following: str | None = None, **query: str) -> responses.BaseResponse:
    """An answer to this query, and to no other."""
    match = [matchers.query_param_matcher(query)]
    added: responses.BaseResponse = responses.get(url, json=page(*items, following=following), match=match)
    return added


def folder(name: str, *items: Any, cursor: str = "", following: str = "") -> responses.BaseResponse:
    """An answer to the folder's first page or, with a cursor, to a later one."""
    after = f"https://elsewhere.example.com/?cursor={following}" if following else None
    return asked(MESSAGES, *items, following=after, folder=name, after=AFTER, **({"cursor": cursor} if cursor else {}))


def heard(references: Sequence[str], cursor: str = "") -> list[tuple[list[ReceiptEvent], str]]:
    """What each answer brought, and the cursor after it."""
    return list(rapidpro().poll(references, since=SINCE, cursor=cursor))


def told(events: Sequence[ReceiptEvent]) -> list[tuple[str, str, str]]:
    return [(event.provider_id, event.address, str(event.status)) for event in events]


WORDS = {
    "initializing": DeliveryStatus.QUEUED,
    "queued": DeliveryStatus.QUEUED,
    "wired": DeliveryStatus.SENT,
    "sent": DeliveryStatus.SENT,
    "errored": DeliveryStatus.SENT,
    "resent": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.READ,
    "failed": DeliveryStatus.FAILED,
    "teleported": DeliveryStatus.UNKNOWN,
    None: DeliveryStatus.UNKNOWN,
}


@pytest.mark.parametrize(("word", "status"), WORDS.items(), ids=str)
@responses.activate
def test_status_of_a_message(word: str | None, status: DeliveryStatus) -> None:
    asked(MESSAGES, outgoing(word, modified_on="2013-03-02T17:29:12.123456Z"), broadcast="1234")
    [event], _ = poll(rapidpro(), ["1234"])
    at = datetime(2013, 3, 2, 17, 29, 12, 123456, UTC)
    assert event == ReceiptEvent(status, "1234", address="+250788123123", code=word or "", at=at)


@responses.activate
def test_every_page_is_read_with_the_token_and_on_its_own_host() -> None:
    elsewhere = "https://evil.example.com/api/v2/messages.json?broadcast=1234&cursor=cD0x"
    asked(MESSAGES, outgoing("sent"), following=elsewhere, broadcast="1234")
    asked(MESSAGES, outgoing("read"), broadcast="1234", cursor="cD0x")
    answers = heard(["1234"], "kept")
    assert [([event.status for event in events], cursor) for events, cursor in answers] == [
        ([DeliveryStatus.SENT], "kept"),
        ([DeliveryStatus.READ], "kept"),
    ]
    assert {call.request.headers["Authorization"] for call in responses.calls} == {f"Token {SECRET}"}


@responses.activate
def test_pages_that_never_end_are_not_read_for_ever() -> None:
    endless = responses.get(MESSAGES, json=page(outgoing("sent"), following=f"{MESSAGES}?cursor=again"))
    poll(rapidpro(), ["1234"])
    assert endless.call_count == 20


@responses.activate
def test_replies_are_left_out_and_other_addresses_kept() -> None:
    reply = {"urn": "tel:+250788123123", "direction": "in", "status": "handled"}
    responses.get(MESSAGES, json=page(reply, outgoing("sent", urn="ext:C-17"), outgoing("sent", urn="facebook:123")))
    events, _ = poll(rapidpro(), ["1234"])
    assert [event.address for event in events] == ["C-17", "facebook:123"]


@pytest.mark.parametrize("following", ["http://[", 5, "https://example.org/", ""])
@responses.activate
def test_a_next_page_that_is_none_is_the_end(following: Any) -> None:
    responses.get(MESSAGES, json=page(outgoing("sent"), following=following))
    assert len(poll(rapidpro(), ["1234"])[0]) == 1


@responses.activate
def test_a_refusal_is_told_without_the_token() -> None:
    responses.get(MESSAGES, status=403, json={"detail": f"Invalid token {SECRET}"})
    with pytest.raises(ProviderError) as refusal:
        poll(rapidpro(), ["1234"])
    assert refusal.value.sentence.startswith("RapidPro refuses the API token")
    assert SECRET not in refusal.value.sentence


@pytest.mark.parametrize("body", ["<html>", "", '{"results": [{"id": 1, "ur'])
@responses.activate
def test_a_page_that_is_no_data_is_an_error(body: str) -> None:
    responses.get(MESSAGES, body=body)
    with pytest.raises(ProviderError, match="something else than its data"):
        poll(rapidpro(), ["1234"])


@responses.activate
def test_a_list_of_the_longest_messages_is_read_whole() -> None:
    items = [outgoing("sent", text="\u0623" * 4096) for _ in range(250)]
    responses.get(MESSAGES, json=page(*items))
    assert len(poll(rapidpro(), ["1234"])[0]) == 250


# What a broadcast without any message says by its own status.
SILENT = {"queued": [], "started": [], "completed": [], "sent": [], "failed": ["failed"], "interrupted": ["failed"]}


@pytest.mark.parametrize(("word", "statuses"), SILENT.items(), ids=str)
@responses.activate
def test_a_broadcast_that_made_no_message_may_have_failed(word: str, statuses: list[str]) -> None:
    asked(MESSAGES, broadcast="1234")
    asked(
        BROADCASTS, {"id": 1234, "urns": ["tel:+250788123123"], "groups": [{"uuid": GROUP}], "status": word}, id="1234"
    )
    events, _ = poll(rapidpro(), ["1234"])
    assert told(events) == [("1234", "+250788123123", status) for status in statuses]


@responses.activate
def test_a_broadcast_without_a_number_is_asked_for_by_its_own_status() -> None:
    asked(BROADCASTS, {"uuid": MEDIA, "urns": ["ext:C-17"], "status": "completed"}, uuid=MEDIA)
    assert told(poll(rapidpro(), [MEDIA])[0]) == [(MEDIA, "C-17", "sent")]


GROUPS = {
    "pending": ("queued", ""),
    "queued": ("queued", ""),
    "started": ("queued", ""),
    "completed": ("sent", ""),
    "sent": ("sent", ""),
    "failed": ("failed", "RapidPro could not send this broadcast."),
    "interrupted": ("failed", "RapidPro stopped this broadcast before everybody had it."),
    "teleported": ("unknown", ""),
}


@pytest.mark.parametrize(("word", "status", "reason"), [(word, *news) for word, news in GROUPS.items()])
@responses.activate
def test_status_of_a_broadcast_is_that_of_its_group(word: str, status: str, reason: str) -> None:
    shown = {"id": 1234, "urns": ["ext:C-17"], "groups": [{"uuid": GROUP, "name": "Reporters"}], "status": word}
    asked(BROADCASTS, shown, id="1234")
    events, cursor = poll(rapidpro(), ["group:1234"], "kept")
    wanted = ReceiptEvent(DeliveryStatus(status), "group:1234", address=f"group:{GROUP}", code=word, reason=reason)
    assert (events, cursor) == ([wanted], "kept")


@responses.activate
def test_a_filter_that_is_ignored_brings_no_other_broadcast() -> None:
    asked(BROADCASTS, {"id": 99, "groups": [{"uuid": GROUP}], "status": "completed"}, id="1234")
    assert poll(rapidpro(), ["group:1234"]) == ([], "")


@responses.activate
def test_a_contact_is_found_by_its_uuid_whatever_the_urn() -> None:
    item = outgoing("delivered", contact={"uuid": CONTACT, "name": "Ann"})
    asked(MESSAGES, item, broadcast="1234")
    assert told(poll(rapidpro(), ["contact:1234"])[0]) == [("contact:1234", f"contact:{CONTACT}", "delivered")]


@responses.activate
def test_many_are_found_in_the_folders_with_few_calls() -> None:
    folder("failed", outgoing("failed", broadcast=1234))
    folder("sent", outgoing("delivered", broadcast=1235), outgoing("read", broadcast=99), following="cD0x")
    folder("sent", outgoing("wired", broadcast=1236, urn="ext:C-17"), outgoing("sent", broadcast=None), cursor="cD0x")
    folder("outbox", outgoing("errored", broadcast=1237))
    assert [(told(events), cursor) for events, cursor in heard(MANY)] == [
        ([("1234", "+250788123123", "failed")], "sent"),
        ([("1235", "+250788123123", "delivered")], "sent cD0x"),
        ([("1236", "C-17", "sent")], "outbox"),
        ([("1237", "+250788123123", "sent")], ""),
    ]


@responses.activate
def test_four_are_still_asked_for_one_by_one() -> None:
    for number in MANY[:4]:
        asked(MESSAGES, outgoing("sent"), broadcast=number)
    assert len(poll(rapidpro(), MANY[:4])[0]) == 4


@responses.activate
def test_contacts_among_many_are_found_by_their_uuid() -> None:
    item = outgoing("delivered", broadcast=1234, contact={"uuid": CONTACT, "name": "Ann"})
    folder("outbox", item)
    [(events, _)] = heard([*MANY, "contact:1234"], "outbox")
    assert told(events) == [
        ("1234", "+250788123123", "delivered"),
        ("contact:1234", f"contact:{CONTACT}", "delivered"),
    ]


@responses.activate
def test_groups_among_many_are_asked_for_by_themselves() -> None:
    asked(BROADCASTS, {"id": 7, "groups": [{"uuid": GROUP}], "status": "completed"}, id="7")
    folder("outbox")
    answers = heard([*MANY, "group:7"], "outbox")
    assert [told(events) for events, _ in answers] == [[("group:7", f"group:{GROUP}", "sent")], []]


@responses.activate
def test_groups_are_asked_for_a_few_at_a_time_since_sending_shares_their_rate() -> None:
    shared = responses.get(BROADCASTS, json=page())
    poll(rapidpro(), [f"group:{number}" for number in MANY])
    assert shared.call_count == 5


@responses.activate
def test_the_next_call_goes_on_where_the_last_one_stopped() -> None:
    responses.get(MESSAGES, json=page(outgoing("sent", broadcast=1), following=f"{MESSAGES}?cursor=cD0x"))
    *_, (_, cursor) = heard(MANY, "sent cD0w")
    assert (cursor, len(responses.calls)) == ("sent cD0x", 10)
    places = [str(call.request.url).partition("cursor=")[2] for call in responses.calls]
    assert places == ["cD0w", *["cD0x"] * 9]


@pytest.mark.parametrize("cursor", ["", "junk", "inbox cD0x", "1234"])
@responses.activate
def test_a_cursor_that_says_nothing_begins_anew(cursor: str) -> None:
    for name in ("failed", "sent", "outbox"):
        folder(name)
    assert [at for _, at in heard(MANY, cursor)] == ["sent", "outbox", ""]


@responses.activate
def test_a_place_that_is_refused_is_not_asked_for_again() -> None:
    responses.get(MESSAGES, status=404, json={"detail": "Invalid cursor"})
    answers = rapidpro().poll(MANY, since=SINCE, cursor="sent cD0x")
    assert next(answers) == ([], "sent")
    with pytest.raises(ProviderError):
        next(answers)


@responses.activate
def test_a_place_is_kept_while_the_account_is_throttled() -> None:
    responses.get(MESSAGES, status=429, headers={"Retry-After": "60"})
    with pytest.raises(Throttled):
        next(rapidpro().poll(MANY, since=SINCE, cursor="sent cD0x"))


@responses.activate
def test_a_place_too_long_to_be_one_ends_the_folder() -> None:
    folder("sent", outgoing("sent", broadcast=1234), following="c" * 401)
    folder("outbox")
    assert [cursor for _, cursor in heard(MANY, "sent")] == ["outbox", ""]


@responses.activate
def test_an_installation_that_does_not_name_the_broadcast_is_asked_for_each() -> None:
    folder("failed", outgoing("failed"))
    for number in MANY:
        asked(MESSAGES, outgoing("sent"), broadcast=number)
    events, cursor = poll(rapidpro(), MANY)
    assert ([event.provider_id for event in events], cursor) == (MANY, "")

"""Messages, as RapidPro lists them: fields, words, filters and pages."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from broadcaster.api import pagination
from broadcaster.api.records import cursor
from broadcaster.models import Broadcast, Channel, Contact, ListedTemplate, Message
from tests.api.calling import Program
from tests.files import stored
from tests.sending.broadcasts import prepared, rows

FIELDS = [
    "id", "uuid", "broadcast", "contact", "urn", "channel", "direction", "type", "status", "archived", "visibility",
    "text", "labels", "flow", "attachments", "quick_replies", "created_on", "sent_on", "modified_on", "media", "state",
]  # fmt: skip


def texts(**translations: Any) -> dict[str, Any]:
    content = {code: fields if isinstance(fields, dict) else {"text": fields} for code, fields in translations.items()}
    return {"kind": "text", "base_language": next(iter(content)), "translations": content}


def sent(recipients: int = 2, content: dict[str, Any] | None = None) -> Broadcast:
    """A broadcast whose recipients have their rows, with this content."""
    broadcast = prepared(recipients)
    Broadcast.objects.filter(pk=broadcast.pk).update(content=content or texts(eng="Hello"))
    broadcast.refresh_from_db()
    return broadcast


def ids(told: Any) -> list[int]:
    return [each["id"] for each in told["results"]]


def test_a_message_is_told_as_rapidpro_does(program: Program) -> None:
    broadcast = sent(1)
    [row] = rows(broadcast)
    (told,) = program.get("messages.json")["results"]
    assert list(told) == FIELDS
    assert row.contact
    assert told["contact"] == {"uuid": str(row.contact.uuid), "name": row.contact.name}
    assert told["channel"] == {"uuid": str(broadcast.sender.uuid), "name": broadcast.sender.name}
    created = broadcast.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert {name: told[name] for name in FIELDS if name not in ("contact", "channel", "uuid")} == {
        "id": row.pk, "broadcast": broadcast.pk, "urn": f"tel:{row.address}", "direction": "out", "type": "text",
        "status": "queued", "archived": False, "visibility": "visible", "text": "Hello", "labels": [], "flow": None,
        "attachments": [], "quick_replies": [], "created_on": created, "sent_on": None, "modified_on": created,
        "media": None, "state": "pending",
    }  # fmt: skip


def test_each_gets_the_text_in_their_language_with_their_values(program: Program) -> None:
    broadcast = sent(3, texts(eng="Hi @contact.name, @@home", ind="Halo @contact.name"))
    first, second, third = rows(broadcast)
    Message.objects.filter(pk=first.pk).update(language="ind", variables={"contact.name": "Ana"})
    Message.objects.filter(pk=second.pk).update(language="fra", variables={"contact.name": "Bob"})
    Message.objects.filter(pk=third.pk).update(variables={})
    told = {each["id"]: each["text"] for each in program.get(f"messages?broadcast={broadcast.pk}")["results"]}
    assert told == {first.pk: "Halo Ana", second.pk: "Hi Bob, @home", third.pk: "Hi , @home"}


def test_files_and_answers_to_tap_are_told(program: Program) -> None:
    file = stored()
    lines = [f"media:{file.uuid}", "image/png:https://example.com/a.png"]
    sent(1, texts(eng={"text": "Look", "attachments": lines, "quick_replies": ["Yes", "No"]}))
    (told,) = program.get("messages")["results"]
    ours, other = told["attachments"]
    assert (ours["content_type"], other) == (
        file.content_type, {"content_type": "image/png", "url": "https://example.com/a.png"},
    )  # fmt: skip
    assert ours["url"].startswith("http://testserver/api/v2/")
    assert (told["media"], told["quick_replies"]) == (
        f"{file.content_type}:{ours['url']}", [{"text": "Yes"}, {"text": "No"}],
    )  # fmt: skip


CONTENTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "a listed template": (
        {"kind": "template", "base_language": "eng",
         "translations": {"eng": {"name": "june", "language": "en", "variables": ["@contact.name"]}}},
        "text", "Dear Ana, welcome",
    ),
    "another template": (
        {"kind": "template", "base_language": "eng", "translations": {"eng": {"name": "july", "language": "en"}}},
        "text", "",
    ),
    "a call": (
        {"kind": "voice", "base_language": "eng", "translations": {"eng": {"flow_id": "184"}}}, "voice", "",
    ),
    "a form": (
        {"kind": "flow", "base_language": "eng",
         "translations": {"eng": {"body": "Fill it in, @contact.name", "cta": "Open", "flow_id": "1"}}},
        "text", "Fill it in, Ana",
    ),
    "an unknown kind": ({"kind": "fax", "base_language": "eng", "translations": {"eng": {}}}, "text", ""),
    "no base language": ({"kind": "text", "translations": {"eng": {"text": "Hello"}}}, "text", ""),
    "nothing": ({}, "text", ""),
}  # fmt: skip


@pytest.mark.parametrize(("content", "kind", "text"), CONTENTS.values(), ids=CONTENTS)
def test_what_no_text_is_says_what_is_known_of_it(
    program: Program, content: dict[str, Any], kind: str, text: str
) -> None:
    broadcast = sent(1)
    Broadcast.objects.update(content=content)
    Message.objects.update(variables={"contact.name": "Ana"})
    channel = broadcast.sender
    ListedTemplate.objects.create(
        channel=channel, name="june", language="en", body="Dear {{1}}, welcome", approval="approved"
    )
    (told,) = program.get("messages")["results"]
    assert (told["type"], told["text"]) == (kind, text)


@pytest.mark.parametrize(
    ("state", "attempts", "status"),
    [
        ("pending", 0, "queued"), ("pending", 1, "errored"), ("accepted", 1, "wired"), ("sent", 1, "sent"),
        ("delivered", 1, "delivered"), ("read", 1, "read"), ("failed", 1, "failed"), ("expired", 0, "failed"),
        ("skipped", 0, "failed"), ("unknown", 1, "errored"),
    ],
)  # fmt: skip
def test_a_state_has_rapidpros_word(program: Program, state: str, attempts: int, status: str) -> None:
    sent(1)
    Message.objects.update(state=state, attempts=attempts)
    (told,) = program.get("messages")["results"]
    assert (told["state"], told["status"]) == (state, status)


def test_times_are_those_of_the_record(program: Program) -> None:
    sent(1)
    taken = timezone.now().replace(microsecond=1000)
    Message.objects.update(accepted_at=taken, changed_at=taken + timedelta(seconds=1))
    (told,) = program.get("messages")["results"]
    wanted = [at.strftime("%Y-%m-%dT%H:%M:%S.%fZ") for at in (taken, taken + timedelta(seconds=1))]
    assert [told["sent_on"], told["modified_on"]] == wanted


def test_of_who_was_erased_nothing_is_told_but_what_became_of_it(program: Program) -> None:
    sent(1, texts(eng="Hi @contact.name"))
    Contact.objects.all().delete()
    Message.objects.update(address="erased", variables={})
    (told,) = program.get("messages")["results"]
    assert (told["contact"], told["urn"], told["text"], told["status"]) == (None, None, "Hi ", "queued")


# -- filters -----------------------------------------------------------------------------------------------------------


def test_of_one_broadcast_by_its_id_or_its_uuid(program: Program) -> None:
    broadcast, _ = sent(2), sent(1)
    wanted = {row.pk for row in rows(broadcast)}
    for given in (broadcast.pk, broadcast.uuid, str(broadcast.uuid).upper()):
        assert set(ids(program.get(f"messages.json?broadcast={given}"))) == wanted
    assert len(ids(program.get("messages.json?broadcast="))) == 3


def test_by_id_and_by_the_uuid_that_it_is_told_with(program: Program) -> None:
    sent(3)
    first, *_, last = program.get("messages")["results"]
    assert ids(program.get(f"messages?id={first['id']}")) == [first["id"]]
    assert ids(program.get(f"messages?uuid={last['uuid']}")) == [last["id"]]
    assert len({each["uuid"] for each in program.get("messages")["results"]}) == 3
    stranger = f"{last['uuid'][:3]}{'0' if last['uuid'][3] != '0' else '1'}{last['uuid'][4:]}"
    assert ids(program.get(f"messages?uuid={stranger}")) == []


def test_of_one_contact(program: Program) -> None:
    sent(2), sent(2)
    contact = Contact.objects.order_by("pk")[0]
    found = program.get(f"messages?contact={contact.uuid}")["results"]
    assert [each["contact"]["uuid"] for each in found] == [str(contact.uuid)] * 2
    assert [each["broadcast"] for each in found] == sorted(Broadcast.objects.values_list("pk", flat=True))[::-1]


@pytest.mark.parametrize(
    ("folder", "states"),
    [
        ("outbox", {"pending", "unknown"}), ("sent", {"accepted", "sent", "delivered", "read"}),
        ("SENT", {"accepted", "sent", "delivered", "read"}), ("failed", {"failed", "expired", "skipped"}),
        ("inbox", set()), ("flows", set()), ("archived", set()), ("x", set()),
        ("", {state.value for state in Message.State}),
    ],
)  # fmt: skip
def test_a_folder_holds_its_states(program: Program, folder: str, states: set[str]) -> None:
    for row, state in zip(rows(sent(len(Message.State))), Message.State, strict=True):
        Message.objects.filter(pk=row.pk).update(state=state)
    assert {each["state"] for each in program.get(f"messages?folder={folder}")["results"]} == states


def at(minutes: int) -> str:
    return f"2026-06-01T12:{minutes:02}:00Z"


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        (f"before={at(1)}", [1, 0]), (f"after={at(1)}", [3, 2, 1]), (f"after={at(1)}&before={at(2)}", [2, 1]),
        (f"before={at(9)}", [3, 2, 1, 0]), (f"after={at(9)}", []), (f"before={at(0)[:-1]}", [0]),
        ("before=2020-01-01", []), ("before=yesterday", []), ("after=x", []), ("after=9999-99-99", []),
        (f"after={at(1)[:-1]}%2B00:00&before={at(2)[:-1]}.000001Z", [2, 1]),
    ],
)  # fmt: skip
def test_between_two_times_both_included(program: Program, query: str, wanted: list[int]) -> None:
    """Also where keys were given in another order than the times, as at the same moment they may be."""
    made = [sent(1) for _ in range(4)]
    for number, broadcast in enumerate([made[1], made[0], made[2], made[3]]):
        Broadcast.objects.filter(pk=broadcast.pk).update(created_at=at(number))
    number_of = {made[1].pk: 0, made[0].pk: 1, made[2].pk: 2, made[3].pk: 3}
    told = [number_of[each["broadcast"]] for each in program.get(f"messages?{query}")["results"]]
    assert sorted(told, reverse=True) == wanted


def test_there_are_no_labels(program: Program) -> None:
    sent(1)
    assert ids(program.get("messages?label=Spam")) == []


NONE = "00000000-0000-4000-8000-000000000000"
EXCLUSIVE = "You may only specify one of the contact, folder, label, broadcast parameters"
REFUSED = [
    ("id=x", 400, "Value for id must be an integer"),
    ("id=1%00", 400, "Param 'id': NUL is no character."),
    ("uuid=x", 400, "Param 'uuid': x is not a valid UUID."),
    ("contact=x", 400, "Param 'contact': x is not a valid UUID."),
    ("broadcast=x", 400, "Param 'broadcast': x is neither an id nor a UUID."),
    ("broadcast=%00", 400, "Param 'broadcast': NUL is no character."),
    ("folder=%00", 400, "Param 'folder': NUL is no character."),
    (f"contact={NONE}&folder=sent", 400, EXCLUSIVE),
    ("broadcast=1&folder=sent", 400, EXCLUSIVE),
    ("cursor=x", 404, "Invalid cursor"),
    ("cursor=cD0y", 404, "Invalid cursor"),
    ("cursor=Yj0xJmk9LTE=", 404, "Invalid cursor"),  # b=1&i=-1
    ("cursor=Yj0xJmk9OTk5OTk5OTk5OTk5OTk5OTk5OTk5OQ==", 404, "Invalid cursor"),
    ("cursor=Yj0xJmM9eCZpPTE=", 404, "Invalid cursor"),  # b=1&c=x&i=1
    ("cursor=%ED%A0%80", 404, "Invalid cursor"),
]
EMPTY = [
    "id=99999999999999999999999", "id=-5", f"uuid={NONE}", f"contact={NONE}", f"broadcast={NONE}", "broadcast=0",
    "broadcast=999999999999999999999999", "broadcast=-1", "uuid=ffffffff-ffff-ffff-ffff-ffffffffffff",
    "folder=%ED%A0%80", "label=%ED%A0%80", "folder=x&cursor=Yj0xJmk9MQ==",
]  # fmt: skip


@pytest.mark.parametrize(("query", "status", "detail"), REFUSED)
def test_a_bad_parameter_is_refused_in_words(program: Program, query: str, status: int, detail: str) -> None:
    sent(1)
    assert program.told("GET", f"messages.json?{query}") == (status, {"detail": detail})


@pytest.mark.parametrize("query", EMPTY)
def test_what_is_not_there_is_an_empty_list(program: Program, query: str) -> None:
    sent(1)
    assert program.told("GET", f"messages.json?{query}") == (200, {"next": None, "previous": None, "results": []})


# -- pages -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (pagination, cursor):
        monkeypatch.setattr(module, "PAGE_ROWS", 3)


@pytest.mark.usefixtures("small_pages")
def test_links_lead_through_all_of_it_and_back(program: Program) -> None:
    made = [sent(4), sent(4)]
    Contact.objects.filter(pk__in=[Contact.objects.order_by("-pk")[0].pk]).delete()
    pages = [program.get("messages.json?folder=outbox")]
    while pages[-1]["next"]:
        assert pages[-1]["next"].startswith("http://testserver/api/v2/messages.json?")
        assert "folder=outbox" in pages[-1]["next"]
        pages.append(program.get(pages[-1]["next"]))
    assert [len(page["results"]) for page in pages] == [3, 3, 2]
    assert [each["broadcast"] for page in pages for each in page["results"]] == [made[1].pk] * 4 + [made[0].pk] * 4
    assert len({each["id"] for page in pages for each in page["results"]}) == 8
    second, first = program.get(pages[2]["previous"]), program.get(pages[1]["previous"])
    assert (ids(second), ids(first)) == (ids(pages[1]), ids(pages[0]))
    assert (second["next"], first["previous"]) == (pages[1]["next"], None)


@pytest.mark.parametrize("query", ["", "?folder=sent"])
def test_a_longer_list_takes_no_more_questions(program: Program, query: str) -> None:
    counts = []
    for number in (1, 9):
        for _ in range(number):
            sent(2, texts(eng={"text": "Hi @contact.name", "attachments": [f"media:{stored().uuid}"]}))
        Message.objects.update(state="sent")
        program.get(f"messages{query}")
        with CaptureQueriesContext(connection) as asked:
            assert program.get(f"messages{query}")["results"]
        counts.append(len(asked))
    assert counts[0] == counts[1]


# -- who may -----------------------------------------------------------------------------------------------------------


def test_a_read_token_may_and_a_post_is_405(channel: Channel) -> None:
    program = Program(scope="read")
    assert program.told("GET", "messages")[0] == 200
    assert program.told("POST", "messages", {}) == (405, {"detail": 'Method "POST" not allowed.'})

"""Whom a broadcast goes to: in pages, by state, and as one CSV file that no spreadsheet program runs."""

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from broadcaster.api import pagination
from broadcaster.api.records import cursor, recipients
from broadcaster.models import Broadcast, Channel, Contact, Message
from tests.api.calling import Program
from tests.sending.broadcasts import prepared, rows

FIELDS = [
    "contact", "urn", "name", "language", "state", "attempts", "provider_id", "error_code", "error_text",
    "accepted_on", "delivered_on", "read_on", "changed_on",
]  # fmt: skip
CSV = {"Accept": "text/csv"}


def place(broadcast: Broadcast, query: str = "") -> str:
    return f"broadcasts/{broadcast.uuid}/recipients{query}"


def states(broadcast: Broadcast, *names: str) -> None:
    """Give the recipients these states, in their order."""
    for row, name in zip(rows(broadcast), names, strict=True):
        Message.objects.filter(pk=row.pk).update(state=name)


def file(program: Program, path: str) -> list[list[str]]:
    program.call("GET", path, **CSV)
    assert (program.status, program.last.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    text = b"".join(program.last.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_a_recipient_is_told_with_all_that_became_of_them(program: Program) -> None:
    broadcast = prepared(1)
    now = timezone.now()
    Message.objects.update(
        state="read", attempts=2, provider_id="wamid.1", error_code="E1", error_text="Busy at first.", language="ind",
        accepted_at=now, delivered_at=now, read_at=now, changed_at=now,
    )  # fmt: skip
    (told,) = program.get(place(broadcast, ".json"))["results"]
    [row] = rows(broadcast)
    assert row.contact
    assert list(told) == FIELDS
    at = now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert told == {
        "contact": str(row.contact.uuid), "urn": f"tel:{row.address}", "name": row.contact.name, "language": "ind",
        "state": "read", "attempts": 2, "provider_id": "wamid.1", "error_code": "E1", "error_text": "Busy at first.",
        "accepted_on": at, "delivered_on": at, "read_on": at, "changed_on": at,
    }  # fmt: skip


def test_who_was_erased_is_listed_without_what_was_known_of_them(program: Program) -> None:
    broadcast = prepared(2)
    Contact.objects.order_by("pk")[0].delete()
    Message.objects.filter(contact=None).update(address="erased", variables={})
    gone, other = program.get(place(broadcast))["results"]
    assert [gone["contact"], gone["urn"], gone["name"], gone["state"]] == [None, None, "", "pending"]
    assert other["contact"]


def test_an_identifier_is_told_as_one(program: Program) -> None:
    broadcast = prepared(1)
    Message.objects.update(address="C-1042")
    assert program.get(place(broadcast))["results"][0]["urn"] == "ext:C-1042"


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", ["failed", "pending", "read", "unknown"]), ("?state=failed", ["failed"]),
        ("?state=failed&state=read", ["failed", "read"]), ("?state=failed,read,", ["failed", "read"]),
        ("?state=expired", []), ("?state=", ["failed", "pending", "read", "unknown"]),
        ("?state=read,read", ["read"]),
    ],
)  # fmt: skip
def test_only_those_in_some_states(program: Program, query: str, wanted: list[str]) -> None:
    broadcast, other = prepared(4), prepared(1)
    states(broadcast, "pending", "failed", "read", "unknown")
    states(other, "failed")
    assert sorted(each["state"] for each in program.get(place(broadcast, query))["results"]) == wanted
    found = [line[FIELDS.index("state")] for line in file(program, place(broadcast, query))[1:]]
    assert sorted(found) == wanted


ALL = "pending, accepted, sent, delivered, read, failed, expired, skipped, unknown"


@pytest.mark.parametrize("accept", ["application/json", "text/csv", "text/html", "*/*"])
@pytest.mark.parametrize(
    ("query", "status", "detail"),
    [
        ("?state=x", 400, f"Param 'state': x is no state. Use any of {ALL}."),
        ("?state=read&state=%00", 400, f"Param 'state': \0 is no state. Use any of {ALL}."),
        ("?state=%ED%A0%80", 400, f"Param 'state': \ufffd\ufffd\ufffd is no state. Use any of {ALL}."),
    ],
)
def test_a_state_that_there_is_not_is_refused_in_json(
    program: Program, query: str, status: int, detail: str, accept: str
) -> None:
    broadcast = prepared(1)
    assert program.told("GET", place(broadcast, query), Accept=accept) == (status, {"detail": detail})


def test_a_bad_cursor_is_404(program: Program) -> None:
    assert program.told("GET", place(prepared(1), "?cursor=x")) == (404, {"detail": "Invalid cursor"})


NONE = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("tail", ["", "/recipients", "/report"])
@pytest.mark.parametrize("uuid", [NONE, "-" * 36, "f" * 36])
@pytest.mark.parametrize("accept", ["application/json", "text/csv"])
def test_what_is_not_there_is_404(program: Program, tail: str, uuid: str, accept: str) -> None:
    assert program.told("GET", f"broadcasts/{uuid}{tail}", Accept=accept) == (404, {"detail": "Not found."})


@pytest.mark.parametrize("tail", ["", "/recipients", "/report"])
def test_a_draft_is_nobodys_business(program: Program, tail: str) -> None:
    broadcast = Broadcast.objects.create(name="Mine")
    assert program.told("GET", f"broadcasts/{broadcast.uuid}{tail}") == (404, {"detail": "Not found."})


def test_links_lead_through_all_of_it(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (pagination, cursor):
        monkeypatch.setattr(module, "PAGE_ROWS", 3)
    broadcast, _ = prepared(7), prepared(7)
    pages = [program.get(place(broadcast, "?state=pending"))]
    while pages[-1]["next"]:
        pages.append(program.get(pages[-1]["next"]))
    assert [len(page["results"]) for page in pages] == [3, 3, 1]
    assert len({each["contact"] for page in pages for each in page["results"]}) == 7
    assert program.get(pages[1]["previous"])["results"] == pages[0]["results"]


@pytest.mark.parametrize("accept", ["application/json", "text/csv"])
def test_more_recipients_take_no_more_questions(program: Program, accept: str) -> None:
    counts = []
    for number in (1, 9):
        broadcast = prepared(number)
        program.call("GET", place(broadcast), Accept=accept)
        with CaptureQueriesContext(connection) as asked:
            program.call("GET", place(broadcast), Accept=accept)
            b"".join(getattr(program.last, "streaming_content", []))
        counts.append(len(asked))
    assert counts[0] == counts[1]


# -- the file ----------------------------------------------------------------------------------------------------------


def test_the_file_has_every_recipient_whatever_fits_into_memory(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients, "CHUNK", 2)
    broadcast = prepared(5)
    heading, *lines = file(program, place(broadcast))
    assert heading == FIELDS
    assert program.last.headers["Content-Disposition"] == f'attachment; filename="recipients-{broadcast.uuid}.csv"'
    told = program.get(place(broadcast))["results"]
    assert lines == [["" if cell is None else str(cell) for cell in each.values()] for each in told]


@pytest.mark.parametrize("accept", ["text/csv", "text/csv, text/plain", "text/*"])
def test_the_file_is_what_accept_asks_for(program: Program, accept: str) -> None:
    program.call("GET", place(prepared(1)), Accept=accept)
    assert program.last.streaming


@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "text/html", "application/json, text/csv;q=0.5"])
def test_anything_else_is_json(program: Program, accept: str) -> None:
    assert program.get(place(prepared(1)), Accept=accept)["results"]


def test_no_cell_of_the_file_is_a_formula(program: Program) -> None:
    broadcast = prepared(1)
    Contact.objects.update(name="=HYPERLINK(1)")
    Message.objects.update(error_text="@SUM(1)", provider_id="-1+1", error_code="+x")
    cells = dict(zip(*file(program, place(broadcast)), strict=True))
    assert [cells[name] for name in ("name", "error_text", "provider_id", "error_code")] == [
        "'=HYPERLINK(1)", "'@SUM(1)", "'-1+1", "'+x",
    ]  # fmt: skip


def test_the_file_holds_few_recipients_at_a_time(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read is read a chunk at a time: with the first lines, no more than the first chunk."""
    monkeypatch.setattr(recipients, "CHUNK", 2)
    program.call("GET", place(prepared(9)), **CSV)
    lines = iter(program.last.streaming_content)
    next(lines)
    with CaptureQueriesContext(connection) as asked:
        for _ in range(2):
            next(lines)
    assert 0 < len(asked) <= 2
    with CaptureQueriesContext(connection) as asked:
        assert len(list(lines)) == 7
    assert len(asked) >= 4


def test_whoever_may_not_see_messages_may_not_see_recipients(channel: Channel) -> None:
    program = Program()
    broadcast = prepared(1)
    user: Any = program.token.user
    user.groups.clear()
    for accept in ("application/json", "text/csv"):
        status, told = program.told("GET", place(broadcast), Accept=accept)
        assert (status, told) == (403, {"detail": "You do not have permission to perform this action."})

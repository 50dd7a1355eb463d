"""The record: what was added is found again, by each way of asking."""

import pytest

from providers.simulator.record import Recipient, Record


def add(record: Record, *addresses: str, provider: str = "kaleyra", accepted: bool = True) -> int:
    """One request to these addresses; returns its number."""
    return record.add(
        provider=provider,
        kind="text",
        content={"text": "hi"},
        recipients=[Recipient(address, f"ref-{address}", f"id-{address}") for address in addresses],
        accepted=accepted,
    ).request


@pytest.fixture
def record() -> Record:
    record = Record()
    add(record, "a", "b")
    add(record, "c", provider="khoros")
    add(record, "d", accepted=False)
    add(record, "a", "e")
    return record


def found(record: Record, provider: str = "", address: str = "", after: int = 0) -> list[tuple[int, str]]:
    return [(row.n, row.address) for row in record.rows(provider=provider, address=address, after=after)]


def test_rows_come_in_order_of_arrival(record: Record) -> None:
    assert found(record) == [(1, "a"), (2, "b"), (3, "c"), (5, "a"), (6, "e")]


def test_rows_are_found_by_provider(record: Record) -> None:
    assert found(record, provider="khoros") == [(3, "c")]


def test_rows_are_found_by_address(record: Record) -> None:
    assert found(record, address="a") == [(1, "a"), (5, "a")]


def test_filters_narrow_each_other(record: Record) -> None:
    assert found(record, provider="kaleyra", address="a", after=1) == [(5, "a")]
    assert found(record, provider="khoros", address="a") == []


def test_unanswered_rows_stand_apart(record: Record) -> None:
    assert [row.address for row in record.rows(accepted=False)] == ["d"]


def test_the_latest_come_first(record: Record) -> None:
    assert [row.address for row in record.latest(limit=2)] == ["e", "a"]
    assert [row.address for row in record.latest(provider="khoros", limit=2)] == ["c"]


def test_a_row_knows_its_request_and_all_that_was_said(record: Record) -> None:
    row = record.rows(address="e")[0]
    assert (row.request, row.provider, row.reference, row.provider_id) == (4, "kaleyra", "ref-e", "id-e")
    assert (row.kind, row.content) == ("text", {"text": "hi"})
    assert row.due_at == row.received_at


def test_an_entry_leads_to_its_rows() -> None:
    record = Record()
    add(record, "x")
    entry = record.add(
        provider="rapidpro", kind="text", content={}, recipients=[Recipient("y"), Recipient("z"), Recipient("w")]
    )
    assert [row.address for row in record.span(entry.first, entry.count)] == ["y", "z", "w"]
    assert [row.address for row in record.span(entry.first + 1, 1)] == ["z"]


def test_a_recipients_own_variables_replace_the_requests() -> None:
    record = Record()
    recipients = [Recipient("x", variables=("Ann", "1")), Recipient("y")]
    record.add(provider="qiscus", kind="template", content={"variables": ["?"]}, recipients=recipients)
    assert [row.content["variables"] for row in record.rows()] == [["Ann", "1"], ["?"]]


@pytest.mark.parametrize(("due_at", "in_the_future"), [(0.0, False), (4e9, True)])
def test_a_message_is_due_when_scheduled_but_never_before_it_came(*, due_at: float, in_the_future: bool) -> None:
    record = Record()
    record.add(provider="qiscus", kind="text", content={}, recipients=[Recipient("x")], due_at=due_at)
    (row,) = record.rows()
    assert (row.due_at > row.received_at) == in_the_future


def test_totals_name_every_provider(record: Record) -> None:
    record.count("kaleyra", "requests")
    totals = record.totals()
    assert totals["kaleyra"] == {"requests": 1, "refused": 0, "accepted": 4, "received": 1}
    assert totals["rapidpro"] == {"requests": 0, "refused": 0, "accepted": 0, "received": 0}


def test_a_reset_starts_the_numbers_again(record: Record) -> None:
    record.reset()
    assert record.totals()["kaleyra"]["accepted"] == 0
    assert add(record, "f") == 1
    assert found(record) == [(1, "f")]

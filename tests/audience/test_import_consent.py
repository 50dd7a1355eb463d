"""What an import does with people who were erased, and what it tells about landlines."""

from datetime import UTC, datetime

import pytest

from broadcaster.audience import erasure, rejects
from broadcaster.audience.rejects import Mended
from broadcaster.models import AudienceRow, Contact, Erasure, Group, Suppression
from tests.audience.files import counts, load, people

pytestmark = pytest.mark.django_db
HEADER = "Name,Phone,Customer"
ANN, BUDI = "+628121111111", "+628122222222"
LANDLINE = "+62215550123"
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


def erase(address: str) -> None:
    Erasure.objects.create(digest=erasure.digest_of(address))


@pytest.mark.parametrize("address", [ANN, "C-1"])
def test_somebody_who_was_erased_is_not_stored_again(address: str) -> None:
    erase(address)
    upload = load(HEADER, f"Ann,{ANN},C-1", f"Budi,{BUDI},C-2", Customer="identifier")
    assert counts(upload) == {"new": 1, "suppressed": 1}
    assert [contact.name for contact in Contact.objects.all()] == ["Budi"]
    (refused,) = upload.rejected.all()
    assert (refused.number, refused.code, refused.values) == (2, "erased", [])


def test_landlines_are_counted_once_each() -> None:
    upload = load("Name,Phone", *people(3), f"Shop,{LANDLINE}", f"Again,{LANDLINE}", "Nobody,12")
    assert (upload.fixed_line, upload.accepted) == (1, 4)


def test_a_landline_of_an_earlier_chunk_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broadcaster.audience.chunks.CHUNK_ROWS", 2)
    upload = load("Name,Phone", f"Shop,{LANDLINE}", *people(3), f"Again,{LANDLINE}")
    assert (upload.fixed_line, counts(upload)) == (1, {"new": 4, "duplicate": 1})


def test_a_landline_that_was_erased_is_not_counted() -> None:
    erase(LANDLINE)
    assert load("Name,Phone", *people(1), f"Shop,{LANDLINE}").fixed_line == 0


def test_a_row_of_somebody_who_was_erased_is_not_offered_to_be_mended() -> None:
    erase(ANN)
    upload = load(HEADER, f"Ann,{ANN},", "Budi,12,")
    assert [row.number for row in rejects.few(upload)] == [3]
    assert [rows for _, rows in rejects.reasons(upload).top] == [1]
    assert rejects.mend(upload, {2: {1: BUDI}}) == Mended()


@pytest.mark.parametrize("address", [BUDI, LANDLINE])
def test_a_row_that_is_mended_to_somebody_who_was_erased_is_suppressed_and_told_so(address: str) -> None:
    erase(address)
    upload = load(HEADER, f"Ann,{ANN},", "Budi,12,", "Citra,12,")
    assert rejects.mend(upload, {3: {1: address}, 4: {1: "+628123333333"}}) == Mended(joined=1, erased=1)
    assert (counts(upload), upload.rows, upload.fixed_line) == ({"new": 2, "suppressed": 1}, 3, 0)
    assert [(row.code, row.values) for row in upload.rejected.all()] == [("erased", [])]
    assert not Contact.objects.filter(phone=address).exists()


def test_a_landline_that_opted_out_is_not_counted() -> None:
    Suppression.objects.create(address=LANDLINE)
    upload = load("Name,Phone", *people(1), f"Shop,{LANDLINE}")
    assert (upload.fixed_line, counts(upload)) == (0, {"new": 1, "suppressed": 1})


def test_a_row_that_names_somebody_else_who_opted_out_writes_to_nobody() -> None:
    Contact.objects.create(phone=ANN, name="Ann")
    Contact.objects.create(phone=BUDI, identifier="C-2", name="Budi")
    Suppression.objects.create(address="C-2")
    group = Group.objects.create(name="June")
    upload = load(HEADER, f"Ann,{ANN},C-2", Customer="identifier", group=group)
    assert counts(upload) == {"suppressed": 1}
    assert (AudienceRow.objects.count(), group.contacts.count()) == (0, 0)


def test_an_opt_out_that_goes_over_to_a_new_phone_keeps_its_age() -> None:
    Contact.objects.create(phone=ANN, identifier="C-1")
    Suppression.objects.create(address=ANN, source="receipt")
    Suppression.objects.update(created_at=LONG_AGO)
    load(HEADER, f"Ann,{BUDI},C-1", Customer="identifier")
    assert set(Suppression.objects.values_list("address", "created_at")) == {(ANN, LONG_AGO), (BUDI, LONG_AGO)}

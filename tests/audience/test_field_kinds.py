"""Columns that hold numbers or dates, and the cell that takes an old value away."""

from typing import Any

import pytest

from broadcaster.audience import importing, uploads
from broadcaster.audience.spreadsheets import Dialect
from broadcaster.models import AudienceRow, AudienceUpload, Contact
from tests.audience.files import contact, counts, finish, table
from tests.audiences import uploaded

pytestmark = pytest.mark.django_db
ANN = "+628121111111"
BUDI = "+628122222222"


def load(*lines: str, **kinds: str) -> AudienceUpload:
    """The lines, imported, each named column as a field of its kind."""
    upload = uploaded(table(*lines))
    mapping = {**upload.mapping}
    for header, kind in kinds.items():
        mapping[header] = {**mapping[header], "role": "field", "kind": kind}
    uploads.configure(upload, dialect=Dialect(**upload.dialect), mapping=mapping, region="ID")
    importing.start(upload)
    return finish(upload)


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("text", "0012", "0012"),
        ("number", "12", 12),
        ("number", '"1,234.5"', 1234.5),
        ("number_comma", '"1.234,5"', 1234.5),
        ("date", "3/6/2026", "2026-06-03"),
        ("date_month_first", "6/3/2026", "2026-06-03"),
        ("number", "", None),
    ],
)
def test_a_field_has_the_value_of_its_kind(kind: str, cell: str, value: Any) -> None:
    load("Phone,Points,Name", f"{ANN},{cell},Ann", Points=kind)
    assert contact(phone=ANN).fields.get("points") == value


def test_what_the_file_says_of_the_person_stays_as_it_was_written() -> None:
    load("Phone,Points,Name", f'{ANN},"1,234.50",Ann', Points="number")
    assert AudienceRow.objects.get().variables == {"points": "1,234.50"}


def test_a_cell_of_another_kind_refuses_its_row_with_the_reason() -> None:
    upload = load("Phone,Points", f"{ANN},many", f"{BUDI},7", Points="number")
    (refused,) = upload.rejected.all()
    assert (refused.number, refused.code) == (2, "not_of_its_kind")
    assert refused.reason == "Points: “many” is not a number. Write it as 1234.56, without words or currency."
    assert counts(upload) == {"new": 1, "invalid": 1}


def test_what_is_wrong_with_the_phone_is_told_first() -> None:
    upload = load("Phone,Points", "12,many", f"{BUDI},7", Points="number")
    assert [row.code for row in upload.rejected.all()] == ["too_short"]


def test_the_same_number_again_is_no_change() -> None:
    load("Phone,Points", f"{ANN},1234.5", Points="number")
    assert counts(load("Phone,Points", f'{ANN},"1,234.50"', Points="number")) == {"unchanged": 1}


class TestClearing:
    @pytest.fixture(autouse=True)
    def ann(self, db: None) -> Contact:
        fields = {"city": "Bogor", "points": 5}
        return Contact.objects.create(phone=ANN, name="Ann", language="ind", fields=fields)

    def test_a_double_hyphen_takes_the_old_value_away(self) -> None:
        upload = load("Phone,Name,Language,City,Points", f"{ANN},--,--,--,--", City="text", Points="number")
        ann = contact(phone=ANN)
        assert (ann.name, ann.language, ann.fields, counts(upload)) == ("", "", {}, {"updated": 1})
        assert AudienceRow.objects.get().variables == {}

    def test_what_is_not_there_cannot_be_taken_away(self) -> None:
        upload = load("Phone,Name,Shop", f"{ANN},,--", Shop="text")
        assert (contact(phone=ANN).fields, counts(upload)) == ({"city": "Bogor", "points": 5}, {"unchanged": 1})

    def test_somebody_new_has_nothing_instead(self) -> None:
        load("Phone,Name,Language,City", f"{BUDI},--,--,--", City="text")
        budi = contact(phone=BUDI)
        assert (budi.name, budi.language, budi.fields) == ("", "", {})

    def test_other_fields_stay(self) -> None:
        load("Phone,City", f"{ANN},--", City="text")
        assert contact(phone=ANN).fields == {"points": 5}

"""A file with the columns of an earlier one is read as that one was, unless its values speak against it."""

from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from broadcaster.audience import importing, remembering, uploads
from broadcaster.audience.spreadsheets import Dialect
from broadcaster.models import AudienceUpload
from tests.audience.files import table

pytestmark = pytest.mark.django_db
PEOPLE = ("Who;HP;Kota;Since", "Ann;0812-1111-1111;Bogor;3/1/2026", "Budi;0812-1111-2222;Solo;4/1/2026")
CHOSEN = {
    "Who": {"role": "name", "key": "who"},
    "HP": {"role": "phone", "key": "hp"},
    "Kota": {"role": "field", "key": "city", "kind": "text"},
    "Since": {"role": "field", "key": "since", "kind": "date_month_first"},
}


@pytest.fixture(autouse=True)
def own_folder(settings: LazySettings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def received(*lines: str, author: User | None = None, region: str = "ID") -> AudienceUpload:
    return uploads.receive(SimpleUploadedFile("people.csv", table(*lines)), author=author, region=region)


def imported(
    *lines: str, mapping: dict[str, Any] = CHOSEN, author: User | None = None, region: str = "ID", **dialect: Any
) -> AudienceUpload:
    """An earlier file, which was read so."""
    upload = received(*lines or PEOPLE, author=author, region=region)
    uploads.configure(upload, dialect=Dialect(**upload.dialect | dialect), mapping=mapping, region=region)
    importing.start(upload)
    return upload


def workbook(sheets: dict[str, list[list[str]]]) -> AudienceUpload:
    book, file = Workbook(), BytesIO()
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    del book["Sheet"]
    book.save(file)
    return uploads.receive(SimpleUploadedFile("people.xlsx", file.getvalue()), region="ID")


def naming(role: str) -> dict[str, Any]:
    return CHOSEN | {"Who": {"role": role, "key": "who"}}


def test_the_same_columns_hold_the_same_things() -> None:
    earlier = imported()
    upload = received(*PEOPLE)
    assert upload.mapping == CHOSEN
    assert remembering.source_of(upload) == earlier


def test_order_case_and_spaces_of_the_columns_do_not_matter() -> None:
    imported()
    upload = received("SINCE;kota; hp ;Who", "3/1/2026;Bogor;0812-1111-1111;Ann", "3/2/2026;Solo;0812-1111-1112;Eve")
    assert upload.mapping == {
        "SINCE": CHOSEN["Since"], "kota": CHOSEN["Kota"], "hp": CHOSEN["HP"], "Who": CHOSEN["Who"],
    }  # fmt: skip
    assert upload.headers == ["SINCE", "kota", "hp", "Who"]


def test_other_columns_are_guessed() -> None:
    imported()
    upload = received("Who;HP;Kota", "Ann;0812-1111-1111;Bogor", "Eve;0812-1111-1112;Solo")
    assert upload.mapping["Kota"] == {"role": "row", "key": "kota"}
    assert remembering.source_of(upload) is None


def test_a_file_that_was_never_imported_teaches_nothing() -> None:
    upload = received(*PEOPLE)
    uploads.configure(upload, dialect=Dialect(**upload.dialect), mapping=CHOSEN, region="ID")
    assert received(*PEOPLE).mapping["Kota"]["role"] == "row"


@pytest.mark.parametrize("state", ["failed", "cancelled", "undone"])
def test_an_import_that_was_given_up_teaches_nothing(state: str) -> None:
    earlier = imported()
    AudienceUpload.objects.filter(pk=earlier.pk).update(state=state)
    assert received(*PEOPLE).mapping["Kota"]["role"] == "row"


def test_the_latest_file_counts() -> None:
    imported(mapping=naming("row"))
    latest = imported(mapping=naming("ignore"))
    upload = received(*PEOPLE)
    assert upload.mapping["Who"]["role"] == "ignore"
    assert remembering.source_of(upload) == latest


def test_ones_own_file_counts_more_than_a_later_one_of_a_colleague() -> None:
    ann, budi = (User.objects.create_user(name) for name in ("ann", "budi"))
    imported(mapping=naming("row"), author=ann)
    imported(mapping=naming("ignore"), author=budi)
    assert received(*PEOPLE, author=ann).mapping["Who"]["role"] == "row"
    assert received(*PEOPLE, author=None).mapping["Who"]["role"] == "ignore"


class TestRegion:
    LOCAL = ("Who;HP;Kota;Since", "Ann;07400 123456;Bogor;3/1/2026", "Eve;07400 123457;Solo;3/1/2026")
    WORLDWIDE = ("Who;HP;Kota;Since", "Ann;+628121111111;Bogor;3/1/2026", "Eve;+628121111112;Solo;3/1/2026")

    def test_it_is_remembered(self) -> None:
        imported()
        assert received(*PEOPLE, region="").region == "ID"

    @pytest.mark.parametrize("lines", [LOCAL, WORLDWIDE], ids=["local numbers", "with country codes"])
    def test_the_chosen_one_stays_where_the_numbers_are_as_well_read_with_it(self, lines: tuple[str, ...]) -> None:
        imported()
        assert received(*lines, region="GB").region == "GB"


class TestWhatDoesNotFit:
    @pytest.mark.parametrize(
        "lines",
        [
            ("Who;HP;Kota;Since", "0812-1111-1111;Ann;Bogor;3/1/2026", "0812-1111-1112;Eve;Solo;3/2/2026"),
            ("Who;HP;Kota;Since", "Ann;0812-1111-1111;Bogor;soon", "Eve;0812-1111-1112;Solo;later"),
        ],
        ids=["no phones", "no dates"],
    )
    def test_the_values_decide(self, lines: tuple[str, ...]) -> None:
        imported()
        upload = received(*lines)
        assert upload.mapping["Kota"] == {"role": "row", "key": "kota"}
        assert remembering.source_of(upload) is None

    def test_a_running_number_is_nobodys_identifier(self) -> None:
        imported("Code;N", "a7;1", "b9;5", mapping={"Code": {"role": "identifier"}})
        assert received("Code;N", "1;1", "2;5", "3;9").mapping["Code"]["role"] == "row"

    def test_an_earlier_file_that_fits_is_taken_instead(self) -> None:
        imported(mapping=naming("ignore"))
        imported(mapping=CHOSEN | {"Kota": {"role": "field", "key": "town", "kind": "number"}})
        assert received(*PEOPLE).mapping["Who"]["role"] == "ignore"

    def test_empty_and_clearing_cells_fit_anything(self) -> None:
        imported()
        upload = received("Who;HP;Kota;Since", "Ann;0812-1111-1111;;--", "Eve;0812-1111-1112;;")
        assert upload.mapping == CHOSEN


class TestReading:
    def test_a_separator_that_a_person_chose_is_remembered(self) -> None:
        lines = ("Who;HP|ext;Town|area", "Ann;0812-1111-1111|1;x|y", "Eve;0812-1111-1112|2;x|y")
        assert received(*lines).dialect["delimiter"] == ";"
        imported(*lines, mapping={"Who;HP": {"role": "identifier"}}, delimiter="|")
        upload = received(*lines)
        assert (upload.dialect["delimiter"], upload.headers) == ("|", ["Who;HP", "ext;Town", "area"])
        assert upload.mapping["Who;HP"]["role"] == "identifier"

    def test_the_sheet_that_was_imported_is_found_again(self) -> None:
        sheets = {"Read me": [["Report", "Made"], ["June", "1/6/2026"]], "People": [line.split(";") for line in PEOPLE]}
        first = workbook(sheets)
        dialect = Dialect(**first.dialect | {"sheet": "People"})
        uploads.configure(first, dialect=dialect, mapping=CHOSEN, region="ID")
        importing.start(first)
        upload = workbook(sheets)
        assert (upload.dialect["sheet"], upload.mapping) == ("People", CHOSEN)

    def test_columns_without_names_do_not_speak_for_a_file_with_names(self) -> None:
        imported("0812-1111-1111;Ann", "0812-1111-1112;Eve", mapping={"Column 1": {"role": "phone"}}, header_row=False)
        assert received("X;Y", "0812-1111-1113;Cid", "0812-1111-1114;Dan").headers == ["X", "Y"]


def test_guessing_anew_forgets_it_for_this_file() -> None:
    imported()
    upload = received(*PEOPLE)
    uploads.guess_anew(upload)
    upload.refresh_from_db()
    assert upload.mapping["Kota"] == {"role": "row", "key": "kota"}
    assert remembering.source_of(upload) is None
    assert received(*PEOPLE).mapping == CHOSEN


def test_a_file_out_of_an_archive_is_guessed_anew() -> None:
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr("people.csv", table(*PEOPLE))
    upload = uploads.receive(SimpleUploadedFile("people.zip", packed.getvalue()), region="ID")
    uploads.guess_anew(upload)
    assert upload.mapping["HP"]["role"] == "phone"


def test_guessing_anew_leaves_a_file_that_is_being_imported() -> None:
    upload = imported()
    uploads.guess_anew(AudienceUpload.objects.get(pk=upload.pk))
    upload.refresh_from_db()
    assert upload.mapping == CHOSEN

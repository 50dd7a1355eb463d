"""A file from the browser: received whole or not at all, described, imported in chunks that can stop and go on."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import IO

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import AnonymousUser, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from broadcaster.audience import chunks, importing, rejects, uploads
from broadcaster.audience.spreadsheets import Dialect, UnreadableFile
from broadcaster.models import AudienceRow, AudienceUpload, Contact, ContactField, Group
from tests.audience.files import contact, counts, finish, load, people, started, table
from tests.audiences import imported, messy_csv, uploaded

pytestmark = pytest.mark.django_db
HEADER = "Name,Phone"


def receive(content: bytes, name: str = "june.csv") -> AudienceUpload:
    return uploads.receive(SimpleUploadedFile(name, content))


def stored_files(settings: LazySettings) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


@pytest.fixture(autouse=True)
def own_folder(settings: LazySettings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def chunks_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 3)


class TestReceive:
    def test_the_file_is_kept_and_described(self, settings: LazySettings) -> None:
        author = User.objects.create_user("ann")
        content = table(HEADER, *people(2))
        file = SimpleUploadedFile("../June list.CSV", content)
        upload = uploads.receive(file, author=author, region="ID")
        assert (upload.filename, upload.size_bytes, upload.author, upload.region) == (
            "June list.CSV", len(content), author, "ID",
        )  # fmt: skip
        assert Path(upload.file.path).read_bytes() == content
        assert stored_files(settings) == [Path(upload.file.path)]
        assert upload.dialect["delimiter"] == ","

    def test_nobody_may_be_the_author(self) -> None:
        file = SimpleUploadedFile("june.csv", table(HEADER, *people(1)))
        assert uploads.receive(file, author=AnonymousUser()).author is None

    @pytest.mark.parametrize(
        ("content", "name", "sentence"),
        [
            (b"", "june.csv", "The file is empty."),
            (b"Name,Phone\n", "june.csv", "The file has a header row but no rows below it."),
            (bytes(range(256)) * 50, "june.csv", "This is not a table of text."),
            (b"Name,Phone\nAnn,+628121111111\n", "june.pdf", "Files of the type .pdf cannot be read."),
            (b"PK\x03\x04 no workbook", "june.xlsx", "The workbook is damaged or incomplete."),
        ],
        ids=["empty", "header only", "binary", "other type", "broken workbook"],
    )
    def test_what_cannot_be_read_is_not_kept(
        self, settings: LazySettings, content: bytes, name: str, sentence: str
    ) -> None:
        with pytest.raises(UnreadableFile, match=sentence):
            receive(content, name)
        assert stored_files(settings) == []
        assert not AudienceUpload.objects.exists()

    def test_a_file_over_the_limit_is_not_kept(self, settings: LazySettings) -> None:
        settings.UPLOAD_LIMIT_BYTES = 3_000_000
        with pytest.raises(UnreadableFile, match=r"larger than 3 MB\. Split it"):
            receive(table(HEADER, "x" * 3_000_001))
        assert stored_files(settings) == []

    def test_a_file_of_just_the_limit_is_kept(self, settings: LazySettings) -> None:
        content = table(HEADER, *people(3))
        settings.UPLOAD_LIMIT_BYTES = len(content)
        assert receive(content).size_bytes == len(content)

    def test_a_full_disk_leaves_nothing(self, settings: LazySettings) -> None:
        with pytest.raises(OSError, match="No space left"):
            uploads.receive(FileThatDoesNotFit("june.csv", table(HEADER, *people(50))))
        assert stored_files(settings) == []
        assert not AudienceUpload.objects.exists()


class FileThatDoesNotFit(SimpleUploadedFile):
    """Its second copy breaks off in the middle, as it does on a disk that is full; the first is read for the hash."""

    copies = 0

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        self.copies += 1
        file: IO[bytes] = io.BytesIO(self.read())
        yield file.read(100)
        if self.copies > 1:
            raise OSError(28, "No space left on device")
        yield file.read()


class TestMapping:
    def test_a_role_and_a_key_are_guessed_for_each_column(self) -> None:
        upload = receive(table("Nama,No. HP,Bahasa,Order No.", "Ann,+628121111111,ind,A-1"))
        assert upload.mapping == {
            "Nama": {"role": "name", "key": "nama"},
            "No. HP": {"role": "phone", "key": "no_hp"},
            "Bahasa": {"role": "language", "key": "bahasa"},
            "Order No.": {"role": "row", "key": "order_no"},
        }

    def test_local_numbers_are_recognised_once_the_country_is_known(self) -> None:
        upload = receive(table("A,B", "5,0812-1111-1111", "6,0812-1111-2222"))
        upload.region = "ID"
        assert uploads.guess_mapping(upload)["B"]["role"] == "phone"

    def test_another_reading_gives_other_columns(self) -> None:
        upload = receive(table("a;b,Phone", "1;2,+628121111111"))
        other = Dialect(format="csv", encoding="utf-8", delimiter=",")
        assert set(uploads.guess_mapping(upload, other)) == {"a;b", "Phone"}
        assert uploads.preview(upload, other).headers == ["a;b", "Phone"]


class TestConfigure:
    @pytest.fixture
    def upload(self) -> AudienceUpload:
        return receive(table("Name,Phone,Other", "Ann,+628121111111,+628122222222"))

    def configure(self, upload: AudienceUpload, **roles: str) -> None:
        mapping = {header: {"role": role, "key": header.lower()} for header, role in roles.items()}
        uploads.configure(upload, dialect=Dialect(**upload.dialect), mapping=mapping)

    @pytest.mark.parametrize(
        ("roles", "sentence"),
        [
            ({"Name": "name"}, "No column holds the phone numbers. Choose the one that does."),
            ({}, "No column holds the phone numbers. Choose the one that does."),
            ({"Phone": "phone", "Other": "phone"}, "Two columns are marked as the phone. Choose one of them."),
            ({"Phone": "phone", "Name": "name", "Other": "name"}, "Two columns are marked as the name. Choose one"),
        ],
        ids=["no phone", "nothing", "two phones", "two names"],
    )
    def test_what_would_reach_nobody_is_refused(
        self, upload: AudienceUpload, roles: dict[str, str], sentence: str
    ) -> None:
        before = upload.mapping
        with pytest.raises(UnreadableFile, match=sentence):
            self.configure(upload, **roles)
        upload.refresh_from_db()
        assert upload.mapping == before

    def test_an_identifier_is_enough(self, upload: AudienceUpload) -> None:
        self.configure(upload, Name="identifier")
        assert upload.mapping["Name"]["role"] == "identifier"

    def test_a_column_that_is_not_named_is_ignored(self, upload: AudienceUpload) -> None:
        self.configure(upload, Phone="phone", Gone="name")
        assert {header: column["role"] for header, column in upload.mapping.items()} == {
            "Name": "ignore", "Phone": "phone", "Other": "ignore",
        }  # fmt: skip

    def test_a_reading_that_does_not_work_is_refused(self, upload: AudienceUpload) -> None:
        with pytest.raises(UnreadableFile, match="The encoding “klingon” is not known"):
            uploads.configure(upload, dialect=Dialect("csv", "klingon", ","), mapping=upload.mapping)

    def test_a_group_with_a_rule_takes_nobody(self, upload: AudienceUpload) -> None:
        group = Group.objects.create(name="Late payers", rule={"all": []})
        with pytest.raises(UnreadableFile, match="A rule says who is in “Late payers”"):
            uploads.configure(
                upload, dialect=Dialect(**upload.dialect), mapping={"Phone": {"role": "phone"}}, group=group
            )

    def test_no_field_is_made_for_an_import_that_has_begun(self, upload: AudienceUpload) -> None:
        self.configure(upload, Phone="phone")
        importing.start(upload)
        self.configure(upload, Phone="phone", Other="field")
        assert not ContactField.objects.exists()

    def test_nothing_changes_once_the_import_has_begun(self, upload: AudienceUpload) -> None:
        self.configure(upload, Phone="phone")
        importing.start(upload)
        self.configure(upload, Other="phone")
        assert upload.mapping["Phone"]["role"] == "phone"


def test_an_import_is_started_once() -> None:
    upload = uploaded(table(HEADER, *people(1)))
    assert [importing.start(upload), importing.start(upload)] == [True, False]
    assert upload.state == "importing"


def test_a_file_that_was_not_started_is_not_imported() -> None:
    upload = uploaded(table(HEADER, *people(1)))
    assert importing.import_rows(upload.pk, life_s=60, resumed=True) is False
    assert not Contact.objects.exists()


class TestWorkers:
    pytestmark = pytest.mark.usefixtures("chunks_of_three")

    def test_a_worker_stops_when_its_time_is_over_and_goes_on_later(self) -> None:
        upload = started(HEADER, *people(7))
        assert importing.import_rows(upload.pk, life_s=0) is True
        upload.refresh_from_db()
        assert (upload.state, upload.rows, upload.position) == ("importing", 3, 4)
        assert counts(finish(upload)) == {"new": 7}

    def test_what_died_between_chunks_is_taken_up_without_counting_twice(self) -> None:
        upload = started(HEADER, *people(5), "Sampah,12", *people(2))
        importing.import_rows(upload.pk, life_s=0)
        AudienceUpload.objects.update(touched_at=timezone.now() - timedelta(minutes=2))
        assert importing.stalled() == [upload.pk]
        assert importing.import_rows(upload.pk, life_s=60) is False
        upload.refresh_from_db()
        assert counts(upload) == {"new": 5, "invalid": 1, "duplicate": 2}
        assert (upload.state, upload.rows, upload.rejected.count()) == ("imported", 8, 3)

    def test_what_died_within_a_chunk_leaves_nothing_of_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        upload = started(HEADER, *people(7))
        importing.import_rows(upload.pk, life_s=0)
        with monkeypatch.context() as dying:
            dying.setattr(chunks, "_save_refused", _die)
            with pytest.raises(SystemExit):
                importing.import_rows(upload.pk, life_s=60, resumed=True)
        assert Contact.objects.count() == AudienceRow.objects.count() == 3
        assert counts(finish(upload)) == {"new": 7}

    def test_a_second_worker_leaves_an_import_that_is_alive(self) -> None:
        upload = started(HEADER, *people(7))
        importing.import_rows(upload.pk, life_s=0)
        assert importing.stalled() == []
        assert importing.import_rows(upload.pk, life_s=60) is False
        upload.refresh_from_db()
        assert upload.rows == 3

    def test_an_import_that_nobody_began_is_stalled(self) -> None:
        upload = started(HEADER, *people(1))
        assert importing.stalled() == [upload.pk]

    def test_a_file_that_breaks_in_the_middle_keeps_the_rows_before(self) -> None:
        upload = load(HEADER, *people(200), '"never closed')
        assert (upload.state, upload.rows, counts(upload)) == ("failed", 200, {"new": 200})
        assert upload.error == (
            "Row 202 opens a quotation mark that is never closed. Close or remove it. Rows before that are imported."
        )

    def test_a_file_that_is_gone_fails_with_a_sentence(self) -> None:
        upload = started(HEADER, *people(2))
        Path(upload.file.path).unlink()
        assert finish(upload).state == "failed"
        assert upload.error.startswith("The file could not be read from the disk.")


def _die(*_args: object, **_kwargs: object) -> None:
    raise SystemExit


class TestRejectedCsv:
    def read(self, upload: AudienceUpload) -> list[list[str]]:
        text = "".join(rejects.as_csv(upload))
        assert text.startswith("\ufeff")
        return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))

    def test_it_has_the_reason_the_row_and_the_original_cells(self) -> None:
        rows = self.read(load("Name,Phone,City", "Ann,+628121111111,Bogor", 'Zoë,,"Solo; ""West"""'))
        assert rows == [
            ["Why it was refused", "Row", "Name", "Phone", "City"],
            ["The phone number is missing.", "3", "Zoë", "", 'Solo; "West"'],
        ]

    @pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)"])
    def test_no_cell_is_a_formula(self, cell: str) -> None:
        rows = self.read(load("Name,Phone", f"{cell},12"))
        assert rows[1][2] == f"'{cell}"

    def test_a_file_without_refused_rows_gives_the_header_only(self) -> None:
        assert len(self.read(load(HEADER, *people(2)))) == 1

    def test_mended_it_is_imported(self) -> None:
        first = imported(messy_csv(3, junk=2))
        text = "".join(rejects.as_csv(first))
        mended = text.replace("not a number", "0812 3333 3333").replace(",,Solo", ",'+628124444444,Solo")
        assert mended != text
        assert counts(imported(mended.encode())) == {"new": 2}
        assert contact(phone="+628124444444").fields == {"city": "Solo"}

"""Archives with a table inside: the one table is taken, whatever else the packer has put beside it."""

import io
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from broadcaster.audience import importing, uploads
from broadcaster.audience.spreadsheets import Dialect, UnreadableFile
from broadcaster.models import AudienceUpload, Contact
from tests.audience.files import finish
from tests.audiences import messy_csv

pytestmark = pytest.mark.django_db
TABLE = b"Name,Phone\nAnn,+628121111111\n"


def packed(folder: Path, **members: bytes) -> SimpleUploadedFile:
    path = folder / "audience.zip"
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return SimpleUploadedFile("audience.zip", path.read_bytes())


def test_the_one_table_takes_the_archive_s_place(tmp_path: Path) -> None:
    junk = {"__MACOSX/._people.csv": b"x", ".DS_Store": b"x", "folder/readme.md": b"# Hello", "empty/": b""}
    upload = uploads.receive(packed(tmp_path, **{"folder/people.csv": TABLE}, **junk))
    stored = Path(upload.file.path)
    assert (upload.filename, stored.suffix, stored.read_bytes()) == ("audience.zip", ".csv", TABLE)
    assert [path.name for path in stored.parent.glob(f"{upload.uuid}*")] == [stored.name]


def test_an_archive_may_be_named_as_its_table_is(tmp_path: Path) -> None:
    archive = packed(tmp_path, **{"people.csv": TABLE})
    archive.name = "people.csv"
    upload = uploads.receive(archive)
    stored = Path(upload.file.path)
    assert stored.read_bytes() == TABLE
    assert [path.name for path in stored.parent.glob(f"{upload.uuid}*")] == [stored.name]


def test_a_packed_file_is_imported_like_any_other(tmp_path: Path) -> None:
    upload = uploads.receive(packed(tmp_path, **{"people.csv": messy_csv(20)}), region="ID")
    importing.start(upload)
    assert finish(upload).new == Contact.objects.count() == 20


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"readme.md": b"x"}, "There is no table in this archive"),
        ({"a.csv": TABLE, "b.csv": TABLE}, "There are 2 tables in this archive: a.csv, b.csv. Upload them one by one."),
        ({f"{name}.csv": TABLE for name in "abcd"}, "a.csv, b.csv, c.csv and others"),
        ({"inner.csv": b"PK\x03\x04" + bytes(100)}, "damaged or incomplete"),
        ({"a.csv": b"Name\n" + b" " * (12 << 20)}, "far too much data"),
        ({"word/document.xml": b"<x/>"}, "Word document"),
    ],
    ids=["no table", "two tables", "many tables", "archive inside", "bomb", "Word"],
)
def test_what_holds_no_single_table_is_refused_and_not_kept(
    tmp_path: Path, members: dict[str, bytes], words: str
) -> None:
    with pytest.raises(UnreadableFile) as caught:
        uploads.receive(packed(tmp_path, **members))
    assert words in caught.value.sentence
    assert not AudienceUpload.objects.exists()


def test_a_locked_archive_is_refused(tmp_path: Path) -> None:
    file = packed(tmp_path, **{"a.csv": TABLE})
    content = bytearray(file.read())
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the flags of the member, written twice
        content[content.index(signature) + place] |= 1
    with pytest.raises(UnreadableFile, match="Remove the password"):
        uploads.receive(SimpleUploadedFile("audience.zip", bytes(content)))


@pytest.mark.parametrize("method", [ZIP_BZIP2, ZIP_LZMA], ids=["bzip2", "LZMA"])
def test_data_that_do_not_unpack_are_damage_and_no_full_disk(method: int) -> None:
    file = io.BytesIO()
    with ZipFile(file, "w", method) as archive:
        archive.writestr("a.csv", TABLE * 100)
    content = file.getvalue()
    damaged = content[:60] + bytes(20) + content[80:]
    with pytest.raises(UnreadableFile, match="damaged"):
        uploads.receive(SimpleUploadedFile("audience.zip", damaged))


def test_a_directory_that_points_before_the_file_is_damage(tmp_path: Path) -> None:
    content = packed(tmp_path, **{"a.csv": TABLE}).read()
    with pytest.raises(UnreadableFile, match="damaged"):
        uploads.receive(SimpleUploadedFile("audience.zip", content[:30] + content[60:]))


def test_a_packed_table_says_about_how_many_rows_it_has(tmp_path: Path) -> None:
    upload = uploads.receive(packed(tmp_path, **{"people.csv": messy_csv(20)}), region="ID")
    uploads.configure(upload, dialect=Dialect(**upload.dialect), mapping=upload.mapping, region="ID")
    assert upload.expected_rows == 20

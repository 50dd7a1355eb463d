"""Files and forms that nobody means well, or that nobody made well: each is answered, and nothing of it is kept."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from broadcaster.models import AudienceUpload
from tests.api.calling import Program, user
from tests.api.posting import MULTIPART, field, form, part, upload
from tests.audiences import messy_csv

GOOD = messy_csv(3)


@pytest.fixture(autouse=True)
def own_folder(settings: LazySettings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def packed(**members: bytes) -> bytes:
    """An archive."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


FILES: dict[str, tuple[str, bytes, str]] = {
    "nothing": ("a.csv", b"", "The file is empty."),
    "a header": ("a.csv", b"Name,Phone\n", "a header row but no rows below it"),
    "a bomb": ("a.zip", packed(**{"a.csv": b"0" * 50_000_000}), "unpacks to far too much data"),
    "a workbook bomb": (
        "a.xlsx",
        packed(**{"xl/workbook.xml": b"<a/>", "xl/worksheets/sheet1.xml": b"0" * 50_000_000}),
        "unpacks to far too much data",
    ),
    "an archive in an archive": ("a.zip", packed(**{"a.zip": packed(**{"a.csv": GOOD})}), "archive inside an archive"),
    "two tables": ("a.zip", packed(**{"a.csv": GOOD, "b.csv": GOOD}), "There are 2 tables in this archive"),
    "half an archive": ("a.zip", packed(**{"a.csv": GOOD})[:60], ""),
    "a picture": ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), ""),
    "bytes": ("a.csv", bytes(range(256)) * 40, ""),
    "a strange ending": ("a.exe", GOOD, "Files of the type .exe cannot be read."),
}


@pytest.mark.parametrize(("name", "content", "sentence"), FILES.values(), ids=FILES.keys())
def test_a_file_that_cannot_be_read_is_refused(
    program: Program, tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    told = upload(program, content, name=name)
    assert (program.status, list(told)) == (400, ["file"])
    assert sentence in told["file"][0]
    assert not AudienceUpload.objects.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


FORMS: dict[str, tuple[bytes, str, int, str]] = {
    "no file": (form(), MULTIPART, 400, "No file was submitted."),
    "a text for a file": (form(field("file", "x")), MULTIPART, 400, "file"),
    "a file under another name": (form(part(GOOD, 'form-data; name="x"; filename="x"')), MULTIPART, 400, "No file was"),
    "a file without a name": (form(part(GOOD, 'form-data; name="file"; filename=""')), MULTIPART, 400, "file"),
    "JSON": (b"{}", "application/json", 415, 'Unsupported media type \\"application/json\\"'),
    "no boundary": (b"x", "multipart/form-data", 400, "Multipart form parse error"),
    "a boundary that no form has": (b"x", "multipart/form-data; boundary=\x80", 400, "Multipart form parse error"),
    "another boundary": (form(part(GOOD)), "multipart/form-data; boundary=other", 400, "No file was submitted."),
    "no end": (part(GOOD)[:-40], MULTIPART, 400, "No file was submitted."),
    "nothing at all": (b"", MULTIPART, 400, "No file was submitted."),
    "base64 that is none": (
        form(part(b"!", 'form-data; name="file"; filename="a.csv"', "Content-Transfer-Encoding: base64")),
        MULTIPART, 400, "",
    ),
    "a name in a strange encoding": (
        form(part(GOOD, "form-data; name=file; filename*=nonsense''a.csv")), MULTIPART, 400, "",
    ),
    "a field in a strange encoding": (
        form(part(GOOD), part(b"ID", 'form-data; name="region"', "Content-Type: text/plain; charset=nonsense")),
        MULTIPART, 201, "",
    ),
    "a country that is none": (form(part(GOOD), field("region", "XX")), MULTIPART, 400, "There is no country XX."),
    "NUL for a country": (form(part(GOOD), field("region", "I\0")), MULTIPART, 400, "region"),
    "half a character": (form(part(GOOD), field("region", "\ud800")), MULTIPART, 400, "region"),
    "many fields": (form(*[field(f"a{number}", "x") for number in range(2_001)]), MULTIPART, 400, ""),
    "many files": (form(*[part(GOOD) for _ in range(200)]), MULTIPART, 400, ""),
    "a large field": (form(field("a", "x" * 6_000_000)), MULTIPART, 413, "The request is too large."),
}  # fmt: skip


@pytest.mark.parametrize(("body", "kind", "status", "words"), FORMS.values(), ids=FORMS.keys())
def test_a_form_in_a_wrong_shape_is_answered(program: Program, body: bytes, kind: str, status: int, words: str) -> None:
    told = program.call("POST", "uploads", body, content_type=kind)
    assert program.status == status, told
    assert words in program.last.content.decode()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a\0.csv", "a.csv"),
        ("../../etc/passwd.csv", "passwd.csv"),
        ("C:\\Users\\me\\june.csv", "june.csv"),
        ("x" * 300 + ".csv", "x" * 251 + ".csv"),
        ("июнь.csv", "июнь.csv"),
        ("a\u202efdp.csv", "afdp.csv"),
    ],
)
def test_a_name_is_made_harmless(program: Program, name: str, kept: str) -> None:
    told = upload(program, GOOD, name=name)
    assert (program.status, told.get("filename")) == (201, kept)


def test_a_file_beyond_the_limit_is_not_kept(program: Program, settings: LazySettings, tmp_path: Path) -> None:
    settings.UPLOAD_LIMIT_BYTES = 1_000_000
    told = upload(program, b"Name,Phone\n" + b"x" * 1_000_001)
    assert (program.status, told) == (
        413, {"detail": "The file is larger than 1 MB. Split it into several files, and upload them one by one."},
    )  # fmt: skip
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_full_disk_is_told(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: Any, **_options: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("broadcaster.audience.uploads.archives.is_plain", full)
    told = upload(program, GOOD)
    assert (program.status, told["detail"][:40]) == (507, "There is no room on the server's disk fo")


def test_a_page_of_the_browser_uploads_with_its_form_token(program: Program, settings: LazySettings) -> None:
    settings.UPLOAD_LIMIT_BYTES = 100
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user())
    for body, status in ((form(part(b"x,y\n1,2\n")), 403), (form(part(b"x" * 101)), 403)):
        assert browser.generic("POST", "/api/v2/uploads", body, content_type=MULTIPART).status_code == status
    assert not AudienceUpload.objects.exists()


def test_the_same_call_under_its_key_keeps_one_file(program: Program) -> None:
    body = form(part(GOOD), field("region", "ID"))
    answers = [
        program.call("POST", "uploads", body, content_type=MULTIPART, **{"Idempotency-Key": "june"}) for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert AudienceUpload.objects.count() == 1

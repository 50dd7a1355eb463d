"""Files as programs give and get them."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from pytest_django.fixtures import Settings

from broadcaster.content import media
from broadcaster.models import MediaFile
from tests.api.calling import Program
from tests.files import PDF, PNG, stored

NOT_HERE = "6cb25adc-47fe-11e4-bfe9-b8f6b119e9ab"
NO_FILE = {"file": ["No file was submitted."]}


@pytest.fixture(autouse=True)
def files(tmp_path: Path, settings: Settings) -> Path:
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    return tmp_path


def posted(program: Program, **fields: Any) -> Any:
    body = encode_multipart(BOUNDARY, fields)
    return program.post("media.json", body, content_type=MULTIPART_CONTENT)


def test_a_file_is_kept_and_told_as_rapidpro_tells_it(program: Program) -> None:
    told = posted(program, file=SimpleUploadedFile("../june.exe", PNG, "text/html"))
    file = MediaFile.objects.get()
    assert (program.status, told) == (
        201,
        {
            "uuid": str(file.uuid),
            "content_type": "image/png",
            "url": f"http://testserver/api/v2/media/{file.uuid}",
            "filename": "june.exe.png",
            "size": len(PNG),
        },
    )


@pytest.mark.parametrize("ending", ["", ".json"])
def test_it_comes_back_as_it_went_and_only_to_be_saved(program: Program, ending: str) -> None:
    file = stored("letter.pdf", PDF)
    program.get(f"media/{file.uuid}{ending}")
    assert b"".join(program.last.streaming_content) == PDF
    headers = {name: program.last.headers[name] for name in ("Content-Type", "Content-Disposition")}
    assert headers == {"Content-Type": "application/pdf", "Content-Disposition": 'attachment; filename="letter.pdf"'}
    assert program.last.headers["X-Content-Type-Options"] == "nosniff"


def test_only_whoever_may_see_files_gets_one(program: Program) -> None:
    file = stored()
    assert program.told("GET", f"media/{file.uuid}", Authorization="Token x")[0] == 403
    for uuid in (NOT_HERE, "-" * 36, "6cb25adc47fe-11e4-bfe9-b8f6b119e9ab-"):
        assert program.told("GET", f"media/{uuid}")[0] == 404
    file.file.delete(save=False)
    assert program.told("GET", f"media/{file.uuid}")[0] == 404


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({}, NO_FILE),
        ({"other": SimpleUploadedFile("a.png", PNG)}, NO_FILE),
        ({"file": "a.png"}, {"file": ["The submitted data was not a file. Check the encoding type on the form."]}),
        ({"file": SimpleUploadedFile("a.png", b"")}, {"file": ["The submitted file is empty."]}),
        ({"file": SimpleUploadedFile("a.png", b"<html>", "image/png")}, {"file": ["Unsupported file type."]}),
    ],
    ids=["nothing", "another field", "a text", "an empty file", "no picture"],
)
def test_what_is_no_file_to_send_is_refused(program: Program, fields: dict[str, Any], refusal: Any) -> None:
    assert posted(program, **fields) == refusal
    assert (program.status, MediaFile.objects.count()) == (400, 0)


@pytest.mark.parametrize(("beyond", "status"), [(0, 201), (1, 400)])
def test_a_file_goes_to_the_disk_as_far_as_the_limit(
    program: Program, files: Path, monkeypatch: pytest.MonkeyPatch, beyond: int, status: int
) -> None:
    monkeypatch.setattr(media, "LIMIT_BYTES", 200_000)
    written: list[int] = []
    write = TemporaryFileUploadHandler.receive_data_chunk

    def noted(handler: Any, data: bytes, start: int) -> None:
        written.append(len(data))
        write(handler, data, start)

    monkeypatch.setattr(TemporaryFileUploadHandler, "receive_data_chunk", noted)
    told = posted(program, file=SimpleUploadedFile("a.png", PNG + bytes(200_000 + beyond - len(PNG))))
    assert program.status == status
    assert sum(written) <= 200_000
    if beyond:
        assert told == {"file": ["Limit for file uploads is 25.0 MB."]}
        assert not list(files.glob("*.upload*"))


def test_a_form_with_too_many_fields_is_refused(program: Program, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 2
    told = posted(program, a="1", b="2", c="3")
    assert (program.status, list(told)) == (400, ["detail"])


@pytest.mark.parametrize(("charset", "status"), [("utf8", 201), ("nonsense", 201), ("idna", 400), ("latin-1", 400)])
@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "one"}])
def test_a_form_is_read_as_utf_8(program: Program, charset: str, status: int, key: dict[str, str]) -> None:
    body = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("a.png", PNG)})
    kind = f"{MULTIPART_CONTENT}; charset={charset}"
    program.post("media.json", body, content_type=kind, **key)
    assert program.status == status


def test_there_is_no_list_and_no_json(program: Program) -> None:
    assert program.told("GET", "media.json") == (405, {"detail": 'Method "GET" not allowed.'})
    told = program.told("POST", "media.json", {})
    assert told == (415, {"detail": 'Unsupported media type "application/json" in request.'})


@pytest.fixture
def reader(channel: object) -> Program:
    return Program(scope="read")


def test_a_token_that_only_reads_gives_no_file(reader: Program) -> None:
    posted(reader, file=SimpleUploadedFile("a.png", PNG))
    assert (reader.status, MediaFile.objects.count()) == (403, 0)

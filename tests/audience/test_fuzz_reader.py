"""Any table that is written is read again, and any bytes become an upload or a sentence, and then leave nothing."""

import csv
import io
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from broadcaster.audience import uploads
from broadcaster.audience.spreadsheets import DELIMITERS, Dialect, UnreadableFile, rows
from broadcaster.models import AudienceUpload

SHARED_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
# A file cannot hold half a character, zeros are no text, and a mark in front belongs to the file.
CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=8) | st.sampled_from(
    ['"', '""', ' "a', '" ,', ";", "a\n\nb", "\r", "\r\n", " ", "sep=", "\t", "'", "=1", "\x1c", "\x85", "\u2028"]
)
TABLES = st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=6)
HEADS = st.sampled_from(
    [b"", b"PK\x03\x04", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", bytes.fromhex("D0CF11E0A1B11AE1")]
)
NAMES = st.sampled_from(["a.csv", "a.xlsx", "a.ods", "a.zip", "a", "a.tsv"])


def written(table: list[list[str]], delimiter: str, end: str, *, quoted: bool) -> str:
    file = io.StringIO()
    quoted = quoted or any("\r" in cell or "\n" in cell for row in table for cell in row)  # else Python may forget them
    writer = partial(csv.writer, file, delimiter=delimiter, lineterminator=end)
    (writer(quoting=csv.QUOTE_ALL) if quoted else writer()).writerows(table)
    return file.getvalue()


def tidied(table: list[list[str]]) -> list[list[str]]:
    """As it is to be read: one sort of line end, no spaces around, no emptiness at the end, no blank rows."""
    cells = [[cell.replace("\r\n", "\n").replace("\r", "\n").strip() for cell in row] for row in table]
    for row in cells:
        while row and not row[-1]:
            row.pop()
    return [row for row in cells if row]


@SHARED_FOLDER
@given(
    table=TABLES,
    dialect=st.builds(
        Dialect,
        format=st.just("csv"),
        encoding=st.sampled_from(["utf-8", "utf-16-le", "utf-16-be", "gb18030"]),
        delimiter=st.sampled_from([delimiter for delimiter, _label in DELIMITERS]),
        header_row=st.just(value=False),
    ),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoted=st.booleans(),
)
def test_every_table_is_read_as_it_was_written(
    tmp_path: Path, *, table: list[list[str]], dialect: Dialect, end: str, quoted: bool
) -> None:
    content = written(table, dialect.delimiter, end, quoted=quoted)
    assume(not content.lstrip('"').lower().startswith("sep=") and tidied(table))
    path = tmp_path / "audience"
    path.write_bytes(content.encode(dialect.encoding))
    read = [row.values for row in rows(path, dialect)]
    width = max(map(len, tidied(table)))
    assert read == [row + [""] * (width - len(row)) for row in tidied(table)]


@pytest.mark.django_db
@SHARED_FOLDER
@example(head=b"", body=b"", name="a.csv")
@example(head=b"", body=b"HP\n081234567890\n", name="a.csv")
@given(head=HEADS, body=st.binary(max_size=300), name=NAMES)
def test_any_bytes_become_an_upload_or_leave_nothing(
    settings: LazySettings, tmp_path: Path, head: bytes, body: bytes, name: str
) -> None:
    settings.MEDIA_ROOT = tmp_path
    with suppress(UnreadableFile):
        uploads.receive(SimpleUploadedFile(name, head + body), region="ID")
    kept = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert kept == {Path(name).name for name in AudienceUpload.objects.values_list("file", flat=True)}

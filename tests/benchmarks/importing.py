"""An audience file's import beside django-import-export's quickest way, and beside the bare rows.

`BENCH_ROWS` names another number of rows than 100,000; the peer is always given `PEER_ROWS` of them, and the ratio is
that of the rows a second.
"""

import csv
import io
import os
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any

import tablib
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from import_export import resources

from broadcaster.audience import uploads
from broadcaster.audience.spreadsheets import Dialect
from broadcaster.models import AudienceUpload, Contact, Group, Membership
from tests.benchmarks.measuring import Stage, seconds

ROWS = int(os.environ.get("BENCH_ROWS", "100_000"))
PEER_ROWS = 20_000
JUNK_SHARE = 0.03
HEADER = ("Name", "Phone", "Language", "City", "Order", "Amount")
BARE = f"CREATE TEMPORARY TABLE bare ({', '.join(f'c{place} text' for place in range(len(HEADER)))})"


class PeerResource(resources.ModelResource):  # type: ignore[misc]  # the library has no types
    """With all that makes it quicker; people join their group afterwards, since its bulk mode leaves that out."""

    class Meta:
        model = Contact
        fields = ("name", "phone", "language")
        import_id_fields = ("phone",)
        use_bulk = True
        batch_size = 1_000
        skip_diff = True
        skip_html_diff = True
        use_transactions = False


def import_against_import_export() -> float:
    """Our rows a second over those of django-import-export, which neither reads numbers nor keeps the columns."""
    ours = ROWS / imported_s(ROWS)
    clear()
    theirs = PEER_ROWS / seconds(lambda: peer_import(PEER_ROWS))
    clear()
    return ours / theirs


def import_against_bare_rows() -> float:
    """Seconds of our import over those of reading the file and writing its cells to a table without any index."""
    ours = imported_s(ROWS)
    clear()
    bare = seconds(lambda: write_bare(ROWS))
    return ours / bare


def imported_s(count: int) -> float:
    """How long a file takes from the confirmed columns to the last row; everyone joins a group."""
    upload = uploads.receive(SimpleUploadedFile("people.csv", file_of(count)), region="ID")
    mapping = {**upload.mapping, "City": {"role": "field", "key": "city"}}
    group, _ = Group.objects.get_or_create(name="Everyone")
    uploads.configure(upload, dialect=Dialect(**upload.dialect), mapping=mapping, region="ID", group=group)
    uploads.start_import(upload)
    took = seconds(lambda: uploads.import_rows(upload.pk, life_s=3_600, resumed=True))
    upload.refresh_from_db()
    assert (upload.state, upload.rows) == ("imported", count)
    return took


def peer_import(count: int) -> None:
    """The same people, written as they stand in the file, and their group."""
    rows = [(name, f"+62{phone[1:]}", language) for name, phone, language, *_ in lines(count) if phone.isdecimal()]
    result = PeerResource().import_data(tablib.Dataset(*rows, headers=["name", "phone", "language"]))
    assert not result.has_errors()
    group, _ = Group.objects.get_or_create(name="Everyone")
    ids = Contact.objects.values_list("pk", flat=True)
    Membership.objects.bulk_create([Membership(group=group, contact_id=pk) for pk in ids], batch_size=5_000)


def write_bare(count: int) -> None:
    """Every cell of the file, and nothing else."""
    read: Iterator[list[str]] = csv.reader(io.StringIO(file_of(count).decode()))
    with connection.cursor() as cursor:
        cursor.execute(BARE)
        if connection.vendor == "sqlite":
            cursor.execute("BEGIN")
            places = ", ".join(["?"] * len(HEADER))
            cursor.cursor.connection.executemany(f"INSERT INTO bare VALUES ({places})", read)  # noqa: S608
            cursor.execute("COMMIT")
        else:
            copying: Any = cursor
            with copying.copy("COPY bare FROM STDIN") as copy:
                for row in read:
                    copy.write_row(row)
        cursor.execute("DROP TABLE bare")


@cache
def file_of(count: int) -> bytes:
    """So many rows under a header."""
    return "\n".join(",".join(cells) for cells in (HEADER, *lines(count))).encode()


def lines(count: int) -> Iterator[tuple[str, ...]]:
    """Local numbers, a few of which are none."""
    random = Random(1)  # noqa: S311
    for number in range(count):
        phone = "none" if random.random() < JUNK_SHARE else f"0812{number + 10_000_000:08d}"
        yield f"Person {number}", phone, "ind", "Bogor", str(number), str(number * 3)


def clear() -> None:
    """Take everything back."""
    AudienceUpload.objects.all().delete()
    Membership.objects.all().delete()
    Contact.objects.all().delete()


STAGES = (
    Stage("import, rows a second against import-export", ">= 25", import_against_import_export, repeats=3),
    Stage("import, time against the bare rows", "<= 4", import_against_bare_rows, repeats=3),
)

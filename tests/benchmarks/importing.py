"""An audience file's import beside django-import-export, beside the bare rows, and alone in a process for its memory.

The file has `BENCH_ROWS` rows (a million) of six columns. The peer gets the first `BENCH_PEER_ROWS` of them, and the
ratio is that of the rows a second: once as the library keeps memberships by itself, row by row, and once in its bulk
mode, which leaves them out, with the members written by hand afterwards.
"""

import csv
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any

import tablib
from django.conf import settings
from django.core.files import File
from django.db import connection
from import_export import fields, resources, widgets

from broadcaster.audience import importing, uploads
from broadcaster.audience.spreadsheets import Dialect
from broadcaster.models import AudienceRow, AudienceUpload, Contact, Group, Membership, RejectedRow
from tests.benchmarks.measuring import Stage, seconds
from tests.running import database_url

ROWS = int(os.environ.get("BENCH_ROWS", "1_000_000"))
PEER_ROWS = int(os.environ.get("BENCH_PEER_ROWS", "20_000"))
FEW_ROWS = 100_000
KILOBYTES = 1 << 10
JUNK_SHARE = 0.03
HEADER = ("Name", "Phone", "Language", "City", "Order", "Amount")
BARE = f"CREATE TEMPORARY TABLE bare ({', '.join(f'c{place} text' for place in range(len(HEADER)))})"


# A process imports the file, as a worker does, and tells the most memory that it ever held, in KiB as Linux counts.
# Not by getrusage, which goes on counting from what its parent held.
WORK = """
import pathlib, sys, django
django.setup()
from broadcaster.audience import importing
importing.import_rows(int(sys.argv[1]), life_s=3_600, resumed=True)
lines = pathlib.Path("/proc/self/status").read_text().splitlines()
print(next(line.split()[1] for line in lines if line.startswith("VmHWM:")))
"""


class PeerResource(resources.ModelResource):  # type: ignore[misc]  # the library has no types
    """With all that makes it quicker, as long as it keeps the memberships."""

    groups = fields.Field(attribute="groups", widget=widgets.ManyToManyWidget(Group, field="name"))

    class Meta:
        model = Contact
        fields = ("name", "phone", "language", "fields", "groups")
        import_id_fields = ("phone",)
        skip_diff = True
        skip_html_diff = True
        use_transactions = False


class BulkPeerResource(PeerResource):
    """Its bulk mode, which leaves memberships out."""

    class Meta(PeerResource.Meta):
        use_bulk = True
        batch_size = 1_000


def import_against_import_export() -> float:
    """Our rows a second over those of django-import-export as it keeps memberships; it reads no numbers."""
    return rows_a_second() / peer_rows_a_second(PeerResource)


def import_against_bulk_import_export() -> float:
    """The same over its bulk mode, helped by hand to the memberships."""
    return rows_a_second() / peer_rows_a_second(BulkPeerResource)


@cache
def rows_a_second() -> float:
    """Ours."""
    rate = ROWS / imported_s(ROWS)
    clear()
    return rate


def peer_rows_a_second(resource: type[PeerResource]) -> float:
    """Theirs."""
    rate = PEER_ROWS / seconds(lambda: peer_import(PEER_ROWS, resource))
    clear()
    return rate


def peak_memory() -> float:
    """The most megabytes that a process holds while it imports the file."""
    return peak_kib(ROWS) / KILOBYTES


def memory_growth() -> float:
    """The memory for the whole file over that for its first rows."""
    return peak_kib(ROWS) / peak_kib(FEW_ROWS)


def peak_kib(count: int) -> int:
    """The most memory that a process holds while it imports so many rows."""
    upload = confirmed(count)
    environment = {**os.environ, "DATABASE_URL": database_url(), "DATA_DIR": str(settings.DATA_DIR)}
    done = subprocess.run(
        [sys.executable, "-c", WORK, str(upload.pk)], env=environment, capture_output=True, check=True, text=True
    )
    upload.refresh_from_db()
    assert (upload.state, upload.rows) == ("imported", count)
    clear()
    return int(done.stdout)


def import_against_bare_rows() -> float:
    """Seconds of our import over those of reading the file and writing its cells to a table without any index."""
    bare = seconds(lambda: write_bare(ROWS))
    return ROWS / rows_a_second() / bare


def imported_s(count: int) -> float:
    """How long a file takes from the confirmed columns to the last row; everyone joins a group."""
    upload = confirmed(count)
    took = seconds(lambda: importing.import_rows(upload.pk, life_s=3_600, resumed=True))
    upload.refresh_from_db()
    assert (upload.state, upload.rows) == ("imported", count)
    return took


def confirmed(count: int) -> AudienceUpload:
    """A file about to be imported."""
    with tempfile.TemporaryFile() as content:
        content.write(file_of(count))
        upload = uploads.receive(File(content, name="people.csv"), region="ID")
    mapping = {**upload.mapping, "City": {"role": "field", "key": "city"}}
    group, _ = Group.objects.get_or_create(name="Everyone")
    uploads.configure(upload, dialect=Dialect(**upload.dialect), mapping=mapping, region="ID", group=group)
    importing.start(upload)
    return upload


def peer_import(count: int, resource: type[PeerResource]) -> None:
    """The same people, written as they stand in the file, and their group."""
    group, _ = Group.objects.get_or_create(name="Everyone")
    rows = [
        (name, f"+62{phone[1:]}", language, json.dumps({"city": city}), group.name)
        for name, phone, language, city, *_ in lines(count)
        if phone.isdecimal()
    ]
    result = resource().import_data(tablib.Dataset(*rows, headers=["name", "phone", "language", "fields", "groups"]))
    assert not result.has_errors()
    if resource is BulkPeerResource:
        ids = Contact.objects.values_list("pk", flat=True)
        Membership.objects.bulk_create([Membership(group=group, contact_id=pk) for pk in ids], batch_size=5_000)
    assert Membership.objects.count() == len(rows)


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
    """Take everything back, without a look at each row."""
    with connection.cursor() as cursor:
        for model in (AudienceRow, RejectedRow, AudienceUpload, Membership, Contact):
            cursor.execute(f"DELETE FROM {model._meta.db_table}")  # noqa: S608  names of our own


STAGES = (
    Stage("import, rows a second against import-export", ">= 25", import_against_import_export, repeats=1),
    Stage("import, rows a second against its bulk mode", ">= 25", import_against_bulk_import_export, repeats=1),
    Stage("import, time against the bare rows", "<= 4", import_against_bare_rows, repeats=1),
    Stage("import, peak memory in megabytes", "<= 150", peak_memory, repeats=1),
    Stage(f"import, peak memory against {FEW_ROWS:,} rows", "<= 1.1", memory_growth, repeats=1),
)

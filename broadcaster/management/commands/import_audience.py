"""`manage.py import_audience FILE`: a big file, or one from a script, straight into the contacts.

    $ manage.py import_audience people.csv --group June --region ID --mapping "No. HP=phone" --mapping "Kota=field:city"
    {"rows": 1000, "new": 940, "updated": 0, "unchanged": 0, "duplicate": 20, "invalid": 40, "suppressed": 0,
     "seconds": 0.4, "rejected_file": "people.csv.rejected.csv"}

The exit code is 0 when the file was read to its end, whatever its rows were; 2 when it cannot be read at all, or when
its import ended before, as where somebody cancels it in the browser; 130 when Ctrl-C cancelled it.
"""

import json
import math
import time
from argparse import ArgumentParser
from contextlib import contextmanager
from time import sleep
from typing import Any

from django.core.files import File
from django.db import transaction

from broadcaster.audience import columns, importing, mappings, rejects, uploads, values
from broadcaster.audience.spreadsheets import Dialect, UnreadableFile
from broadcaster.management.file_command import NOT_IMPORTED, FileCommand, pace, region_of, rejected_file
from broadcaster.models import AudienceUpload, Group

INTERRUPTED = 130
LOOK_EVERY_S = 1.0  # at a file that another worker imports
TRIAL = (
    "count, and keep nothing. It writes everything and takes it back at its end; until then other imports wait, and on "
    "SQLite whatever else writes"
)
State = AudienceUpload.State
BAR, WIDTH = 20, 78  # characters of the bar, and of the line that it stands in


class Command(FileCommand):
    """A trial writes everything, since only the database can tell what would become of a row."""

    help = "Import an audience file; prints one JSON summary."
    trial = TRIAL

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What the pages ask for, with the same guesses where nothing is said."""
        super().add_arguments(parser)
        parser.add_argument(
            "--group", metavar="NAME", default="", help="everyone in the file joins it; made if missing"
        )
        parser.add_argument(
            "--mapping",
            action="append",
            default=[],
            metavar="COLUMN=ROLE[:KEY[:KIND]]",
            help=f"what a column holds: {', '.join(mappings.ROLES)}; as often as needed. KEY is how templates name it, "
            f"and KIND what the values of a field are: {', '.join(values.KINDS)}",
        )

    def handle(self, *_args: str, **options: Any) -> None:
        """Receive, import, tell."""
        started = time.monotonic()
        try:
            with _undone(really=options["dry_run"]):
                upload = self._receive(options)
                is_interrupted, rejected = self._import(upload, options)
        except UnreadableFile as error:
            self.end(error.sentence)
        except OSError as error:
            self.end(f"{options['file']} cannot be read or kept: {error.strerror}.")
        except AudienceUpload.DoesNotExist:
            self.end("Its record was deleted meanwhile, so nobody can say what became of its rows.")
        except KeyboardInterrupt:
            self.end("Interrupted.", INTERRUPTED)
        summary = {"rows": upload.rows, **{name: getattr(upload, name) for name in AudienceUpload.COUNTS}}
        summary |= {"seconds": round(time.monotonic() - started, 1), "rejected_file": rejected}
        self.stdout.write(json.dumps(summary))
        if upload.state != State.IMPORTED:
            kept = " This was a trial, so nothing is kept." if options["dry_run"] else ""
            self.end(_why_it_ended(upload) + kept, INTERRUPTED if is_interrupted else NOT_IMPORTED)

    def _receive(self, options: dict[str, Any]) -> AudienceUpload:
        region = region_of(options)
        path = options["file"]
        with path.open("rb") as file:
            upload = uploads.receive(File(file, name=path.name), region=region)
        try:
            with transaction.atomic():
                group = _group(options["group"])
                mapping = _mapping(upload, options["mapping"])
                dialect = Dialect(**upload.dialect)
                uploads.configure(upload, dialect=dialect, mapping=mapping, region=region, group=group)
        except BaseException:
            _forget(upload)
            raise
        importing.start(upload)
        return upload

    def _import(self, upload: AudienceUpload, options: dict[str, Any]) -> tuple[bool, str | None]:
        """Whether Ctrl-C cancelled it, and the file with the refused rows; a trial leaves no file of ours behind."""
        is_interrupted = False
        try:
            try:
                self._until_it_ends(upload)
            except KeyboardInterrupt:
                is_interrupted = importing.cancel(upload)
            return is_interrupted, _rejected(upload, options)
        finally:
            if options["dry_run"]:
                upload.file.storage.delete(upload.file.name or "")

    def _until_it_ends(self, upload: AudienceUpload) -> None:
        """Import, or wait for a worker that was quicker, and go on where that one falls silent."""
        started = time.monotonic()

        def tell(rows: int) -> None:
            line = progress(before + rows, upload.expected_rows, seconds=time.monotonic() - started)
            self.tell(f"{line:{WIDTH}}")

        while True:
            before = upload.rows
            importing.import_rows(upload.pk, life_s=math.inf, told=tell)
            upload.refresh_from_db()
            if upload.state != State.IMPORTING:
                break
            sleep(LOOK_EVERY_S)
        if self.stderr.isatty():
            self.stderr.write("")


def _rejected(upload: AudienceUpload, options: dict[str, Any]) -> str | None:
    """The file with the refused rows, or None where there are none."""
    if not upload.rejected.exists():
        return None
    target = rejected_file(options)
    with target.open("w", encoding="utf-8", newline="") as file:
        file.writelines(rejects.as_csv(upload))
    return str(target)


def _why_it_ended(upload: AudienceUpload) -> str:
    """Why an import did not come to its end, in a sentence."""
    if upload.state in {State.FAILED, State.CANCELLED}:
        return upload.error
    return f"{upload} is not imported to its end: its state is “{upload.get_state_display()}”."


@contextmanager
def _undone(*, really: bool) -> Any:
    """Take everything in the block back, where it was only a trial."""
    if not really:
        yield
        return
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _mapping(upload: AudienceUpload, given: list[str]) -> dict[str, dict[str, str]]:
    """The guessed roles with those that were given. Raises UnreadableFile for a column or role that is none."""
    mapping: dict[str, dict[str, str]] = {**upload.mapping}
    for each in given:
        header, _, word = each.rpartition("=")
        role, key, kind = (*word.split(":", 2), "", "")[:3]
        if header not in mapping:
            raise UnreadableFile(f"The file has no column “{header}”; it has: {', '.join(mapping)}.")
        if role not in mappings.ROLES:
            raise UnreadableFile(f"“{role}” is not what a column can hold. Choose one of {', '.join(mappings.ROLES)}.")
        taken = [name for name, column in mapping.items() if column["role"] == role and role not in {"field", "row"}]
        if role != "ignore":  # what was only guessed gives way
            mapping |= {name: {**mapping[name], "role": "row"} for name in taken}
        mapping[header] = {"role": role, "key": columns.field_key(key) or mapping[header]["key"]}
        mapping[header] |= {"kind": kind} if kind else {}
    return mapping


def progress(rows: int, expected: int, *, seconds: float) -> str:
    """How far an import is, in one line: a bar and the time left, where the file tells how many rows it has."""
    told = pace(rows, seconds)
    if not expected or not rows:
        return told
    share = min(1.0, rows / expected)
    bar = "#" * round(share * BAR)
    return f"[{bar:.<{BAR}}] {share:4.0%}  {told}, {max(0, expected - rows) * max(seconds, 0.001) / rows:,.0f} s left"


def _group(name: str) -> Group | None:
    name = " ".join(name.split())
    return Group.objects.filter(name__iexact=name).first() or Group.objects.create(name=name) if name else None


def _forget(upload: AudienceUpload) -> None:
    upload.file.storage.delete(upload.file.name or "")
    if upload.pk:
        upload.delete()

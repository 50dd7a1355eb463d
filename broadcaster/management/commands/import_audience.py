"""`manage.py import_audience FILE`: a big file, or one from a script, straight into the contacts.

    $ manage.py import_audience people.csv --group June --region ID --mapping "No. HP=phone" --mapping "City=field:city"
    {"rows": 1000, "new": 940, "updated": 0, "unchanged": 0, "duplicate": 20, "invalid": 40, "suppressed": 0,
     "seconds": 0.4, "rejected_file": "people.csv.rejected.csv"}

The exit code is 0 when the file was read to its end, whatever its rows were, and 2 when it cannot be read at all.
"""

import json
import sys
import time
from argparse import ArgumentParser
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from django.core.files import File
from django.core.management.base import BaseCommand
from django.db import transaction

from broadcaster.audience import columns, phones, uploads
from broadcaster.audience.spreadsheets import Dialect, UnreadableFile
from broadcaster.models import AudienceUpload, Group

CANNOT_BE_READ = 2
TURN_S = 1.0  # between two lines of progress
ROLES = (*columns.ROLES, "row", "ignore")


class Command(BaseCommand):
    """Imports in this process; one JSON object on stdout, progress on stderr where that is a terminal."""

    help = "Import an audience file; prints one JSON summary."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What the pages ask for, with the same guesses where nothing is said."""
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--group", metavar="NAME", default="", help="everyone in the file joins it; made if missing"
        )
        parser.add_argument("--region", metavar="CC", default="", help="the country of local numbers, such as ID")
        parser.add_argument(
            "--mapping",
            action="append",
            default=[],
            metavar="COLUMN=ROLE[:KEY]",
            help=f"what a column holds: {', '.join(ROLES)}; as often as needed",
        )
        parser.add_argument("--rejected", type=Path, help="where the refused rows go; FILE.rejected.csv if not said")
        parser.add_argument("--dry-run", action="store_true", help="count, and write nothing")

    def handle(self, *_args: str, **options: Any) -> None:
        """Receive, import, tell."""
        started = time.monotonic()
        try:
            with _undone(really=options["dry_run"]):
                upload = self._receive(options)
                self._import(upload)
                rejected = self._rejected(upload, options)
        except UnreadableFile as error:
            self._end(error.sentence)
        except OSError as error:
            self._end(f"{options['file']} cannot be read or kept: {error.strerror}.")
        summary = {"rows": upload.rows, **{name: getattr(upload, name) for name in AudienceUpload.COUNTS}}
        summary |= {"seconds": round(time.monotonic() - started, 1), "rejected_file": rejected}
        self.stdout.write(json.dumps(summary))
        if upload.state == AudienceUpload.State.FAILED:
            self._end(upload.error)

    def _receive(self, options: dict[str, Any]) -> AudienceUpload:
        region = options["region"].upper()
        if region and region not in dict(phones.regions()):
            raise UnreadableFile(f"There is no country {region}. Give its two letters, such as ID.")
        path: Path = options["file"]
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
        uploads.start_import(upload)
        return upload

    def _import(self, upload: AudienceUpload) -> None:
        """Take turns until the end, and say how far it is where a person looks on."""
        started = time.monotonic()
        more = True
        while more:
            more = uploads.import_rows(upload.pk, life_s=TURN_S, resumed=True)
            upload.refresh_from_db()
            if self.stderr.isatty():
                rate = upload.rows / max(time.monotonic() - started, 0.001)
                self.stderr.write(f"\r{upload.rows:,} rows, {rate:,.0f} a second", ending="" if more else "\n")

    def _rejected(self, upload: AudienceUpload, options: dict[str, Any]) -> str | None:
        """The file with the refused rows, or None where there are none; a trial leaves no file of ours behind."""
        target = options["rejected"] or Path(f"{options['file']}.rejected.csv")
        is_any = upload.rejected.exists()
        if is_any:
            with target.open("w", encoding="utf-8", newline="") as file:
                file.writelines(uploads.rejected_csv(upload))
        if options["dry_run"]:
            _forget(upload)
        return str(target) if is_any else None

    def _end(self, sentence: str) -> NoReturn:
        self.stderr.write(sentence)
        sys.exit(CANNOT_BE_READ)


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
        role, _, key = word.partition(":")
        if header not in mapping:
            raise UnreadableFile(f"The file has no column “{header}”; it has: {', '.join(mapping)}.")
        if role not in ROLES:
            raise UnreadableFile(f"“{role}” is not what a column can hold. Choose one of {', '.join(ROLES)}.")
        taken = [name for name, column in mapping.items() if column["role"] == role and role not in {"field", "row"}]
        if role != "ignore":  # what was only guessed gives way
            mapping |= {name: {**mapping[name], "role": "row"} for name in taken}
        mapping[header] = {"role": role, "key": columns.field_key(key) or mapping[header]["key"]}
    return mapping


def _group(name: str) -> Group | None:
    name = " ".join(name.split())
    return Group.objects.filter(name__iexact=name).first() or Group.objects.create(name=name) if name else None


def _forget(upload: AudienceUpload) -> None:
    upload.file.storage.delete(upload.file.name or "")
    if upload.pk:
        upload.delete()

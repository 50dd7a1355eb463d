"""`manage.py import_optouts FILE`: a list of people who opted out, however long, into the opt-outs.

    $ manage.py import_optouts stop.csv --channel "WhatsApp" --region ID --reason "Moved from the old system"
    {"rows": 1000, "new": 940, "known": 20, "invalid": 40, "seconds": 0.4, "rejected_file": "stop.csv.rejected.csv"}

`known` were out already, or stand in the file twice. The exit code is 0 when the file was read to its end, whatever its
rows were, and 2 when it cannot be read. What was read before stays out; taking the file again does no harm.
"""

import json
import time
from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from broadcaster.audience import opt_out_files
from broadcaster.audience.opt_out_files import Plan, Progress
from broadcaster.audience.spreadsheets import UnreadableFile
from broadcaster.management.file_command import FileCommand, pace, region_of, rejected_file
from broadcaster.models import Channel


class Command(FileCommand):
    """What the page of opt-outs does, for a list of any length."""

    help = "Import a list of people who opted out; prints one JSON summary."
    trial = "count, and write nothing"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What the page asks for."""
        super().add_arguments(parser)
        parser.add_argument("--channel", metavar="NAME", default="", help="out of this channel; of all if not said")
        parser.add_argument("--reason", default="Imported from a list.", help="for rows that give none")

    def handle(self, *_args: str, **options: Any) -> None:
        """Look, import, tell."""
        started = time.monotonic()
        target = rejected_file(options)
        try:
            plan = opt_out_files.plan(options["file"], options["file"].name, region=region_of(options))
            progress = self._import(plan, target, options)
        except UnreadableFile as error:
            self.end(error.sentence)
        except OSError as error:
            self.end(f"{error.filename or options['file']} cannot be read or written: {error.strerror}.")
        summary = {name: getattr(progress, name) for name in ("rows", "new", "known", "invalid")}
        summary |= {"seconds": round(time.monotonic() - started, 1)}
        self.stdout.write(
            json.dumps(summary | {"rejected_file": str(target) if progress.invalid + progress.partly else None})
        )

    def _import(self, plan: Plan, target: Path, options: dict[str, Any]) -> Progress:
        """Import, write what is refused beside it, and say how far it is where a person looks on."""
        started, progress = time.monotonic(), Progress()
        options = {"channel": _channel(options["channel"]), "reason": options["reason"], "dry_run": options["dry_run"]}
        with ExitStack() as open_files:
            file: IO[str] | None = None
            for progress in opt_out_files.suppressed(plan, **options):
                if progress.refused and file is None:
                    file = open_files.enter_context(target.open("w", encoding="utf-8", newline=""))
                    file.write(opt_out_files.refused_heading(plan))
                if file:
                    file.writelines(map(opt_out_files.refused_line, progress.refused))
                self.tell(pace(progress.rows, time.monotonic() - started))
        return progress


def _channel(name: str) -> Channel | None:
    """The channel, or None for all. Raises UnreadableFile where there is none of this name."""
    if not name:
        return None
    channel = Channel.objects.filter(name=name).first()
    if channel is None:
        names = ", ".join(Channel.objects.values_list("name", flat=True)) or "none"
        raise UnreadableFile(f"There is no channel {name}. The channels are: {names}.")
    return channel

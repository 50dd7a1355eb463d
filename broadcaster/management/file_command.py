"""What the commands that import a file share: its arguments, the country, how fast it goes, and how they end."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand

from broadcaster.audience import phones
from broadcaster.audience.spreadsheets import UnreadableFile

NOT_IMPORTED = 2


class FileCommand(BaseCommand):
    """Imports in this process; one JSON object on stdout, progress on stderr where that is a terminal."""

    trial = ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file, how its local numbers are read, and what becomes of the rows."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--region", metavar="CC", default="", help="the country of local numbers, such as ID")
        parser.add_argument("--rejected", type=Path, help="where the refused rows go; FILE.rejected.csv if not said")
        parser.add_argument("--dry-run", action="store_true", help=self.trial)

    def tell(self, line: str) -> None:
        """Write over the line before, where a person looks on."""
        if self.stderr.isatty():
            self.stderr.write(f"\r{line}", ending="")

    def end(self, sentence: str, code: int = NOT_IMPORTED) -> NoReturn:
        """Say why it ends here."""
        self.stderr.write(sentence)
        sys.exit(code)


def region_of(options: dict[str, Any]) -> str:
    """The country. Raises UnreadableFile where there is none of this name."""
    region: str = options["region"].upper()
    if region and region not in dict(phones.regions()):
        raise UnreadableFile(f"There is no country {region}. Give its two letters, such as ID.")
    return region


def rejected_file(options: dict[str, Any]) -> Path:
    """Where the refused rows go."""
    target: Path | None = options["rejected"]
    return target or Path(f"{options['file']}.rejected.csv")


def pace(rows: int, seconds: float) -> str:
    """How far an import is, and how fast."""
    return f"{rows:,} rows, {rows / max(seconds, 0.001):,.0f} a second"

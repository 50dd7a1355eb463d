"""Runs the benchmarks on a database of their own and prints a table; `--json FILE` keeps the rows.

With words after the command, only the stages whose names contain one of them are run.
"""

import argparse
import json
import os
from dataclasses import asdict
from pathlib import Path

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
os.environ["LOG_LEVEL"] = "ERROR"
os.environ["DATABASE_URL"] = os.environ.get("TEST_POSTGRES_URL") or "sqlite:///unused"
django.setup()

from django.test.utils import setup_databases, teardown_databases  # noqa: E402  needs settings

from tests.benchmarks import api, expansion, importing, pages, receipts, sending  # noqa: E402
from tests.benchmarks.measuring import Row, measure  # noqa: E402

STAGES = (*importing.STAGES, *expansion.STAGES, *sending.STAGES, *receipts.STAGES, *pages.STAGES, *api.STAGES)


def main() -> None:
    """Measure the stages."""
    parser = argparse.ArgumentParser(prog="run.py bench")
    parser.add_argument("--json", type=Path, help="write the rows to this file too")
    parser.add_argument("words", nargs="*", help="only the stages with one of these words in their names")
    options = parser.parse_args()
    chosen = [stage for stage in STAGES if not options.words or any(word in stage.name for word in options.words)]
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        rows = [shown(measure(stage)) for stage in chosen]
    finally:
        teardown_databases(databases, verbosity=0)
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=2))


def shown(row: Row) -> Row:
    """Print the row as soon as it is known."""
    verdict = "met" if row.met else "NOT MET"
    print(
        f"{row.name:52} {row.ratio:6.2f}  ({row.lowest:.2f} to {row.highest:.2f})  goal {row.goal:7} {verdict}",
        flush=True,
    )
    return row


if __name__ == "__main__":
    main()

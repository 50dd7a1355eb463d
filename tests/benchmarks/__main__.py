"""Runs the benchmarks on a database of their own and prints a table; `--json FILE` keeps the rows."""

import argparse
import json
import os
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
os.environ["LOG_LEVEL"] = "ERROR"
os.environ["DATABASE_URL"] = os.environ.get("TEST_POSTGRES_URL") or "sqlite:///unused"
django.setup()

from django.test.utils import setup_databases, teardown_databases  # noqa: E402  needs settings

from tests.benchmarks import stages  # noqa: E402

REPEATS = 5


@dataclass(frozen=True, slots=True)
class Row:
    """One benchmark: the median of ours / theirs, its range, and whether it reaches the goal."""

    name: str
    ratio: float
    lowest: float
    highest: float
    goal: str
    met: bool


def measure(name: str, goal: str, stage: Callable[[], float], meets: Callable[[float], bool]) -> Row:
    """Repeat a stage, each time ours beside theirs."""
    ratios = [stage() for _ in range(REPEATS)]
    median = statistics.median(ratios)
    return Row(name, round(median, 2), round(min(ratios), 2), round(max(ratios), 2), goal, meets(median))


def main() -> None:
    """Measure every stage."""
    parser = argparse.ArgumentParser(prog="run.py bench")
    parser.add_argument("--json", type=Path, help="write the rows to this file too")
    options = parser.parse_args()
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        rows = [
            measure(
                "expansion, time against one INSERT..SELECT",
                "<= 3",
                stages.expansion_against_bare_rows,
                lambda ratio: ratio <= 3,
            ),
            measure(
                "sending, rate against a Session.post pool",
                ">= 1.5",
                stages.sending_against_a_plain_pool,
                lambda ratio: ratio >= 1.5,
            ),
            measure(
                "receipts, rate against one UPDATE each",
                ">= 5",
                stages.receipts_against_single_updates,
                lambda ratio: ratio >= 5,
            ),
        ]
    finally:
        teardown_databases(databases, verbosity=0)
    for row in rows:
        print(f"{row.name:46} {row.ratio:6.2f}  ({row.lowest:.2f} to {row.highest:.2f})  goal {row.goal:7} {row.met}")
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=2))


if __name__ == "__main__":
    main()

"""A benchmark: a stage that measures ours beside its peer or its limit in one run, and the goal of the ratio."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

REPEATS = 5


@dataclass(frozen=True, slots=True)
class Stage:
    """One thing that is measured: `run` returns the ratio of one repeat; `goal` reads like ">= 1.5" or "<= 3"."""

    name: str
    goal: str
    run: Callable[[], float]
    repeats: int = REPEATS

    def is_met_by(self, ratio: float) -> bool:
        """Whether a ratio reaches the goal."""
        relation, number = self.goal.split()
        return ratio >= float(number) if relation == ">=" else ratio <= float(number)


@dataclass(frozen=True, slots=True)
class Row:
    """One benchmark: the median of ours / theirs, its range, and whether it reaches the goal."""

    name: str
    ratio: float
    lowest: float
    highest: float
    goal: str
    met: bool


def measure(stage: Stage) -> Row:
    """Repeat a stage, each time ours beside theirs."""
    ratios = [stage.run() for _ in range(stage.repeats)]
    median = statistics.median(ratios)
    return Row(
        stage.name, round(median, 2), round(min(ratios), 2), round(max(ratios), 2), stage.goal, stage.is_met_by(median)
    )


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started

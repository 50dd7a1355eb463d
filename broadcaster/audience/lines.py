"""Lines of the CSV files that leave for a spreadsheet program: their letters are read right, and no cell runs."""

import csv
from collections.abc import Iterable

from broadcaster.audience.cells import inert

BYTE_ORDER_MARK = "\ufeff"  # without it Excel reads names in the wrong encoding


class _Line:
    """A file for `csv.writer` that hands each line back instead of keeping it."""

    def write(self, line: str) -> str:
        """The line."""
        return line


def heading(cells: Iterable[str]) -> str:
    """The first line of a file, with the mark that must stand before it."""
    return BYTE_ORDER_MARK + line(cells)


def line(cells: Iterable[str]) -> str:
    """A line with its end; what would be a formula is made inert."""
    written: str = csv.writer(_Line()).writerow([inert(cell) for cell in cells])
    return written

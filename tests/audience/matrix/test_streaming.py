"""Long files are read in constant memory, and say beforehand about how long they are."""

import tracemalloc
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from broadcaster.audience.spreadsheets import detect, expected_rows, preview, rows
from tests.audience.matrix.writers import SHEET, document, forged, shared, text, workbook

ROWS = 10_000
LONG = "x" * 500  # so that the texts alone are larger than the limit
MOST_BYTES = 3_000_000
TABLE = [["Nama", "HP"], *([f"Ann {number} {LONG}", f"0812{number:08d}"] for number in range(ROWS))]


def unsized() -> bytes:
    return forged(workbook(TABLE), SHEET, lambda xml: xml.replace("<dimension ", "<sized "))


FILES: dict[str, Callable[[], bytes]] = {
    "csv": lambda: text(TABLE),
    "UTF-16": lambda: text(TABLE, encoding="utf-16-le"),
    "xlsx": lambda: workbook(TABLE),
    "xlsx without a size": unsized,
    "xlsx with shared texts": lambda: shared(workbook(TABLE)),
    "ods": lambda: document(TABLE),
}


@pytest.fixture(scope="module", params=FILES, ids=str)
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("long") / "audience"
    path.write_bytes(FILES[request.param]())
    return path


def test_a_long_file_is_read_in_constant_memory(path: Path) -> None:
    tracemalloc.start()
    count = sum(1 for _ in rows(path, detect(path, "audience")))
    _now, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == ROWS
    assert peak_bytes < MOST_BYTES < ROWS * len(LONG)


def test_it_says_about_how_many_rows_it_has(path: Path) -> None:
    assert abs(expected_rows(path, detect(path, "audience")) - ROWS) <= 2


def test_a_preview_reads_no_further_than_it_shows(path: Path) -> None:
    dialect = detect(path, "audience")
    tracemalloc.start()
    shown = preview(path, dialect)
    list(islice(rows(path, dialect), 5))
    _now, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(shown.rows) == 10
    assert peak_bytes < MOST_BYTES

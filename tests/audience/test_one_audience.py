"""One audience, saved in every way that operators save it: the same people must come out, with the same reasons."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook

from broadcaster.audience.columns import field_keys, guess
from broadcaster.audience.phones import Refusal, normalise
from broadcaster.audience.spreadsheets import Dialect, detect, preview, rows

TABLE = [
    ["No.", "Nama", "No. WA", "Kota", "Order No."],
    ["1", "Budi Santoso", "0812-3456-7890", "Jakarta", "A-1"],
    ["2", "Zoë “Zo” Müller", "+49 151 23456789", "München", "A;2"],
    ["3", "Siti, dr.", "81234567892", "Bandung | Cimahi", ""],
    ["", "", "", "", ""],
    ["4", "Rina\nWijaya", "6.28E+12", "Medan", "A\t4"],
    ["5", "Agus", "", "Surabaya", "A-5"],
    ["6", "Dewi", "021-1234567 ext. 8", "Bogor", "A-6"],
]
PEOPLE = [
    (2, "Budi Santoso", "+6281234567890", {"no": "1", "kota": "Jakarta", "order_no": "A-1"}),
    (3, "Zoë “Zo” Müller", "+4915123456789", {"no": "2", "kota": "München", "order_no": "A;2"}),
    (4, "Siti, dr.", "+6281234567892", {"no": "3", "kota": "Bandung | Cimahi", "order_no": ""}),
    (6, "Rina\nWijaya", "spoilt_by_spreadsheet", {"no": "4", "kota": "Medan", "order_no": "A\t4"}),
    (7, "Agus", "empty", {"no": "5", "kota": "Surabaya", "order_no": "A-5"}),
    (8, "Dewi", "extension", {"no": "6", "kota": "Bogor", "order_no": "A-6"}),
]


def text(delimiter: str, encoding: str, line_end: str = "\r\n", before: str = "") -> Callable[[Path], None]:
    def save(path: Path) -> None:
        lines = (delimiter.join(f'"{cell}"' for cell in row).replace("\n", line_end) for row in TABLE)
        path.write_bytes((before + line_end.join(lines)).encode(encoding))

    return save


def workbook(*, numeric: bool = False) -> Callable[[Path], None]:
    def save(path: Path) -> None:
        book = Workbook()
        for row in TABLE:
            book.worksheets[0].append([_typed(cell) if numeric else cell or None for cell in row])
        book.save(path)

    return save


def _typed(cell: str) -> float | str | None:
    """As a spreadsheet program stores what a person types into a fresh cell."""
    return float(cell) if cell.isdecimal() else cell or None


FILES = {
    "Excel, German": text(";", "cp1252"),
    "Excel, UTF-8": text(",", "utf-8", before="\ufeff"),
    "Excel, Unicode text": text("\t", "utf-16-le", before="\ufeff"),
    "Excel with sep=": text("|", "utf-8", before="\ufeffsep=|\r\n"),
    "LibreOffice": text(",", "utf-8", "\n"),
    "database export": text("\t", "utf-8", "\n"),
    "Mac": text(";", "utf-8", "\r"),
    "big-endian": text(",", "utf-16-be", before="\ufeff"),
    "workbook of texts": workbook(),
    "workbook of numbers": workbook(numeric=True),
}


def people(path: Path, dialect: Dialect) -> list[tuple[int, str, str, dict[str, str]]]:
    shown = preview(path, dialect)
    roles = guess(shown.headers, [row.values for row in shown.rows], "ID")
    keys = field_keys(shown.headers)
    found = []
    for number, values in rows(path, dialect):
        cells = dict(zip(shown.headers, values, strict=True))
        by_role = {role: cells[header] for header, role in roles.items()}
        phone = normalise(by_role["phone"], "ID")
        fields = {keys[header]: cell for header, cell in cells.items() if roles[header] == "field"}
        found.append((number, by_role["name"], phone.code if isinstance(phone, Refusal) else phone, fields))
    return found


@pytest.mark.parametrize("save", FILES.values(), ids=FILES.keys())
def test_the_same_people_come_out_of_every_file(tmp_path: Path, save: Callable[[Path], None]) -> None:
    path = tmp_path / "audience"
    save(path)
    assert people(path, detect(path, "audience.csv")) == PEOPLE


def test_a_long_file_is_read_in_constant_memory(tmp_path: Path) -> None:
    path = tmp_path / "audience.csv"
    path.write_text("Nama;HP\n" + "Budi Santoso;081234567890\n" * 100_000, encoding="utf-8")
    tracemalloc.start()
    count = sum(1 for _ in rows(path, detect(path, path.name)))
    _now, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 100_000
    assert peak_bytes < path.stat().st_size / 4

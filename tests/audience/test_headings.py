"""Whether the first row names the columns: people at the top of a file without a header are not lost."""

from pathlib import Path

import pytest

from broadcaster.audience.headings import are_names
from broadcaster.audience.spreadsheets import Dialect, detect, preview, rows
from tests.audience.matrix.writers import document, text, workbook

BELOW = ["Bob,CUST-00013,20250102", "Eve,CUST-00014,20250203"]
DATA = {
    "local number": ("Ann,081234567890", []),
    "number with its country": ("+62 812-3456-7890", []),
    "number after an apostrophe": ("'081234567890", []),
    "number that must stay text": ('="081234567890"', []),
    "number in full-width digits": ("081234567890".translate({ord(str(n)): 0xFF10 + n for n in range(10)}), []),
    "number with invisible signs": ("\u202a+6281234567890\u202c", []),
    "number of WhatsApp": ("whatsapp:+6281234567890", []),
    "number with an extension": ("0812 3456 7890 ext. 5", []),
    "spoilt number": ("Ann,6.28E+12", ["Bob,6.28E+12"]),
    "identifiers": ("Ann,CUST-00012", BELOW),
    "plain identifiers": ("100012,x", ["100013,y", "100014,z"]),
    "addresses": ("Ann,ann@example.org", ["Bob,bob@example.com", "Eve,eve@example.net"]),
    "dates": ("Ann,2025-01-31", ["Bob,2025-02-01", "Eve,2025-02-02"]),
}
NAMES = {
    "words": ("Name,HP", ["Ann,0812", "Bob,0813"]),
    "words above identifiers": ("Name,Code,Date", BELOW),
    "a word above, a date in the header": ("HP,2025-01-31", ["081234567890,2025-01-31", "081234567891,2025-01-31"]),
    "years": ("Name,2024,2025", ["Ann,1500,1600", "Bob,1501,1601"]),
    "numbered words": ("Address 1,Address 2", ["Street 1,Street 2", "Street 3,Street 4"]),
    "the number sign": ("#,Name", ["1,Ann", "2,Bob"]),
    "an example in the name": ("HP (0812 3456 7890),Name", ["1,Ann", "2,Bob"]),
    "a broken reference": ("#DIV/0!,Name", ["1,Ann", "2,Bob"]),
    "too few rows to tell": ("Ann,CUST-00012", BELOW[:1]),
    "other identifiers below": ("Ann,CUST-00012", ["Bob,CUST-00013", "Eve,none"]),
}


def cells(line: str) -> list[str]:
    return line.split(",")


@pytest.mark.parametrize(("first", "below"), DATA.values(), ids=DATA)
def test_a_row_of_data_is_no_header(first: str, below: list[str]) -> None:
    assert not are_names(cells(first), list(map(cells, below)))


@pytest.mark.parametrize(("first", "below"), NAMES.values(), ids=NAMES)
def test_a_row_of_names_is_one(first: str, below: list[str]) -> None:
    assert are_names(cells(first), list(map(cells, below)))


@pytest.mark.parametrize("write", [text, workbook, document])
def test_the_first_person_is_kept_in_every_format(tmp_path: Path, write: object) -> None:
    assert callable(write)
    path = tmp_path / "audience"
    path.write_bytes(write([["Ann", "081234567890"], ["Bob", "081234567891"]]))
    dialect = detect(path, "audience")
    assert (preview(path, dialect).headers, [row.values[0] for row in rows(path, dialect)]) == (
        ["Column 1", "Column 2"], ["Ann", "Bob"],
    )  # fmt: skip


def test_the_operator_may_say_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "audience"
    path.write_bytes(b"081234567890\n081234567891\n")
    assert preview(path, Dialect("csv", "utf-8", ",", header_row=True)).headers == ["081234567890"]

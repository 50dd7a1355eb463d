"""Files as operators have them, built here byte by byte, and the rows and sentences that come out."""

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadcaster.audience.dialects import MAX_CELL_CHARACTERS, MAX_COLUMNS
from broadcaster.audience.spreadsheets import (
    DELIMITERS,
    ENCODINGS,
    Dialect,
    UnreadableFile,
    detect,
    headers,
    preview,
    rows,
)

TABLE = [
    ["Name", "HP", "Catatan"],
    ["Zoë Müller", "081234567890", "bukan, tapi; atau | dan\ttab"],
    ["Renée", "081234567891", "baris satu\nbaris dua"],
    ["Álvaro “Al” Núñez", "", "kosong"],
]
HEADERS, BODY = TABLE[0], TABLE[1:]

ENCODED = {
    "UTF-8": ("utf-8", b""),
    "UTF-8 marked": ("utf-8", b"\xef\xbb\xbf"),
    "UTF-16": ("utf-16-le", b""),
    "UTF-16 marked": ("utf-16-le", b"\xff\xfe"),
    "UTF-16 big-endian": ("utf-16-be", b"\xfe\xff"),
}
LINE_ENDS = {"Windows": "\r\n", "Unix": "\n", "old Mac": "\r"}


def as_text(table: list[list[str]], delimiter: str = ",", line_end: str = "\r\n") -> str:
    quoted = [['"' + cell.replace('"', '""').replace("\n", line_end) + '"' for cell in row] for row in table]
    return "".join(delimiter.join(row) + line_end for row in quoted)


def write(folder: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / "audience"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def read(path: Path, name: str = "audience.csv") -> tuple[list[str], list[list[str]]]:
    dialect = detect(path, name)
    return headers(path, dialect), [row.values for row in rows(path, dialect)]


def refusal(path: Path, name: str = "audience.csv", dialect: Dialect | None = None) -> str:
    with pytest.raises(UnreadableFile) as caught:
        list(rows(path, dialect or detect(path, name)))
    return caught.value.sentence


@pytest.mark.parametrize("first_line", ["", "sep={}"], ids=["plain", "announced"])
@pytest.mark.parametrize("line_end", LINE_ENDS.values(), ids=LINE_ENDS.keys())
@pytest.mark.parametrize("delimiter", [delimiter for delimiter, _label in DELIMITERS])
@pytest.mark.parametrize("encoded", ENCODED.values(), ids=ENCODED.keys())
def test_any_text_file_gives_the_same_rows(
    tmp_path: Path, encoded: tuple[str, bytes], delimiter: str, line_end: str, first_line: str
) -> None:
    encoding, mark = encoded
    announced = first_line.format(delimiter) + line_end if first_line else ""
    path = write(tmp_path, mark + (announced + as_text(TABLE, delimiter, line_end)).encode(encoding))
    assert detect(path, "audience.txt") == Dialect("csv", encoding, delimiter)
    assert read(path) == (HEADERS, BODY)


@pytest.mark.parametrize(("encoding", "name"), [("cp1252", "Zoë Müller €"), ("mac_roman", "Hélène Grève-è")])
def test_western_files_that_are_not_unicode(tmp_path: Path, encoding: str, name: str) -> None:
    path = write(tmp_path, as_text([HEADERS, [name, "0812", "x"]]), encoding)
    assert detect(path, "audience.csv").encoding == encoding
    assert read(path)[1] == [[name, "0812", "x"]]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_character_whose_half_is_zero_does_not_hide_unmarked_utf16(tmp_path: Path, encoding: str) -> None:
    table = [HEADERS, ["\u4e00\u0100", "081234567890", "x"]]
    assert read(write(tmp_path, as_text(table), encoding)) == (HEADERS, [table[1]])


@pytest.mark.parametrize("encoding", [codec for codec, _label in ENCODINGS])
def test_every_encoding_that_is_offered_can_be_chosen(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path, "Name,HP\r\nAnn,0812\r\n", encoding)
    assert [row.values for row in rows(path, Dialect("csv", encoding, ","))] == [["Ann", "0812"]]


def test_one_strange_byte_far_down_decides_the_encoding(tmp_path: Path) -> None:
    path = write(tmp_path, b"name,phone\n" + b"Ann,0812\n" * 30_000 + b"Zo\xeb,0813\n")
    assert detect(path, "audience.csv").encoding == "cp1252"
    assert list(rows(path, detect(path, "audience.csv")))[-1] == (30_002, ["Zoë", "0813"])


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("Name, first;Phone;City\nAnn;0812;Bali\n", ";"),
        ("Name, first\tPhone\nAnn\t0812\n", "\t"),
        ("phone\n0812,5\n", ","),
        ('"sep=|"\na,b|c\n1,2|3\n', "|"),
        ("Our customers\nName;Phone\nAnn;0812\n", ";"),
    ],
    ids=["most fields", "alike in all rows", "single column", "announced in quotation marks", "under a title"],
)
def test_the_separator_is_found(tmp_path: Path, text: str, delimiter: str) -> None:
    assert detect(write(tmp_path, text), "audience.csv").delimiter == delimiter


def test_a_changed_setting_changes_the_preview(tmp_path: Path) -> None:
    path = write(tmp_path, "Näme;HP\r\nZoë;0812\r\n")
    assert preview(path, Dialect("csv", "cp1252", ",")).headers == ["NÃ¤me;HP"]
    assert preview(path, Dialect("csv", "utf-8", ";")).rows == [(2, ["Zoë", "0812"])]


def test_the_preview_shows_the_first_rows_only(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b\n" + "1,2\n" * 50)
    shown = preview(path, detect(path, "audience.csv"), limit=3)
    assert (shown.headers, [row.number for row in shown.rows]) == (["a", "b"], [2, 3, 4])


def test_a_dialect_survives_json(tmp_path: Path) -> None:
    dialect = detect(write(tmp_path, "a;b\n1;2\n"), "audience.csv")
    assert Dialect(**asdict(dialect)) == dialect


def test_rows_are_numbered_as_a_spreadsheet_shows_them(tmp_path: Path) -> None:
    path = write(tmp_path, 'sep=,\nName,HP\n\n"Ann\nLee",0812\n,\n,,\nBob,0813\n')
    assert [(row.number, row.values) for row in rows(path, detect(path, "audience.csv"))] == [
        (3, ["Ann\nLee", "0812"]),
        (6, ["Bob", "0813"]),
    ]


def test_short_rows_are_filled_and_long_rows_keep_their_cells(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b,c\n1\n" + "1,2,3\n" * 120 + "1,2,3,,five,,\n")
    found = [row.values for row in rows(path, detect(path, "audience.csv"))]
    assert (found[0], found[-1]) == (["1", "", ""], ["1", "2", "3", "", "five"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Name,,HP\n1,2,3\n", ["Name", "Column 2", "HP"]),
        ("Name,name,Name 2,NAME\n1,2,3,4\n", ["Name", "name 2", "Name 2 2", "NAME 3"]),
        ("Name,HP,,,\n1,2,,,\n", ["Name", "HP"]),
        ("Name,HP\n1,2,3\n", ["Name", "HP", "Column 3"]),
        (" Full\u00a0 name ,HP\n1,2\n", ["Full name", "HP"]),
        ('"Order\nNo.",HP\n1,2\n', ["Order No.", "HP"]),
        ("\n\nName,HP\n1,2\n", ["Name", "HP"]),
    ],
    ids=["empty", "repeated", "empty at the end", "missing", "spaces", "line break", "blank rows above"],
)
def test_headers_are_filled_and_told_apart(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert read(write(tmp_path, text))[0] == expected


def test_a_file_that_starts_with_data_loses_nobody(tmp_path: Path) -> None:
    path = write(tmp_path, "Ann,+62 812-3456-7890\nBob,081234567891\n")
    assert read(path) == (["Column 1", "Column 2"], [["Ann", "+62 812-3456-7890"], ["Bob", "081234567891"]])


def test_a_year_or_a_date_may_be_a_header(tmp_path: Path) -> None:
    assert read(write(tmp_path, "HP,2024,2024-01-31\n0812,1,2\n"))[0] == ["HP", "2024", "2024-01-31"]


def test_a_mark_that_the_rest_of_the_file_belies_is_found_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, b"\xef\xbb\xbfname,phone\n" + b"Ann,0812\n" * 30_000 + b"Zo\xeb,0813\n")
    with pytest.raises(UnreadableFile, match=r"not written in Unicode \(UTF-8\) throughout"):
        detect(path, "audience.csv")


REFUSED = {
    "empty": (b"", "file is empty"),
    "blank": (b" \r\n,,\r\n", "file is empty"),
    "only a mark": (b"\xef\xbb\xbf", "file is empty"),
    "header only": (b"name,phone\n", "no rows below"),
    "zeros": (b"name,phone\n\0\0\0", "not a table"),
    "zeros far down": (b"name,phone\n" + b"Ann,0812\n" * 20_000 + b"\0", "not a table"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not a table"),
    "gzip": (b"\x1f\x8b\x08" + bytes(range(1, 32)), "not a table"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "page or a document"),
    "web page": (b" <html><table><tr><td>0812</td></tr></table>", "page or a document"),
    "endless line": (b"a," * (1 << 22), "not a table"),
    "unclosed quotation mark": (b'name,phone\nAnn,0812\n"Bob,0813\nEve,0814\n', "Row 3 opens a quotation mark"),
    "swallowed rows": (b'name,phone\n"Bob,0813\n' + b"Eve,0814\n" * 20_000, "Row 2 opens a quotation mark"),
    "endless row": (b"HP,Name\n1," + (b'"' + b"x" * 100_000 + b'\n",') * 180, "not a table"),
    "too many columns": (b"a," * MAX_COLUMNS + b"a\n" + b"1,2\n", f"at most {MAX_COLUMNS} can be read"),
    "too long a cell": (b"a,b\n1," + b"x" * (MAX_CELL_CHARACTERS + 1), "Row 2 has a cell of more than 32,767"),
}


@pytest.mark.parametrize(("content", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_table_is_refused_in_plain_words(tmp_path: Path, content: bytes, words: str) -> None:
    assert words in refusal(write(tmp_path, content))


@pytest.mark.parametrize("name", ["audience.pdf", "audience.xls", "audience.JSON", "audience.docx"])
def test_text_with_the_wrong_ending_is_refused(tmp_path: Path, name: str) -> None:
    sentence = refusal(write(tmp_path, "name,phone\nAnn,0812\n"), name)
    assert f"type {Path(name).suffix.lower()} cannot be read" in sentence


@pytest.mark.parametrize(
    ("dialect", "words"),
    [
        (Dialect("csv", "utf-8", ","), "not written in Unicode (UTF-8)"),
        (Dialect("csv", "klingon", ","), "encoding “klingon” is not known"),
        (Dialect("csv", "cp1252", ""), "separator must be one character"),
        (Dialect("csv", "cp1252", '"'), "separator must be one character"),
    ],
    ids=["wrong encoding", "unknown encoding", "no separator", "impossible separator"],
)
def test_settings_that_do_not_fit_are_refused(tmp_path: Path, dialect: Dialect, words: str) -> None:
    assert words in refusal(write(tmp_path, "Näme,HP\nZoë,0812\n", "cp1252"), dialect=dialect)


def test_the_widest_table_and_the_longest_cell_are_read(tmp_path: Path) -> None:
    wide = ",".join(map(str, range(MAX_COLUMNS)))
    path = write(tmp_path, f"{wide}\n{'x' * MAX_CELL_CHARACTERS}\n")
    names, body = read(path)
    assert (len(names), len(body[0][0])) == (MAX_COLUMNS, MAX_CELL_CHARACTERS)


# What a cell may hold in any file: no NUL, no half of a character, line ends as \n, and a letter at either end.
CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=["Cc"]), max_size=9).map(
    lambda inner: f"x{inner}\ny"
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1)
    ),
    delimiter=st.sampled_from([delimiter for delimiter, _label in DELIMITERS]),
    encoding=st.sampled_from(["utf-8", "utf-16-le", "gb18030"]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_what_was_written_is_read(
    tmp_path: Path, table: list[list[str]], delimiter: str, encoding: str, line_end: str
) -> None:
    path = write(tmp_path, as_text(table, delimiter, line_end), encoding)
    dialect = Dialect("csv", encoding, delimiter, header_row=False)
    assert [row.values for row in rows(path, dialect)] == table


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400))
def test_any_bytes_give_rows_or_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path, content)
    with suppress(UnreadableFile):
        assert all(any(row.values) for row in rows(path, detect(path, "audience.csv")))

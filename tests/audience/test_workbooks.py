"""Workbooks as Excel and its rivals save them, and those that somebody has broken, locked or booby-trapped."""

import datetime as dt
import random
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from broadcaster.audience.spreadsheets import Dialect, UnreadableFile, detect, preview, rows, sheet_names

SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
INLINE = 't="inlineStr"><is><t>{}</t></is>'
OLE = bytes.fromhex("D0CF11E0A1B11AE1")


def save(folder: Path, table: list[list[object]], title: str = "Sheet1") -> Path:
    workbook = Workbook()
    sheet = first(workbook)
    sheet.title = title
    for values in table:
        sheet.append(values)
    return saved(workbook, folder)


def first(workbook: Workbook) -> Worksheet:
    sheet = workbook.worksheets[0]
    assert isinstance(sheet, Worksheet)
    return sheet


def saved(workbook: Workbook, folder: Path) -> Path:
    path = folder / "audience.xlsx"
    workbook.save(path)
    return path


def rewritten(path: Path, member: str, change: Callable[[str], str]) -> Path:
    """Forge one part of a workbook."""
    with ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[member] = change(parts.get(member, b"").decode()).encode()
    return packed(path, parts)


def packed(path: Path, parts: dict[str, bytes]) -> Path:
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def read(path: Path, name: str = "audience.xlsx") -> list[list[str]]:
    dialect = detect(path, name)
    return [preview(path, dialect).headers, *(row.values for row in rows(path, dialect))]


def refusal(path: Path, dialect: Dialect | None = None) -> str:
    with pytest.raises(UnreadableFile) as caught:
        list(rows(path, dialect or detect(path, "audience.xlsx")))
    return caught.value.sentence


CELLS = {
    "text": ("Zoë", "Zoë"),
    "text with a leading zero": ("0812", "0812"),
    "spaces around": (" Ann ", "Ann"),
    "line break": ("a\nb", "a\nb"),
    "number": (6281234567890, "6281234567890"),
    "float": (6281234567890.0, "6281234567890"),
    "fraction": (0.1 + 0.2, "0.3"),
    "beyond fifteen digits": (6.28e21, "6.28e+21"),
    "negative": (-5.0, "-5"),
    "date": (dt.date(2025, 1, 31), "2025-01-31"),
    "moment": (dt.datetime.fromisoformat("2025-01-31T09:05"), "2025-01-31T09:05:00"),
    "time": (dt.time(9, 5), "09:05:00"),
    "duration": (dt.timedelta(hours=26, minutes=5, seconds=9), "26:05:09"),
    "truth": (True, "TRUE"),
    "error value": ("#N/A", "#N/A"),
    "nothing": (None, ""),
}


@pytest.mark.parametrize(("value", "text"), CELLS.values(), ids=CELLS.keys())
def test_cells_become_text_as_a_person_sees_them(tmp_path: Path, value: object, text: str) -> None:
    assert read(save(tmp_path, [["cell", "end"], [value, "x"]])) == [["cell", "end"], [text, "x"]]


def test_a_formula_gives_its_value(tmp_path: Path) -> None:
    path = save(tmp_path, [["HP"], ["=1+1"]])
    path = rewritten(path, SHEET, lambda xml: re.sub(r"<v ?/>|<v></v>", "<v>6281234567890</v>", xml))
    assert read(path) == [["HP"], ["6281234567890"]]


def test_texts_shared_between_cells_are_read_as_excel_saves_them(tmp_path: Path) -> None:
    path = save(tmp_path, [["HP"], ["0812"]])
    shared = f'<sst xmlns="{MAIN}"><si><t>HP</t></si><si><r><t>08</t></r><r><t>13</t></r></si></sst>'
    part = f'<Override PartName="/{STRINGS}" ContentType="{OFFICE}.sharedStrings+xml"/></Types>'
    path = rewritten(path, STRINGS, lambda _: shared)
    path = rewritten(path, "[Content_Types].xml", lambda xml: xml.replace("</Types>", part))
    path = rewritten(path, SHEET, lambda xml: xml.replace(INLINE.format("0812"), 't="s"><v>1</v>'))
    assert read(path) == [["HP"], ["0813"]]


def test_rows_keep_the_numbers_that_excel_shows(tmp_path: Path) -> None:
    path = save(tmp_path, [[], ["Name", "HP"], [], [None, " "], ["Ann", "0812"], [None, None, "late"]])
    found = [(row.number, row.values) for row in rows(path, detect(path, "audience.xlsx"))]
    assert found == [(5, ["Ann", "0812", ""]), (6, ["", "", "late"])]


def test_the_first_filled_visible_sheet_is_taken(tmp_path: Path) -> None:
    workbook = Workbook()
    workbook.create_sheet("Secret").append(["hidden"])
    workbook["Secret"].sheet_state = "hidden"
    for title in ("Contacts", "More"):
        workbook.create_sheet(title).append(["HP"])
        workbook[title].append([title])
    path = saved(workbook, tmp_path)
    assert sheet_names(path) == ["Sheet", "Contacts", "More"]
    assert detect(path, "audience.xlsx") == Dialect("xlsx", sheet="Contacts")
    assert next(rows(path, Dialect("xlsx", sheet="More"))).values == ["More"]


def test_a_wrong_size_in_the_file_loses_no_rows(tmp_path: Path) -> None:
    path = save(tmp_path, [["Name", "HP"], ["Ann", "0812"], ["Bob", "0813"]])
    path = rewritten(path, SHEET, lambda xml: re.sub(r'dimension ref="[^"]*"', 'dimension ref="A1"', xml))
    assert read(path) == [["Name", "HP"], ["Ann", "0812"], ["Bob", "0813"]]


@pytest.mark.parametrize("name", ["audience.csv", "audience.xls", "audience"])
def test_a_workbook_is_read_whatever_its_name(tmp_path: Path, name: str) -> None:
    assert read(save(tmp_path, [["HP"], ["0812"]]), name) == [["HP"], ["0812"]]


def test_a_text_table_named_as_a_workbook_is_read(tmp_path: Path) -> None:
    path = tmp_path / "audience.xlsx"
    path.write_text("Name;HP\nAnn;0812\n", encoding="utf-8")
    assert read(path) == [["Name", "HP"], ["Ann", "0812"]]


REFUSED = {
    "old Excel": (OLE + bytes(512), "old Excel file (.xls)"),
    "password": (OLE + bytes(64) + "EncryptedPackage".encode("utf-16-le"), "Remove the password"),
    "cut off": (b"PK\x03\x04" + bytes(range(200)), "damaged or incomplete"),
}
ARCHIVES = {
    "zip": ("audience.csv", "Unpack it"),
    "Word": ("word/document.xml", "Word document"),
    "binary workbook": ("xl/workbook.bin", "binary workbook (.xlsb)"),
    "presentation": ("ppt/presentation.xml", "presentation"),
    "hollow": ("xl/workbook.xml", "damaged or incomplete"),
}


@pytest.mark.parametrize(("content", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_workbook_is_refused_in_plain_words(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "audience.xlsx"
    path.write_bytes(content)
    assert words in refusal(path)


@pytest.mark.parametrize(("member", "words"), ARCHIVES.values(), ids=ARCHIVES.keys())
def test_other_archives_are_refused_by_what_they_are(tmp_path: Path, member: str, words: str) -> None:
    assert words in refusal(packed(tmp_path / "audience.xlsx", {member: b"<x/>"}))


@pytest.mark.parametrize(
    ("table", "words"), [([], "file is empty"), ([[None]], "file is empty"), ([["Name", "HP"]], "no rows below")]
)
def test_a_workbook_without_rows_is_refused(tmp_path: Path, table: list[list[object]], words: str) -> None:
    assert words in refusal(save(tmp_path, table))


def test_a_sheet_that_is_gone_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path, [["HP"], ["0812"]])
    assert "no sheet “Old”" in refusal(path, Dialect("xlsx", sheet="Old"))


def test_a_zip_bomb_is_refused_unopened(tmp_path: Path) -> None:
    path = save(tmp_path, [["HP"], ["0812"]])
    assert "far too much data" in refusal(rewritten(path, SHEET, lambda xml: xml + " " * (12 << 20)))


def test_an_entity_bomb_is_refused(tmp_path: Path) -> None:
    entities = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    path = rewritten(save(tmp_path, [["HP"], ["0812"]]), SHEET, lambda xml: entities + xml.replace("0812", "&b;"))
    assert "damaged or incomplete" in refusal(path)


def test_a_row_beyond_the_end_of_every_sheet_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path, [["HP"], ["0812"]])
    path = rewritten(path, SHEET, lambda xml: xml.replace('<row r="2"', '<row r="1048577"').replace("A2", "A1048577"))
    assert "damaged or incomplete" in refusal(path)


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_workbook_gives_rows_or_a_sentence(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    path = save(tmp_path, [["Name", "HP"], ["Ann", "0812"]])
    content = bytearray(path.read_bytes())
    for _ in range(chance.choice([1, 5, 50])):
        content[chance.randrange(len(content))] = chance.randrange(256)
    path.write_bytes(content[: chance.choice([None, len(content) // 2])])
    with suppress(UnreadableFile):
        list(rows(path, detect(path, "audience.xlsx")))


@pytest.mark.parametrize("seed", range(40))
def test_damage_inside_the_sheet_gives_rows_or_a_sentence(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    path = save(tmp_path, [["Name", "HP"], ["Ann", "0812"], [1.5, dt.date(2025, 1, 1)]])

    def damage(xml: str) -> str:
        place = chance.randrange(len(xml))
        return xml[:place] + chance.choice(['"', "<", "9", "", "ZZZZ", "-1"]) + xml[place + chance.randrange(3) :]

    with suppress(UnreadableFile):
        list(rows(rewritten(path, SHEET, damage), detect(path, "audience.xlsx")))


def test_days_are_counted_from_1904_where_the_workbook_says_so(tmp_path: Path) -> None:
    path = save(tmp_path, [["Date"], [dt.date(2025, 1, 31)]])
    path = rewritten(path, "xl/workbook.xml", lambda xml: xml.replace("<workbookPr ", '<workbookPr date1904="1" '))
    assert read(path) == [["Date"], ["2029-02-01"]]


def test_a_workbook_without_styles_is_read(tmp_path: Path) -> None:
    path = save(tmp_path, [["HP"], [812]])
    with ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if name != "xl/styles.xml"}
    assert read(packed(path, parts)) == [["HP"], ["812"]]


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (("<v>5</v>", "<v>1E2</v>"), "100"),
        (("<v>5</v>", "<v>five</v>"), "five"),
        (("<v>5</v>", f"<v>{'9' * 5_000}</v>"), "9" * 5_000),
        (("<v>5</v>", "<v>12345678901234567</v>"), "12345678901234567"),
        (('t="n"><v>5</v>', 't="b"><v>1</v>'), "TRUE"),
        (('t="n"><v>5</v>', 't="d"><v>2025-01-31T00:00:00</v>'), "2025-01-31"),
        (('t="n"><v>5</v>', 't="e"><v>#REF!</v>'), "#REF!"),
        (('t="n"><v>5</v>', 't="inlineStr"><is><r><t>a</t></r><rPh><t>no</t></rPh><r><t>b</t></r></is>'), "ab"),
        (('t="n"><v>5</v>', 't="str"><f>"five"</f><v>five</v>'), "five"),
    ],
    ids=["exponent", "no number", "endless", "exact", "truth", "ISO date", "error", "runs", "formula"],
)
def test_cells_that_other_programs_write(tmp_path: Path, change: tuple[str, str], shown: str) -> None:
    path = rewritten(save(tmp_path, [["cell"], [5]]), SHEET, lambda xml: xml.replace(*change))
    assert read(path) == [["cell"], [shown]]


@pytest.mark.parametrize(
    "change",
    [('r="A2"', 'r="AAAA2"'), ('r="A2"', 'r="XFE2"'), ('r="A2"', 'r="2"'), ('<row r="2"', '<row r="two"')],
    ids=["four letters", "beyond the last", "no letters", "no number"],
)
def test_a_cell_that_is_nowhere_is_refused(tmp_path: Path, change: tuple[str, str]) -> None:
    path = rewritten(save(tmp_path, [["cell"], [5]]), SHEET, lambda xml: xml.replace(*change))
    assert "damaged or incomplete" in refusal(path)


def test_rows_that_come_back_keep_their_order(tmp_path: Path) -> None:
    path = save(tmp_path, [["HP"], ["0812"], ["0813"]])
    path = rewritten(path, SHEET, lambda xml: xml.replace('<row r="3"', '<row r="1"'))
    assert [row.number for row in rows(path, detect(path, "audience.xlsx"))] == [2, 3]

"""OpenDocument spreadsheets as LibreOffice writes them: runs of equal cells, values of every type, and traps."""

import random
from contextlib import suppress
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from broadcaster.audience.spreadsheets import Dialect, UnreadableFile, detect, preview, rows, sheet_names

MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"
NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
)


def document(*sheets: tuple[str, str], before: str = "") -> str:
    tables = "".join(f'<table:table table:name="{name}">{inner}</table:table>' for name, inner in sheets)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<office:document-content {NAMES}><office:body>'
        f"<office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )


def row(*cells: str, repeated: int = 1) -> str:
    return f'<table:table-row table:number-rows-repeated="{repeated}">{"".join(cells)}</table:table-row>'


def text(words: str, repeated: int = 1) -> str:
    paragraph = f"<text:p>{words}</text:p>" if words else ""
    return (
        f'<table:table-cell office:value-type="string" table:number-columns-repeated="{repeated}">'
        f"{paragraph}</table:table-cell>"
    )


def value(kind: str, attribute: str, given: str, shown: str = "shown") -> str:
    head = f'<table:table-cell office:value-type="{kind}" office:{attribute}="{given}">'
    return f"{head}<text:p>{shown}</text:p></table:table-cell>"


def save(folder: Path, content: str, mimetype: str = MIMETYPE, **members: str) -> Path:
    path = folder / "audience.ods"
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, part in {"mimetype": mimetype, "content.xml": content, **members}.items():
            archive.writestr(name.replace("__", "/"), part)
    return path


def table(folder: Path, *inner: str) -> Path:
    return save(folder, document(("Sheet1", "".join(inner))))


def read(path: Path) -> list[list[str]]:
    dialect = detect(path, "audience.ods")
    return [preview(path, dialect).headers, *(each.values for each in rows(path, dialect))]


def refusal(path: Path) -> str:
    with pytest.raises(UnreadableFile) as caught:
        list(rows(path, detect(path, "audience.ods")))
    return caught.value.sentence


END = row(text("x"))
CELLS = {
    "text": (text("Zoë"), "Zoë"),
    "text with a leading zero": (text("0812"), "0812"),
    "spaces": (text('a<text:s text:c="3"/>b'), "a   b"),
    "spaces without number": (text(f'a<text:s text:c="{"9" * 5_000}"/>b'), "a b"),
    "tab and break": (text("a<text:tab/>b<text:line-break/>c"), "a\tb\nc"),
    "paragraphs": (text("a</text:p><text:p>b"), "a\nb"),
    "span": (text("a<text:span>b<text:span>c</text:span></text:span>d"), "abcd"),
    "comment": (text("a<office:annotation><text:p>not this</text:p></office:annotation>"), "a"),
    "number": (value("float", "value", "6281234567890"), "6281234567890"),
    "whole number with a fraction": (value("float", "value", "6281234567890.0"), "6281234567890"),
    "fraction": (value("float", "value", "0.30000000000000004"), "0.3"),
    "money": (value("currency", "value", "30000"), "30000"),
    "share": (value("percentage", "value", "0.5"), "0.5"),
    "number that is none": (value("float", "value", "?", "12"), "12"),
    "date": (value("date", "date-value", "2025-01-31"), "2025-01-31"),
    "moment": (value("date", "date-value", "2025-01-31T09:05:00"), "2025-01-31T09:05:00"),
    "time": (value("time", "time-value", "PT09H05M00S"), "09:05:00"),
    "duration": (value("time", "time-value", "PT26H05M09S"), "26:05:09"),
    "truth": (value("boolean", "boolean-value", "true"), "TRUE"),
    "nothing": ("<table:table-cell/>", ""),
    "covered": ('<table:covered-table-cell office:value-type="string"/>', ""),
}


@pytest.mark.parametrize(("cell", "shown"), CELLS.values(), ids=CELLS)
def test_cells_become_text_as_a_person_sees_them(tmp_path: Path, cell: str, shown: str) -> None:
    path = table(tmp_path, row(text("cell"), text("end")), row(cell, text("x")))
    assert read(path) == [["cell", "end"], [shown, "x"]]


def test_runs_of_equal_cells_and_rows_are_unrolled(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        row("<table:table-cell/>", repeated=2),
        row(text("A"), text("B", repeated=2)),
        row("<table:table-cell/>", repeated=3),
        row(text("1"), text("2", repeated=2), repeated=2),
        row('<table:table-cell table:number-columns-repeated="16384"/>', repeated=1_048_000),
    )
    dialect = detect(path, "audience.ods")
    assert preview(path, dialect).headers == ["A", "B", "B 2"]
    assert [(each.number, each.values) for each in rows(path, dialect)] == [
        (7, ["1", "2", "2"]),
        (8, ["1", "2", "2"]),
    ]


def test_a_name_is_read_without_the_rows(tmp_path: Path) -> None:
    entity = '<!DOCTYPE x [<!ENTITY b "ha">]>'
    assert sheet_names(save(tmp_path, document(("One", ""), ("Two", END)))) == ["One", "Two"]
    with pytest.raises(UnreadableFile, match="damaged"):
        sheet_names(save(tmp_path, document(("One", END), before=entity)))


def test_header_rows_and_groups_are_rows(tmp_path: Path) -> None:
    header = f"<table:table-header-rows>{row(text('HP'))}</table:table-header-rows>"
    group = f"<table:table-row-group>{row(text('0812'))}</table:table-row-group>"
    assert read(table(tmp_path, header, group)) == [["HP"], ["0812"]]


def test_the_first_filled_sheet_is_taken_and_another_can_be(tmp_path: Path) -> None:
    blank = row("<table:table-cell/>")
    path = save(
        tmp_path,
        document(("Empty", blank), ("People", row(text("HP")) + row(text("0812"))), ("More", row(text("a")) * 2)),
    )
    assert sheet_names(path) == ["Empty", "People", "More"]
    assert detect(path, "audience.ods") == Dialect("ods", sheet="People")
    assert [each.values for each in rows(path, Dialect("ods", sheet="More"))] == [["a"]]
    with pytest.raises(UnreadableFile, match="no sheet “Old”"):
        list(rows(path, Dialect("ods", sheet="Old")))


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        (document(("S", END)), {"mimetype": "application/vnd.oasis.opendocument.text"}, "not a spreadsheet"),
        (document(("S", END)), {"META-INF__manifest.xml": "<encryption-data/>"}, "Remove the password"),
        (document(("S", row(text("HP")) + row(text("&b;"))), before='<!DOCTYPE x [<!ENTITY b "ha">]>'), {}, "damaged"),
        ("<not closed", {}, "damaged"),
        (document(("S", row(text("a"), repeated=2_000_000))), {}, "damaged"),
        (document(("S", row(text("a", repeated=999_999)) * 2)), {}, "at most 500"),
        (document(("S", row(text(" " * (12 << 20))))), {}, "far too much data"),
        (document(("S", row(*[text("a", repeated=400)] * 40_000))), {}, "at most 500"),
        (document(("S", END * 300 + row(text(3_000 * "<text:span>" + 3_000 * "</text:span>")))), {}, "damaged"),
        (document(("S", END)), {"META-INF__manifest.xml": " " * (2 << 20)}, "far too much data"),
        (document(), {}, "file is empty"),
    ],
    ids=[
        *("text document", "password", "entity", "broken XML", "rows", "columns", "bomb"),
        *("many wide cells", "nesting", "large manifest", "no sheet"),
    ],
)
def test_traps_and_other_documents_are_refused_in_plain_words(
    tmp_path: Path, content: str, options: dict[str, str], words: str
) -> None:
    assert words in refusal(save(tmp_path, content, **options))


@pytest.mark.parametrize("seed", range(40))
def test_damage_gives_rows_or_a_sentence(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    xml = document(("S", row(text("HP"), value("float", "value", "1")) * 3))
    place = chance.randrange(len(xml))
    damaged = xml[:place] + chance.choice(['"', "<", "9", "", "ZZZZ", "-1"]) + xml[place + chance.randrange(3) :]
    path = save(tmp_path, damaged)
    if chance.random() < 0.5:
        content = bytearray(path.read_bytes())
        content[chance.randrange(len(content))] = chance.randrange(256)
        path.write_bytes(content)
    with suppress(UnreadableFile):
        list(rows(path, detect(path, "audience.ods")))

"""Writes a table as the programs do that operators save it with; every writer returns the file's bytes."""

import io
import re
from collections.abc import Callable
from html import escape
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.audience.matrix.audience import TABLE, Table

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
OPEN_DOCUMENT = "application/vnd.oasis.opendocument.spreadsheet"
ODS_NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
)


def lines(table: Table, delimiter: str = ",", *, quoted: bool = True) -> list[str]:
    """The rows as lines without their ends, with quotation marks around every cell or around those that need them."""

    def cell(value: str) -> str:
        needed = quoted or any(sign in value for sign in (delimiter, '"', "\n"))
        return '"' + value.replace('"', '""') + '"' if needed else value

    return [delimiter.join(map(cell, row)) for row in table]


def text(
    table: Table = TABLE,
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    end: str = "\r\n",
    mark: str = "",
    before: str = "",
    after: str = "",
    quoted: bool = True,
) -> bytes:
    """A table of text; the line breaks inside cells are those of the file."""
    body = "\n".join([*lines(table, delimiter, quoted=quoted), ""])
    return (mark + (before + body + after).replace("\n", end)).encode(encoding)


def workbook(table: Table = TABLE, *, change: Callable[[Worksheet], None] | None = None, title: str = "Sheet") -> bytes:
    """A workbook as openpyxl saves it; `change` makes of the sheet what a table cannot say."""
    book = Workbook()
    sheet = book.worksheets[0]
    assert isinstance(sheet, Worksheet)
    sheet.title = title
    for row in table:
        sheet.append([None if value == "" else value for value in row])
    if change:
        change(sheet)
    return saved(book)


def saved(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def shared(content: bytes) -> bytes:
    """The same workbook as Excel saves it: each text once, in a part of its own."""
    texts: list[str] = []

    def share(found: re.Match[str]) -> str:
        texts.append(found[1])
        return f't="s"><v>{len(texts) - 1}</v>'

    relation = f'<Relationship Id="rIdT" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    content = forged(content, SHEET, lambda xml: re.sub(r't="inlineStr"><is>(.*?)</is>', share, xml, flags=re.DOTALL))
    content = forged(content, STRINGS, lambda _: f'<sst xmlns="{MAIN}">{_items(texts)}</sst>')
    return forged(content, "xl/_rels/workbook.xml.rels", lambda xml: xml.replace("</Relationships>", relation))


def _items(texts: list[str]) -> str:
    return "".join(f"<si>{each}</si>" for each in texts)


def forged(content: bytes, member: str, change: Callable[[str], str]) -> bytes:
    """The archive with one part rewritten, or added."""
    with ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return zipped(**(parts | {member: change(parts.get(member, b"").decode()).encode()}))


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def zipped_one(name: str, build: Callable[[], bytes]) -> Callable[[], bytes]:
    """The file in an archive, beside what packers leave there."""
    return lambda: zipped(**{"__MACOSX/._x.csv": b"x", ".DS_Store": b"x", f"a folder/{name}": build()})


def document(table: Table = TABLE, *, more: str = "", after: str = "") -> bytes:
    """An OpenDocument spreadsheet as LibreOffice saves it, with the styled emptiness to the end of the sheet."""
    rows = "".join(f"<table:table-row>{''.join(map(ods_cell, row))}{_EMPTY_CELLS}</table:table-row>" for row in table)
    first = f'<table:table table:name="Sheet1">{rows}{after}{_EMPTY_ROWS}</table:table>'
    return ods(first + more)


def ods(tables: str) -> bytes:
    content = f"<office:document-content {ODS_NAMES}><office:body><office:spreadsheet>{tables}"
    end = "</office:spreadsheet></office:body></office:document-content>"
    return zipped(**{"mimetype": OPEN_DOCUMENT.encode(), "content.xml": (content + end).encode()})


def ods_cell(value: Any) -> str:
    """A text, a number, or the XML of a cell that is given whole."""
    if isinstance(value, float | int):
        return typed_cell("float", "value", str(value))
    if value.startswith("<"):
        return str(value)
    paragraphs = "".join(f"<text:p>{escape(line)}</text:p>" for line in value.split("\n")).replace("\t", "<text:tab/>")
    return f'<table:table-cell office:value-type="string">{paragraphs}</table:table-cell>' if value else _EMPTY_CELL


def typed_cell(kind: str, attribute: str, value: str, shown: str = "as shown") -> str:
    return (
        f'<table:table-cell office:value-type="{kind}" office:{attribute}="{value}">'
        f"<text:p>{shown}</text:p></table:table-cell>"
    )


_EMPTY_CELL = "<table:table-cell/>"
_EMPTY_CELLS = '<table:table-cell table:number-columns-repeated="16379"/>'
_EMPTY_ROWS = f'<table:table-row table:number-rows-repeated="1048000">{_EMPTY_CELLS}</table:table-row>'

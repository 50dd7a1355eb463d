"""Files that are refused, each with the one sentence that the operator reads; and nothing of them is kept."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.audience.matrix.text_cases import BOM
from tests.audience.matrix.writers import SHEET, STRINGS, document, forged, shared, text, workbook, zipped
from tests.files import PDF, PNG

OLE = bytes.fromhex("D0CF11E0A1B11AE1")
DOCTYPE = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
EXTERNAL = '<!DOCTYPE x [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
PEOPLE = [["Nama", "HP"], ["Ann", "081234567890"]]

BOMB = "The file unpacks to far too much data. Save only the table itself, or save it as .csv."
BROKEN = (
    "The workbook is damaged or incomplete. Open it in a spreadsheet program, save it as .xlsx and upload that file."
)
PROTECTED = "The workbook is protected by a password. Remove the password and upload it again."
NO_TABLE_OF_TEXT = "This is not a table of text. Save the table as .xlsx or .csv and upload that file."
PAGE = (
    "This is a page or a document, not a table, whatever its name says. "
    "Open it in a spreadsheet program and save it as .xlsx."
)
EMPTY = "The file is empty. Upload a file with a header row and at least one row below it."
HEADER_ONLY = "The file has a header row but no rows below it. Add the recipients and upload it again."
NO_TABLE = "There is no table in this archive (.zip). Put one .csv, .xlsx or .ods file into it, or upload the table."
INSIDE = "An archive inside an archive cannot be read. Unpack it and upload the table inside."


@dataclass(frozen=True)
class Refused:
    """A file that cannot be read, and why."""

    sentence: str
    build: Callable[[], bytes]
    name: str = "audience.csv"


def too_wide(row: int, columns: int) -> str:
    return (
        f"Row {row} has {columns:,} columns, but at most 500 can be read. "
        "Remove the columns that are not needed, or choose another separator."
    )


def too_long(row: int) -> str:
    return (
        f"Row {row} has a cell of more than 32,767 characters. Shorten it; "
        "if it swallowed the rows below, look for a quotation mark that is never closed."
    )


def given(content: bytes) -> Callable[[], bytes]:
    return lambda: content


def wide(columns: int) -> list[list[Any]]:
    return [[f"K{place}" for place in range(columns)], ["x"] * columns]


def xml_in(build: Callable[[], bytes], member: str, before: str) -> Callable[[], bytes]:
    """The workbook with something before the root of one part, and an entity in its text."""
    return lambda: forged(
        build(), member, lambda xml: before + xml[xml.find("<", xml.find("?>") + 1) :].replace("Ann", "&b;")
    )


def with_long_cell(build: Callable[[], bytes], member: str) -> Callable[[], bytes]:
    """The file with a cell of 12 megabytes that are not packed so tightly that this alone gives them away."""
    words = "".join(f"{number * 2654435761 % 2**32:08x}" for number in range(100_000))
    return lambda: forged(build(), member, lambda xml: xml.replace("Ann", words * 15))


def locked_zip() -> bytes:
    content = bytearray(zipped(**{"a.csv": text()}))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the flags of the member, written twice
        content[content.index(signature) + place] |= 1
    return bytes(content)


TEXT = {
    "empty": Refused(EMPTY, given(b"")),
    "only a mark": Refused(EMPTY, given(BOM.encode())),
    "blank rows": Refused(EMPTY, given(b" \r\n,,\r\n")),
    "header only": Refused(HEADER_ONLY, given(b"Nama,HP\n")),
    "10,000 columns": Refused(too_wide(1, 10_000), given(b",".join([b"x"] * 10_000) + b"\n1\n")),
    "10,000 columns further down": Refused(too_wide(3, 10_000), given(b"Nama,HP\na,1\n" + b"x," * 9_999 + b"x\n")),
    "a cell of 32,768 characters": Refused(too_long(2), given(b"HP,Nama\n1," + b"x" * 32_768 + b"\n")),
    "a cell of 200,000 characters": Refused(too_long(2), given(b"HP,Nama\n1," + b"x" * 200_000 + b"\n")),
    "a line of 5,000,000 characters": Refused(NO_TABLE_OF_TEXT, given(b"HP,Nama\n1," + b"x" * 5_000_000 + b"\n")),
    "quotation mark never closed": Refused(
        "Row 2 opens a quotation mark that is never closed. Close or remove it.",
        given(b'Nama,HP\n"Ann,081234567890\nBob,081234567891\n'),
    ),
    "quotation mark that swallows rows": Refused(
        "Row 2 has a quotation mark that is closed in the middle of a cell further down, so rows between them would "
        "be lost. Remove the mark, or write it twice.",
        given(b'Nama,HP\n"Ann,081234567890\nBob,081234567891\n"Eve,081234567892\n'),
    ),
    "PDF": Refused(PAGE, given(PDF)),
    "PDF named .xlsx": Refused(PAGE, given(PDF), "audience.xlsx"),
    "picture": Refused(NO_TABLE_OF_TEXT, given(PNG)),
    "picture named .xlsx": Refused(NO_TABLE_OF_TEXT, given(PNG), "audience.xlsx"),
    "web page": Refused(PAGE, given(b"<html><table><tr><td>0812</td></tr></table></html>")),
    "web page named .xls": Refused(
        "Files of the type .xls cannot be read. Save the table as .xlsx or .csv.",
        given(b"<html><table><tr><td>0812</td></tr></table></html>"),
        "audience.xls",
    ),
    "JSON": Refused("Files of the type .json cannot be read. Save the table as .xlsx or .csv.", given(b"{}"), "a.json"),
    "zeros": Refused(NO_TABLE_OF_TEXT, given(b"Nama,HP\n\0\0\0\n")),
    "a mark that the bytes belie": Refused(
        "The file is not written in Unicode (UTF-8) throughout. Choose another encoding, or save it anew.",
        given(BOM.encode() + b"Nama,HP\nZo\xeb,081234567890\n"),
    ),
}
WORKBOOKS = {
    "old Excel": Refused(
        "This is an old Excel file (.xls). Open it in Excel and save it as .xlsx.", given(OLE + bytes(512)), "a.xls"
    ),
    "password": Refused(
        PROTECTED, given(OLE + bytes(64) + "EncryptedPackage".encode("utf-16-le") + bytes(64)), "audience.xlsx"
    ),
    "cut off": Refused(BROKEN, lambda: workbook()[:-100], "audience.xlsx"),
    "empty workbook": Refused(EMPTY, partial(workbook, []), "audience.xlsx"),
    "workbook with a header only": Refused(HEADER_ONLY, partial(workbook, [["Nama", "HP"]]), "audience.xlsx"),
    "workbook of 10,000 columns": Refused(too_wide(1, 10_000), partial(workbook, wide(10_000)), "audience.xlsx"),
    "OpenDocument of 10,000 columns": Refused(too_wide(1, 10_000), partial(document, wide(10_000)), "audience.ods"),
    "zip bomb": Refused(
        BOMB, lambda: forged(workbook(PEOPLE), SHEET, lambda xml: xml + " " * (12 << 20)), "audience.xlsx"
    ),
    "a cell of 12 megabytes": Refused(too_long(2), with_long_cell(partial(workbook, PEOPLE), SHEET), "audience.xlsx"),
    "a shared text of 12 megabytes": Refused(
        too_long(2), with_long_cell(lambda: shared(workbook(PEOPLE)), STRINGS), "audience.xlsx"
    ),
    "an OpenDocument cell of 12 megabytes": Refused(
        too_long(2), with_long_cell(partial(document, PEOPLE), "content.xml"), "audience.ods"
    ),
    "entities": Refused(BROKEN, xml_in(partial(workbook, PEOPLE), SHEET, DOCTYPE), "audience.xlsx"),
    "entities in OpenDocument": Refused(
        BROKEN, xml_in(partial(document, PEOPLE), "content.xml", DOCTYPE), "audience.ods"
    ),
    "external entity": Refused(BROKEN, xml_in(partial(workbook, PEOPLE), SHEET, EXTERNAL), "audience.xlsx"),
    "external entity in OpenDocument": Refused(
        BROKEN, xml_in(partial(document, PEOPLE), "content.xml", EXTERNAL), "audience.ods"
    ),
    "external entity in the workbook's own part": Refused(
        BROKEN, xml_in(partial(workbook, PEOPLE), "xl/workbook.xml", EXTERNAL), "audience.xlsx"
    ),
    "an endless comment": Refused(
        BROKEN,
        lambda: forged(workbook(PEOPLE), SHEET, lambda xml: xml.replace("Ann", f"<!--{'<a/>9' * 400_000}-->")),
        "audience.xlsx",
    ),
    "elements inside each other": Refused(
        BROKEN,
        lambda: forged(
            workbook(PEOPLE), SHEET, lambda xml: xml.replace("<c ", "<d>" * 5_000 + "</d>" * 5_000 + "<c ", 1)
        ),
        "audience.xlsx",
    ),
    "names without number": Refused(
        BROKEN,
        lambda: forged(
            workbook(PEOPLE),
            SHEET,
            lambda xml: xml.replace("<c ", "".join(f"<d{n}/>" for n in range(20_000)) + "<c ", 1),
        ),
        "audience.xlsx",
    ),
}
ARCHIVES = {
    "archive in an archive": Refused(INSIDE, lambda: zipped(**{"inner.zip": zipped(**{"a.csv": text()})}), "a.zip"),
    "archive named as a table": Refused(INSIDE, lambda: zipped(**{"a.csv": zipped(**{"a.csv": text()})}), "a.zip"),
    "two tables": Refused(
        "There are 2 tables in this archive: a.csv, b.csv. Upload them one by one.",
        lambda: zipped(**{"x/a.csv": text(), "../b.csv": text()}),
        "a.zip",
    ),
    "no archive at all": Refused(
        "The archive (.zip) is damaged. Pack the table anew, or upload the table alone.", given(text()), "a.zip"
    ),
    "no table": Refused(NO_TABLE, lambda: zipped(**{"readme.md": b"x"}), "a.zip"),
    "zip with a password": Refused(PROTECTED, locked_zip, "a.zip"),
    "zip bomb of text": Refused(BOMB, lambda: zipped(**{"a.csv": b"Nama,HP\n" + b" " * (12 << 20)}), "a.zip"),
    "zip of a PDF": Refused(NO_TABLE, lambda: zipped(**{"a.pdf": PDF}), "a.zip"),
    "zip of a PDF named .csv": Refused(PAGE, lambda: zipped(**{"a.csv": PDF}), "a.zip"),
    "zip of nothing": Refused(NO_TABLE, lambda: zipped(**{"a folder/": b""}), "a.zip"),
}
CASES = {**TEXT, **WORKBOOKS, **ARCHIVES}

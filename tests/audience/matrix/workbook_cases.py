"""Workbooks of Excel and LibreOffice, and archives: typed cells, formulas, merged cells, several and hidden sheets."""

import datetime as dt
import re
from functools import partial
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.audience.matrix.audience import TABLE, Case, Person, simple
from tests.audience.matrix.text_cases import ANN, BOM, moved
from tests.audience.matrix.writers import (
    SHEET,
    document,
    forged,
    saved,
    shared,
    text,
    typed_cell,
    workbook,
    zipped_one,
)

HEAD = ["Nama", "HP", "Nilai"]
PHONE = "081234567890"
NUMERIC = [
    [float(cell) if cell.isdecimal() and place != 3 else cell for place, cell in enumerate(row)] for row in TABLE
]


def value(given: Any, shown: str, style: str = "") -> Case:
    """A workbook with one cell of interest."""

    def change(sheet: Worksheet) -> None:
        if style:
            sheet["C2"].number_format = style

    build = partial(workbook, [HEAD, ["Ann", PHONE, given]], change=change)
    return Case(build, "audience.xlsx", **simple(ANN._replace(variables={"nilai": shown})))


def open_value(cell: str, shown: str) -> Case:
    """The same for an OpenDocument cell."""
    build = partial(document, [HEAD, ["Ann", PHONE, cell]])
    return Case(build, "audience.ods", **simple(ANN._replace(variables={"nilai": shown})))


def formula() -> bytes:
    content = workbook([HEAD, ["Ann", PHONE, "=1+41"]])
    return forged(content, SHEET, lambda xml: re.sub(r"<v ?/>|<v></v>", "<v>42</v>", xml))


def text_formula() -> bytes:
    content = workbook([HEAD, ["Ann", "=A1", "x"]])
    found = r'<c r="B2"[^>]*><f>A1</f><v ?/></c>|<c r="B2"[^>]*><f>A1</f><v></v></c>'
    cell = f'<c r="B2" t="str"><f>A1</f><v>{PHONE}</v></c>'
    return forged(content, SHEET, lambda xml: re.sub(found, cell, xml))


def merged(sheet: Worksheet) -> None:
    sheet.merge_cells("A2:A3")


def several_sheets() -> bytes:
    book = Workbook()
    book.worksheets[0].title = "Kosong"
    for title, row in (("Rahasia", ["x", "12"]), ("Orang", ["Ann", PHONE]), ("Lain", ["Bob", "081234567891"])):
        sheet = book.create_sheet(title)
        sheet.append(["Nama", "HP"])
        sheet.append(row)
    book["Rahasia"].sheet_state = "hidden"
    return saved(book)


def without_sizes() -> bytes:
    return forged(workbook(), SHEET, lambda xml: re.sub(r"<dimension [^>]*>|<sheetFormatPr [^>]*>", "", xml))


def without_places() -> bytes:
    return forged(workbook([HEAD, ["Ann", PHONE, "a"]]), SHEET, lambda xml: re.sub(r' r="[A-Z]*\d+"', "", xml))


def with_prefixes() -> bytes:
    """As some libraries for .NET write it."""

    def prefix(xml: str) -> str:
        return re.sub(r"<(/?)(\w)", r"<\1x:\2", xml).replace("xmlns=", "xmlns:x=")

    return forged(workbook(), SHEET, prefix)


def escaped() -> bytes:
    return forged(
        workbook([HEAD, ["Ann", PHONE, "a\nb"]]), SHEET, lambda xml: xml.replace("a\nb", "a_x000D_\nb_x005F_c")
    )


SHEETS = {
    "workbook": Case(workbook, "audience.xlsx"),
    "workbook with shared texts": Case(lambda: shared(workbook()), "audience.xlsx"),
    "workbook with numbers": Case(partial(workbook, NUMERIC), "audience.xlsx"),
    "workbook without sizes": Case(without_sizes, "audience.xlsx"),
    "workbook without places": Case(without_places, "a.xlsx", **simple(ANN._replace(variables={"nilai": "a"}))),
    "workbook with prefixes": Case(with_prefixes, "audience.xlsx"),
    "workbook named .csv": Case(workbook, "audience.csv"),
    "workbook named .xlsm": Case(workbook, "audience.xlsm"),
    "OpenDocument": Case(document, "audience.ods"),
    "OpenDocument with numbers": Case(partial(document, NUMERIC), "audience.ods"),
    "rows between and after": Case(partial(workbook, [[], *TABLE, [], [""]]), "audience.xlsx", **moved(1)),
    "several sheets": Case(several_sheets, "audience.xlsx", **simple(ANN)),
    "another sheet, chosen": Case(
        several_sheets, "audience.xlsx", chosen={"sheet": "Lain"}, **simple(Person(2, "+6281234567891", "Bob"))
    ),
    "merged cells": Case(
        partial(workbook, [HEAD, ["Ann", PHONE, "a"], ["", "081234567891", "b"]], change=merged), "audience.xlsx",
        **simple(
            ANN._replace(variables={"nilai": "a"}), Person(3, "+6281234567891", variables={"nilai": "b"}),
        ),
    ),
    "no header in a workbook": Case(
        partial(workbook, [["Ann", 6281234567890.0], ["Bob", 6281234567891.0]]), "audience.xlsx",
        roles={"Column 1": "name"},
        **simple(ANN._replace(row=1), Person(2, "+6281234567891", "Bob")),
    ),
    "no header in an OpenDocument": Case(
        partial(document, [["Ann", PHONE]]), "audience.ods", roles={"Column 1": "name"}, **simple(ANN._replace(row=1))
    ),
    "an apostrophe before a number": Case(
        partial(workbook, [HEAD, ["Ann", f"'{PHONE}", ""]]), "audience.xlsx", **simple(ANN)
    ),
    "a number that lost its digits": Case(
        partial(workbook, [HEAD, ["Ann", "6.28E+12", ""], ["Bob", 6.28e21, ""]]), "audience.xlsx",
        people=(), refused={2: "spoilt_by_spreadsheet", 3: "spoilt_by_spreadsheet"},
    ),
    "runs of equal rows": Case(
        partial(document, [["HP", "Nama"]], after='<table:table-row table:number-rows-repeated="3">'
                '<table:table-cell office:value-type="string"><text:p>081234567890</text:p></table:table-cell>'
                "</table:table-row>"), "audience.ods",
        people=(Person(2, "+6281234567890"),), refused={3: "duplicate", 4: "duplicate"},
    ),
    "a second OpenDocument sheet, chosen": Case(
        partial(document, more='<table:table table:name="Dua"><table:table-row><table:table-cell office:value-type='
                '"string"><text:p>HP</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell '
                'office:value-type="string"><text:p>081234567891</text:p></table:table-cell></table:table-row>'
                "</table:table>"), "audience.ods", chosen={"sheet": "Dua"},
        **simple(Person(2, "+6281234567891")),
    ),
}  # fmt: skip
VALUES = {
    "formula of a number": Case(formula, "audience.xlsx", **simple(ANN._replace(variables={"nilai": "42"}))),
    "formula of a text": Case(text_formula, "audience.xlsx", **simple(ANN._replace(variables={"nilai": "x"}))),
    "escaped characters": Case(escaped, "audience.xlsx", **simple(ANN._replace(variables={"nilai": "a\nb_c"}))),
    "date": value(dt.date(2025, 1, 31), "2025-01-31"),
    "moment": value(dt.datetime.fromisoformat("2025-01-31T09:05"), "2025-01-31T09:05:00"),
    "time": value(dt.time(9, 5), "09:05:00"),
    "duration": value(dt.timedelta(hours=26), "26:00:00"),
    "number shown as a date": value(45688, "2025-01-31", "dd/mm/yyyy"),
    "impossible date": value(1e12, "1000000000000", "yyyy-mm-dd"),
    "whole number": value(150000.0, "150000"),
    "fraction": value(0.1 + 0.2, "0.3"),
    "percentage": value(0.25, "0.25", "0%"),
    "money": value(1250.5, "1250.5", '"Rp" #,##0.00'),
    "big number": value(123456789012345, "123456789012345"),
    "bigger number": value(6.02e23, "6.02e+23"),
    "truth": value(True, "TRUE"),
    "untruth": value(False, "FALSE"),
    "error": value("#DIV/0!", "#DIV/0!"),
    "spaces and breaks": value("  a\n b ", "a\n b"),
    "OpenDocument date": open_value(typed_cell("date", "date-value", "2025-01-31"), "2025-01-31"),
    "OpenDocument time": open_value(typed_cell("time", "time-value", "PT09H05M00S"), "09:05:00"),
    "OpenDocument truth": open_value(typed_cell("boolean", "boolean-value", "true"), "TRUE"),
    "OpenDocument percentage": open_value(typed_cell("percentage", "value", "0.25"), "0.25"),
    "OpenDocument money": open_value(typed_cell("currency", "value", "1250.5"), "1250.5"),
    "OpenDocument whole number": open_value(typed_cell("float", "value", "150000.0"), "150000"),
}
ZIPPED = {
    "zip of a csv": Case(zipped_one("audience.csv", text), "audience.zip"),
    "zip of a tsv": Case(zipped_one("a.tsv", partial(text, delimiter="\t", encoding="utf-16-le", mark=BOM)), "a.zip"),
    "zip of a txt": Case(zipped_one("a.txt", partial(text, delimiter=";", encoding="cp1252")), "a.zip"),
    "zip of a workbook": Case(zipped_one("a.xlsx", workbook), "a.zip"),
    "zip of an OpenDocument": Case(zipped_one("a.ods", document), "a.zip"),
    "zip with a name that climbs": Case(zipped_one("../../../audience.csv", text), "a.zip"),
    "zip with a name of Windows": Case(zipped_one("..\\..\\audience.csv", text), "a.zip"),
    "zip with an absolute name": Case(zipped_one("/etc/audience.csv", text), "a.zip"),
}
CASES = {**SHEETS, **VALUES, **ZIPPED}

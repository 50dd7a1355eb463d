"""Tables of text: separators, encodings, line ends, and the ways in which rows are not all alike."""

from functools import partial
from typing import Any

from tests.audience.matrix.audience import PEOPLE, REFUSED, TABLE, Case, Person, person, simple
from tests.audience.matrix.writers import lines, text

BOM = "\ufeff"
ANN = Person(2, "+6281234567890", "Ann")
WIDE = "081234567893".translate({ord(digit): 0xFF10 + int(digit) for digit in "0123456789"})  # as in Japan
BOB = Person(3, "+6281234567891", "Bob")


def moved(by: int) -> dict[str, Any]:
    """The usual outcome of rows that stand further down."""
    people = tuple(each._replace(row=each.row + by) for each in PEOPLE)
    return {"people": people, "refused": {row + by: code for row, code in REFUSED.items()}}


def raw(content: str, **outcome: Any) -> Case:
    return Case(content.encode, **outcome)


def spelt(encoding: str, name: str, city: str) -> Case:
    """A file in an encoding that nobody can guess, chosen by the operator."""
    build = partial(text, [["Nama", "No. WA", "Kota"], [name, "081234567890", city]], encoding=encoding)
    return Case(build, chosen={"encoding": encoding}, **simple(person(2, "+6281234567890", name, city)))


# The comma is in quotation marks everywhere, so that these write the same table.
ALIKE = {
    "comma": Case(text),
    "comma, quoted where needed": Case(partial(text, quoted=False)),
    "semicolon": Case(partial(text, delimiter=";")),
    "semicolon, quoted where needed": Case(partial(text, delimiter=";", quoted=False)),
    "tab": Case(partial(text, delimiter="\t"), "audience.tsv"),
    "tab, in a .txt": Case(partial(text, delimiter="\t"), "audience.txt"),
    "vertical bar": Case(partial(text, delimiter="|"), "audience.psv"),
    "sep=;": Case(partial(text, delimiter=";", before="sep=;\n")),
    "sep=, after a mark": Case(partial(text, before="sep=,\n", mark=BOM)),
    "SEP in quotation marks": Case(partial(text, delimiter="|", before='"SEP=|"\n')),
    "sep= a sign of its own": Case(partial(text, delimiter="^", before="sep=^\n")),
    "UTF-8 with a mark": Case(partial(text, mark=BOM)),
    "UTF-16 little-endian with a mark": Case(partial(text, delimiter="\t", encoding="utf-16-le", mark=BOM)),
    "UTF-16 big-endian with a mark": Case(partial(text, encoding="utf-16-be", mark=BOM)),
    "UTF-16 little-endian": Case(partial(text, encoding="utf-16-le")),
    "UTF-16 big-endian": Case(partial(text, delimiter=";", encoding="utf-16-be")),
    "Windows Western": Case(partial(text, delimiter=";", encoding="cp1252")),
    "Mac Roman, chosen": Case(partial(text, encoding="mac_roman"), chosen={"encoding": "mac_roman"}),
    "Unix line ends": Case(partial(text, end="\n")),
    "old Mac line ends": Case(partial(text, end="\r")),
    "old Mac line ends in Windows Western": Case(partial(text, end="\r", encoding="cp1252", delimiter=";")),
    "no line end after the last row": Case(lambda: text().rstrip(b"\r\n")),
    "blank rows at the end": Case(partial(text, after="\n\n,,,,\n \n")),
    "empty columns at the end": Case(lambda: "\n".join(line + ",,," for line in lines(TABLE)).encode()),
    "spaces around cells": Case(lambda: "\n".join(lines(TABLE, " , ")).encode(), chosen={"delimiter": ","}),
    "no name of its own": Case(text, "audience"),
    "named as a workbook": Case(partial(text, delimiter=";"), "audience.xlsx"),
    "two blank rows above": Case(partial(text, before="\n\n"), **moved(2)),
}
SPELT = {
    "Cyrillic (Windows), chosen": spelt("cp1251", "Иван Петров", "Москва"),
    "Cyrillic (KOI8-R), chosen": spelt("koi8_r", "Мария Иванова", "Казань"),
    "Chinese, simplified, chosen": spelt("gb18030", "王小明", "北京"),
    "Chinese, traditional, chosen": spelt("cp950", "陳大文", "臺北"),
    "Japanese, chosen": spelt("cp932", "山田 太郎", "東京ソ表"),  # two of them end in the byte of a backslash
    "Korean, chosen": spelt("cp949", "김철수", "서울"),
    "Thai, chosen": spelt("cp874", "สมชาย", "กรุงเทพ"),
    "Greek, chosen": spelt("cp1253", "Γιώργος", "Αθήνα"),
    "Hebrew, chosen": spelt("cp1255", "דוד", "חיפה"),
    "Arabic, chosen": spelt("cp1256", "محمد", "القاهرة"),
    "Turkish, chosen": spelt("cp1254", "Gül Şahin", "İzmir"),
    "Central European, chosen": spelt("cp1250", "Łukasz Dvořák", "Kraków"),
    "Baltic, chosen": spelt("cp1257", "Jānis Bērziņš", "Rīga"),
    "Vietnamese, chosen": spelt("cp1258", "Nguyê\u0303n Vaên", "Huê\u0301"),
    "Western (Mac), found by a byte that Windows has not": Case(
        partial(text, [["Nama", "HP"], ["Hélène Grève", "081234567890"]], encoding="mac_roman"),
        **simple(Person(2, "+6281234567890", "Hélène Grève")),
    ),
    "Unicode without Latin names": Case(
        partial(text, [["Nama", "HP"], ["王小明 一二", "081234567890"]], encoding="utf-16-le"),
        **simple(Person(2, "+6281234567890", "王小明 一二")),
    ),
}
SHAPES = {
    "one column": raw("HP\n081234567890\n", **simple(Person(2, "+6281234567890"))),
    "short and long rows": raw(
        "Nama,HP,Kota\nAnn,081234567890\nBob,081234567891,Bali,,more\n",
        **simple(
            ANN, person(3, "+6281234567891", "Bob", "Bali", column_5="more"),
        ),
    ),
    "two columns of one name, and one without": raw(
        "Nama,HP,Catatan,catatan,\nAnn,081234567890,a,b,c\n",
        **simple(ANN._replace(variables={"catatan": "a", "catatan_2": "b", "column_5": "c"})),
    ),
    "no header, phones": raw("Ann,081234567890\nBob,081234567891\n", roles={"Column 1": "name"}, **simple(
        ANN._replace(row=1), BOB._replace(row=2),
    )),
    "no header, a single row": raw("+6281234567890\n", **simple(Person(1, "+6281234567890"))),
    "no header, identifiers": raw(
        "Ann,CUST-00012\nBob,CUST-00013\nEve,CUST-00014\n",
        roles={"Column 1": "name", "Column 2": "identifier"},
        **simple(Person(1, "", "Ann"), Person(2, "", "Bob"), Person(3, "", "Eve")),
    ),
    "no header, but chosen so": raw(
        "Ann,Bali\nBob,Solo\n", chosen={"header_row": False}, roles={"Column 1": "identifier"},
        **simple(Person(1, "", variables={"column_2": "Bali"}), Person(2, "", variables={"column_2": "Solo"})),
    ),
    "a header that was taken for data": raw(
        "021 555 5555 555,HP\nAnn,081234567890\n", chosen={"header_row": True}, roles={"021 555 5555 555": "name"},
        **simple(ANN),
    ),
    "quotation marks inside cells": raw(
        'Nama,HP,Ukuran\nAnn,081234567890,5" layar\nBob,081234567891,"5"" layar"\n',
        **simple(ANN._replace(variables={"ukuran": '5" layar'}), BOB._replace(variables={"ukuran": '5" layar'})),
    ),
    "space after a comma, before quotation marks": raw(
        'Nama, HP, Kota\nAnn, 081234567890, "Solo, Jawa"\n',
        **simple(person(2, "+6281234567890", "Ann", "Solo, Jawa")),
    ),
    "a cell over several lines with blank ones": raw(
        'Nama,HP,Alamat\nAnn,081234567890,"Jl. A\n\nNo. 1"\n',
        **simple(ANN._replace(variables={"alamat": "Jl. A\n\nNo. 1"})),
    ),
    "a header over two lines": raw('"Nama\nlengkap",HP\nAnn,081234567890\n', **simple(ANN)),
    "every way to write a phone": raw(
        "HP\n'081234567890\n=\"081234567891\"\n+62 812-3456-7892\n" + WIDE + "\n0062 812 3456 7894\n"
        "\u200e+6281234567895\u202c\n62.812.3456.7896\n",
        **simple(*(Person(2 + place, f"+628123456789{place}") for place in range(7))),
    ),
    "every reason": raw(
        "Nama,HP\na,12\nb,0812-ABC\nc,#N/A\nd,\ne,+999123456789\nf,08123456789/08123456780\ng,6.28E+12\n",
        people=(),
        refused={
            2: "too_short", 3: "not_a_number", 4: "spoilt_by_spreadsheet", 5: "empty", 6: "unknown_country",
            7: "several_numbers", 8: "spoilt_by_spreadsheet",
        },
    ),
    "500 columns": raw(
        ",".join(["HP", *(f"K{place}" for place in range(2, 501))]) + "\n081234567890" + ",x" * 499 + "\n",
        **simple(Person(2, "+6281234567890", variables={f"k{place}": "x" for place in range(2, 501)})),
    ),
    "the longest cell": raw(
        f"HP,Catatan\n081234567890,{'x' * 32_767}\n",
        **simple(Person(2, "+6281234567890", variables={"catatan": "x" * 32_767})),
    ),
    "a title above the header": raw(
        "Daftar pelanggan\nNama;HP\nAnn;081234567890\n",
        chosen={"delimiter": ";"}, roles={"Column 2": "phone", "Daftar pelanggan": "name"},
        people=(ANN._replace(row=3),), refused={2: "not_a_number"},
    ),
    "a date or a year in the header": raw(
        "HP,2024,2024-01-31\n081234567890,1,2\n",
        **simple(Person(2, "+6281234567890", variables={"field_2024": "1", "field_2024_01_31": "2"})),
    ),
}  # fmt: skip
CASES = {**ALIKE, **SPELT, **SHAPES}

"""One audience, whatever file it is saved in, and what a file's import is expected to leave behind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Table = list[list[Any]]

NAMES = ["Nama", "No. WA", "Kota", "Order No.", "Jumlah"]
TABLE: Table = [
    NAMES,
    ["Budi Santoso", "0812-3456-7890", "Jakarta", "A-1", "150000"],
    ["Zoë Müller", "+49 151 23456789", "München", "A;2", "0"],
    ["Siti, dr.", "81234567892", "Bandung | Cimahi", "", "1.5"],
    ["", "", "", "", ""],
    ["Rina\nWijaya", "6.28E+12", "Medan", "A\t4", ""],
    ["Agus", "", "Surabaya", "A-5", ""],
    ['Dewi "Dee" Lestari', "(0812) 3456 7893", "Bogor", "A-6", "TRUE"],
    ["Budi lagi", "+6281234567890", "Solo", "A-7", "9"],
    ["Toko", "021-1234567 ext. 8", "Depok", "A-8", ""],
]


class Person(NamedTuple):
    """What the import made of a row: the contact and what the file says of it."""

    row: int
    phone: str
    name: str = ""
    fields: Mapping[str, Any] = {}
    variables: Mapping[str, str] = {}


def person(row: int, phone: str, name: str, city: str = "", **others: str) -> Person:
    """A person of the table above: the city is kept, the rest is said by this file only."""
    city_field = {"city": city} if city else {}
    return Person(row, phone, name, city_field, city_field | others)


PEOPLE = (
    person(2, "+6281234567890", "Budi Santoso", "Jakarta", order_no="A-1", jumlah="150000"),
    person(3, "+4915123456789", "Zoë Müller", "München", order_no="A;2", jumlah="0"),
    person(4, "+6281234567892", "Siti, dr.", "Bandung | Cimahi", jumlah="1.5"),
    person(8, "+6281234567893", 'Dewi "Dee" Lestari', "Bogor", order_no="A-6", jumlah="TRUE"),
)
REFUSED = {6: "spoilt_by_spreadsheet", 7: "empty", 9: "duplicate", 10: "extension"}


@dataclass(frozen=True)
class Case:
    """A file, what the operator changes before it is read, and what its import leaves behind."""

    build: Callable[[], bytes]
    name: str = "audience.csv"
    people: tuple[Person, ...] = PEOPLE
    refused: Mapping[int, str] = field(default_factory=lambda: REFUSED)
    chosen: Mapping[str, Any] = field(default_factory=dict)  # of the dialect
    roles: Mapping[str, str] = field(default_factory=dict)  # of columns whose guess is not meant


def simple(*people: Person) -> dict[str, Any]:
    """The outcome of a file of which no row is refused."""
    return {"people": people, "refused": {}}

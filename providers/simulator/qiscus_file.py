"""The CSV file of an upload to Qiscus, held against the page of its help, "CSV Template File for WhatsApp Broadcast".

A phone in each row and at most 1,000 of them; the other columns are those that the page names, in any order.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from providers.simulator.doors import check
from providers.simulator.qiscus_words import failure
from providers.simulator.replies import Refused
from providers.simulator.shapes import pattern

RECIPIENT_LIMIT = 1000
VARIABLE_LIMIT = 15
SEPARATORS = (",", ";")
_PHONE = pattern(r"[1-9][0-9]{6,14}")
_BODY = re.compile(r"body_variable([1-9][0-9]?)")
_COLUMN = re.compile(
    r"phone_number|customer_name|header_variable|body_variable[1-9][0-9]?|button_type|button[1-9]_variable[1-9]"
)


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """The recipients of one file in its order, phone and variables; a number that stands twice is sent to twice."""

    template_detail_id: int
    separator: str
    recipients: Sequence[tuple[str, tuple[str, ...]]]

    @property
    def phones(self) -> list[str]:
        """Whom it goes to."""
        return [phone for phone, _ in self.recipients]


def read_upload(form: Mapping[str, Any]) -> UploadedFile:
    """The file in the form of step one. Raises Refused."""
    upload, template, separator = form.get("file"), form.get("template_detail_id"), form.get("separator")
    if not isinstance(upload, web.FileField):
        raise Refused(failure(400, "file is missing"))
    if not isinstance(template, str) or not template.isdecimal():
        raise Refused(failure(400, "template_detail_id must be an integer"))
    if separator not in SEPARATORS:
        raise Refused(failure(400, 'separator must be "," or ";"'))
    try:
        text = io.StringIO(upload.file.read().decode("utf-8-sig"), newline="")
        lines = list(csv.reader(text, delimiter=separator, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refused(failure(400, "file is not a valid CSV")) from error
    return UploadedFile(int(template), separator, _recipients(lines))


def _recipients(lines: list[list[str]]) -> list[tuple[str, tuple[str, ...]]]:
    rows = [line for line in lines[1:] if line]
    if not rows:
        raise Refused(failure(400, "file has no recipients"))
    if len(rows) > RECIPIENT_LIMIT:
        raise Refused(failure(400, f"file has more than {RECIPIENT_LIMIT} recipients"))
    columns = lines[0]
    _check_columns(columns)
    if any(len(row) != len(columns) for row in rows):
        raise Refused(failure(400, "file does not follow the template schema"))
    phone = columns.index("phone_number")
    for row in rows:
        check(_PHONE, row[phone], lambda _: failure(400, "file has an invalid phone number"))
    numbered = sorted((int(match[1]), index) for index, name in enumerate(columns) if (match := _BODY.fullmatch(name)))
    return [(row[phone], tuple(row[index] for _, index in numbered)) for row in rows]


def _check_columns(columns: list[str]) -> None:
    is_known = all(_COLUMN.fullmatch(column) for column in columns)
    if not is_known or len(set(columns)) < len(columns) or "phone_number" not in columns:
        raise Refused(failure(400, "file does not follow the template schema"))
    if sum(_BODY.fullmatch(column) is not None for column in columns) > VARIABLE_LIMIT:
        raise Refused(failure(400, f"file has more than {VARIABLE_LIMIT} variables"))

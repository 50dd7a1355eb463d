"""The CSV file that Qiscus' bulk sending takes: the first of the adapter's two steps uploads it.

    phone_number,customer_name,header_variable,body_variable1,body_variable2
    6281500000000,Nur,https://example.org/invoice.pdf,Nur,Rp. 30.000

Source of the columns and of the limits: Qiscus' help, "CSV Template File for WhatsApp Broadcast Messages". It says that
the file of each template has the columns that the template needs, and where to download it; an operator whose file
looks otherwise copies its first row into the channel's settings.
"""

import csv
import io
import re
from collections.abc import Sequence
from typing import NamedTuple

from providers.errors import ConfigurationError
from providers.messages import Recipient, TemplateMessage

FILE_NAME = "recipients.csv"
LARGEST_FILE = 1_000  # rows; the gist says so too
PHONE, HEADER = "phone_number", "header_variable"
NAMES = frozenset({"customer_name", "name"})
BODY = re.compile(r"body_variable([1-9][0-9]?)\Z")


class Row(NamedTuple):
    """What one recipient's row is made of."""

    recipient: Recipient
    template: TemplateMessage

    @property
    def phone(self) -> str:
        """The digits: "country code without +"."""
        return self.recipient.phone.removeprefix("+")


class RecipientFile:
    """The file's shape. Raises ConfigurationError for a header row that cannot be used."""

    def __init__(self, *, header: str, separator: str) -> None:
        self.separator = separator
        self.columns = _columns(header, separator) if header else []
        others = [column for column in self.columns if column not in {PHONE, HEADER, *NAMES}]
        numbers = [int(match[1]) for match in map(BODY.match, others) if match]
        # Variables go into numbered columns by number, into columns with names of their own from left to right.
        is_numbered = len(numbers) == len(others)
        self.variables = [column for _, column in sorted(zip(numbers, others, strict=True))] if is_numbered else others

    def problem(self, template: TemplateMessage) -> tuple[str, str] | None:
        """Why the settings' header row has no place for the template: (its field, a sentence)."""
        if self.columns and len(self.variables) < len(template.variables):
            return "variables", f"The CSV header row has room for {len(self.variables)} variables only."
        if self.columns and template.header and HEADER not in self.columns:
            return "header", f"The CSV header row has no column {HEADER} for the template's header."
        return None

    def encode(self, rows: Sequence[Row]) -> bytes:
        """The file with these recipients; their templates have equally many variables, and all a header or none."""
        columns = self.columns or _usual(rows[0].template)
        variables = self.variables if self.columns else [column for column in columns if BODY.match(column)]
        text = io.StringIO()
        writer = csv.writer(text, delimiter=self.separator)
        writer.writerow(columns)
        for row in rows:
            cells = dict(zip(variables, row.template.variables, strict=False))
            cells[PHONE] = row.phone
            cells[HEADER] = row.template.header.value if row.template.header else ""
            cells.update(dict.fromkeys(NAMES, row.recipient.name))
            writer.writerow([cells.get(column, "") for column in columns])
        return text.getvalue().encode(errors="replace")


def _usual(template: TemplateMessage) -> list[str]:
    numbered = [f"body_variable{number + 1}" for number in range(len(template.variables))]
    return [PHONE, "customer_name", *([HEADER] if template.header else []), *numbered]


def _columns(header: str, separator: str) -> list[str]:
    try:
        rows = list(csv.reader(io.StringIO(header), delimiter=separator, strict=True))
    except csv.Error:
        rows = []
    if len(rows) != 1:
        raise ConfigurationError("CSV header row cannot be read; copy the first line of the template's sample file.")
    columns = [column.strip() for column in rows[0]]
    if PHONE not in columns:
        raise ConfigurationError(f"CSV header row must have a column {PHONE}; columns are separated by {separator}")
    if len(set(columns)) < len(columns):
        raise ConfigurationError("CSV header row names a column twice.")
    return columns

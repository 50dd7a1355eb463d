"""The CSV file that Qiscus' bulk sending takes, and what its upload answers: the first of the adapter's two steps.

    phone_number,variable_1,variable_2
    6281500000000,Nur,Rp. 30.000

Qiscus shows a template's columns in its own console only, so the header row is a setting; this one is the usual.
"""

import csv
import io
from collections.abc import Sequence
from typing import Any

from providers import parsing
from providers.errors import AnswerUnreadable, ChannelHeld, ConfigurationError
from providers.messages import Recipient

FILE_NAME = "recipients.csv"
PHONE_COLUMN, NAME_COLUMN = "phone_number", "name"
# (what a file would cost, what is left): the gist spells the first pair differently on its two sides.
CHARGES = (("credit", "credits"), ("free_session", "free_session"), ("quota", "quota"))


class RecipientFile:
    """The file's shape. Raises ConfigurationError for a header row that names no phone column."""

    def __init__(self, *, header: str, separator: str) -> None:
        self.separator = separator
        self.columns = [column.strip() for column in header.split(separator)] if header else []
        if self.columns and PHONE_COLUMN not in self.columns:
            raise ConfigurationError(f"CSV header row must have a column {PHONE_COLUMN}.")

    def room(self) -> int | None:
        """How many variables a row can hold; None where the header row follows the template."""
        if not self.columns:
            return None
        return sum(column not in {PHONE_COLUMN, NAME_COLUMN} for column in self.columns)

    def encode(self, rows: Sequence[tuple[Recipient, tuple[str, ...]]]) -> bytes:
        """The file with these recipients and their variables, all of which have equally many."""
        columns = self.columns or [PHONE_COLUMN, *(f"variable_{number + 1}" for number in range(len(rows[0][1])))]
        text = io.StringIO()
        writer = csv.writer(text, delimiter=self.separator)
        writer.writerow(columns)
        for recipient, variables in rows:
            values = iter(variables)
            known = {PHONE_COLUMN: recipient.phone.removeprefix("+"), NAME_COLUMN: recipient.name}
            writer.writerow([known[column] if column in known else next(values, "") for column in columns])
        return text.getvalue().encode()


def file_id(value: Any) -> int:
    """The uploaded file's id. Raises ChannelHeld where the account cannot pay for it, AnswerUnreadable without one."""
    found = parsing.identifier(parsing.dig(value, "broadcast_file_id"))
    if not (found.isascii() and found.isdecimal()):
        raise AnswerUnreadable("Qiscus took the file, but gave no file id.")
    for charge, balance in CHARGES:
        needed = parsing.identifier(parsing.dig(value, "estimation_charge", charge))
        left = parsing.identifier(parsing.dig(value, "current_balance", balance))
        if needed.isdecimal() and left.isdecimal() and int(needed) > int(left):
            raise ChannelHeld(f"Qiscus needs {needed} of {balance}, and {left} are left.", code="balance")
    return int(found)

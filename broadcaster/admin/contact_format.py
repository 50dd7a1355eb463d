"""The columns of a small file of contacts: named by us, guessed, or else fields of the contact."""

from broadcaster.admin.spreadsheet_format import Spreadsheet, name_of
from broadcaster.audience import columns
from broadcaster.audience.spreadsheets import UnreadableFile

OURS = ("name", "phone", "identifier", "language", "time_zone", "groups", "fields")
OWN = "field:"  # before the key of a column that becomes a contact's own field


class ContactSpreadsheet(Spreadsheet):
    """A table of people."""

    for_more = (
        "Upload it as an audience file instead: begin a broadcast and choose the file there; "
        "it is imported in the background."
    )

    def column_names(self, headers: list[str], sample: list[list[str]]) -> list[str]:
        """Our name of each column that we know; the key of a contact's own field for any other."""
        keys = columns.field_keys(headers)
        ours: dict[str, str] = {}
        for header in headers:
            ours.setdefault(name_of(header), header)  # the first of two; the other is a field
        known = {ours[name]: name for name in OURS if name in ours}
        roles = columns.guess(headers, sample, None)
        for header, role in roles.items():
            if header not in known and role in OURS and role not in known.values():
                known[header] = role
        if not {"phone", "identifier"} & set(known.values()):
            raise UnreadableFile("No column holds the phone numbers. Name the one that does: phone.")
        return [known.get(header) or f"{OWN}{keys[header]}" for header in headers]

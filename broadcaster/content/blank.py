"""A file to fill in for a template: its columns are the placeholders, so that an upload need not be explained.

It is a workbook and not a CSV, since spreadsheet programs take the zeros off phone numbers that are not kept as text.
"""

from io import BytesIO

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from broadcaster.content import kinds
from broadcaster.content.expressions import FIRST_NAME
from broadcaster.content.rendering import freeze, placeholders_of
from broadcaster.content.values import Unreadable
from broadcaster.models import Template

PHONE = "Phone"
MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_AS_TEXT = "@"  # the number format of cells that stay as they are typed
_WIDTH = 22


def headers(template: Template) -> list[str]:
    """The columns that the template needs: to whom, then each placeholder. Raises Unreadable."""
    if template.kind not in kinds.FIELDS:
        raise Unreadable(f"Nothing here knows the kind \u201c{template.kind}\u201d any more.")
    frozen = freeze(template)
    used = [name.replace(FIRST_NAME, "name") for name in placeholders_of(frozen)]
    if len(frozen["translations"]) > 1:
        used.append("contact.language")
    kept = {name.partition(".")[2] for name in used if name.startswith("fields.")}  # a message reads these as row, too
    wanted = [name for name in used if not (name.startswith("row.") and name.partition(".")[2] in kept)]
    return [PHONE, *(f"@{name}" for name in dict.fromkeys(wanted) if name != "contact.phone")]


def workbook(columns: list[str]) -> bytes:
    """An empty table with these columns, as an Excel file."""
    book, file = Workbook(), BytesIO()
    sheet = book.worksheets[0]
    sheet.title = "People"
    sheet.append(columns)
    sheet.freeze_panes = "A2"
    for place, cell in enumerate(sheet[1], start=1):
        cell.font = Font(bold=True)
        column = sheet.column_dimensions[get_column_letter(place)]
        column.number_format, column.width = _AS_TEXT, _WIDTH
    book.save(file)
    return file.getvalue()

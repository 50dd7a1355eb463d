"""Lists leave as CSV, row by row: the export of a million messages needs no more memory than that of one page."""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.text import slugify
from import_export.admin import ExportMixin
from import_export.resources import Resource

# OWASP, "CSV Injection": what a spreadsheet program takes for the start of a formula.
FORMULA = re.compile(r"[=+\-@\t\r]")
PHONE = re.compile(r"\+[0-9]+")
CHUNK = 2_000  # rows in memory; what belongs to them is fetched with one query for all of them
BYTE_ORDER_MARK = "\ufeff"  # without it Excel reads names in the wrong encoding


class CsvExport(ExportMixin):
    """Adds an export button to a list. It gives the rows that the search and the filters leave, to who may view them.

    The library chooses rows, columns and permission. Its own way of writing holds every row in memory, reads rows with
    their groups by page numbers (so that each page costs more than the last), and of the characters that begin a
    formula it knows only "=".
    """

    def export_action(self, request: HttpRequest) -> HttpResponseBase:
        """The file, as a stream. Raises PermissionDenied."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        resource = self.get_export_resource_classes(request)[0](**self.get_export_resource_kwargs(request))
        lines = csv_lines(resource, self.get_export_queryset(request))
        name = f"{slugify(self.model._meta.verbose_name_plural)}-{timezone.localdate().isoformat()}.csv"  # noqa: SLF001
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=disposition)


class Line:
    """A file for `csv.writer` that hands each line back instead of keeping it."""

    def write(self, line: str) -> str:
        """The line."""
        return line


def csv_lines(resource: Resource, rows: QuerySet[Any]) -> Iterator[str]:
    """The header and a line for each row, by the resource's columns."""
    writer = csv.writer(Line())
    yield BYTE_ORDER_MARK + writer.writerow(resource.get_export_headers())
    for row in rows.iterator(chunk_size=CHUNK):
        yield writer.writerow(safe_cells(resource.export_resource(row)))


def safe_cells(cells: Iterable[Any]) -> list[str]:
    """The cells as text that no spreadsheet program runs; a phone number stays one."""
    return [safe_cell("" if cell is None else str(cell)) for cell in cells]


def safe_cell(text: str) -> str:
    """The text with an apostrophe before what would be a formula."""
    return f"'{text}" if FORMULA.match(text) and not PHONE.fullmatch(text) else text

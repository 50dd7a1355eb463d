"""Lists leave as CSV or Excel, row by row: the export of a million messages needs no more memory than that of one page.

list as filtered, searched and ordered -> chunks of records -> rows of cells -> lines of CSV, or rows of a workbook
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, Any

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.text import slugify
from import_export.admin import ExportMixin
from import_export.fields import Field
from import_export.resources import Resource
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from broadcaster.audience.cells import inert
from broadcaster.audience.lines import heading, line

CHUNK = 2_000  # records in memory; what belongs to them is fetched with one query for all of them
EXCEL_ROWS = 50_000  # a workbook is whole before its first byte leaves: so many take about ten seconds
EXCEL_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Columns:
    """A part of a Resource that is exported: what a chunk of records needs at once, and the rows of one record."""

    def prepare(self, records: list[Any]) -> None:
        """Read what the columns show and these records do not hold, in as many queries for all of them as for one."""

    def rows_of(self, record: Any) -> Iterable[Any]:
        """What stands in the rows of this record; mostly itself."""
        return (record,)


class Export(ExportMixin):
    """Adds export buttons to a list. They give the rows that the search and the filters leave, to who may view them.

    The library chooses rows and columns. Its own way of writing holds every row in memory, reads rows with their groups
    by page numbers (so that each page costs more than the last), and of the characters that begin a formula it knows
    only "=".
    """

    import_export_change_list_template = "broadcaster/records/list_with_files.html"

    def get_urls(self) -> list[URLPattern]:
        """The library's address gives CSV; another one gives Excel."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_export_excel"
        urls: list[URLPattern] = super().get_urls()
        return [path("export/excel/", self.admin_site.admin_view(self.excel_action), name=name), *urls]

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Whoever sees the list may take it along."""
        return bool(self.has_view_permission(request))

    def export_action(self, request: HttpRequest) -> HttpResponseBase:
        """The rows as CSV, as a stream. Raises PermissionDenied."""
        rows = self._exported(request)
        if rows is None:
            return self._to_list(f"?{ERROR_FLAG}=1")
        lines = csv_lines(self._export_resource(request), rows)
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=self._named("csv"))

    def excel_action(self, request: HttpRequest) -> HttpResponseBase:
        """The rows as a workbook, where there are not too many. Raises PermissionDenied."""
        rows = self._exported(request)
        if rows is None:
            return self._to_list(f"?{ERROR_FLAG}=1")
        if rows.order_by()[: EXCEL_ROWS + 1].count() > EXCEL_ROWS:
            sentence = f"An Excel file takes at most {EXCEL_ROWS:,} rows. Filter the list, or export it as CSV."
            self.message_user(request, sentence, messages.ERROR)
            return self._to_list(f"?{request.GET.urlencode()}" if request.GET else "")
        file = workbook(self._export_resource(request), rows)
        return FileResponse(file, content_type=EXCEL_TYPE, headers=self._named("xlsx"))

    def _exported(self, request: HttpRequest) -> QuerySet[Any] | None:
        """The rows of the list; None where the address holds a filter that there is not. Raises PermissionDenied."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        try:
            rows: QuerySet[Any] = self.get_export_queryset(request)
        except IncorrectLookupParameters:
            return None
        return rows

    def _export_resource(self, request: HttpRequest) -> Any:
        return self.get_export_resource_classes(request)[0](**self.get_export_resource_kwargs(request))

    def _named(self, suffix: str) -> dict[str, str]:
        name = f"{slugify(self.opts.verbose_name_plural)}-{timezone.localdate().isoformat()}.{suffix}"
        return {"Content-Disposition": f'attachment; filename="{name}"'}

    def _to_list(self, query: str) -> HttpResponseRedirect:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
        return HttpResponseRedirect(reverse(name) + query)


def csv_lines(resource: Resource, rows: QuerySet[Any]) -> Iterator[str]:
    """The header and a line for each row, by the resource's columns."""
    yield heading(resource.get_export_headers())
    for cells in table(resource, rows):
        yield line(map(as_words, cells))


def workbook(resource: Resource, rows: QuerySet[Any]) -> IO[bytes]:
    """The same as an Excel file on the disk, gone once it is closed. Excel itself keeps 32,767 characters of a cell."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(resource.get_export_headers())
    for cells in table(resource, rows):
        sheet.append([excel_cell(sheet, cell) for cell in cells])
    file = TemporaryFile()  # noqa: SIM115  the response closes it
    book.save(file)
    file.seek(0)
    return file


def table(resource: Any, rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """The cells of each row, read in chunks."""
    readers = [_reader(resource, column) for column in resource.get_export_fields()]
    records = rows.iterator(chunk_size=CHUNK)
    while chunk := list(islice(records, CHUNK)):
        resource.prepare(chunk)
        for record in chunk:
            for row in resource.rows_of(record):
                yield [read(row) for read in readers]


def _reader(resource: Any, column: Field) -> Callable[[Any], Any]:
    """What gives a column's cell; the library looks it up anew for every cell, which takes longer than to read it."""
    named = column.get_dehydrate_method(resource.get_field_name(column))
    reader: Callable[[Any], Any] = getattr(resource, named, column.export)
    return reader


def as_words(cell: Any) -> str:
    """What stands in a line of text."""
    return "" if cell is None else str(cell)


def excel_cell(sheet: Any, value: Any) -> Any:
    """A number as one, anything else as text that no program runs; without the characters that XML cannot hold."""
    if isinstance(value, int | float):
        return value
    text = inert(ILLEGAL_CHARACTERS_RE.sub("", as_words(value)))
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"  # or "#N/A" would become an error
    return cell

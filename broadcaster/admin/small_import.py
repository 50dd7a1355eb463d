"""Small files in: a page that checks the file and shows its rows, and a button that takes all of them or none.

file -> Spreadsheet -> resource, tried and rolled back -> preview -> confirmed -> resource again -> records
"""

import logging
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST
from import_export.admin import ImportMixin
from unfold.contrib.import_export.forms import ImportForm

from broadcaster.admin.spreadsheet_format import Spreadsheet
from broadcaster.admin.waiting_file import WaitingFile
from broadcaster.audience.spreadsheets import UnreadableFile
from broadcaster.audience.stored import KEPT

log = logging.getLogger(__name__)

SIZE_LIMIT_BYTES = 10_000_000
UNREADABLE = "The file could not be read. Save the table as CSV or Excel (.xlsx) and choose it again."
GONE = "The file that you checked is gone. Choose it again."
ABSENT = "---"  # what the library writes for a column that the row lacks
IMPORTED = {"new": ADDITION, "update": CHANGE}


class FileForm(ImportForm):
    """The file; one that is far beyond the rows of a small import is not even read."""

    @property
    def media(self) -> forms.Media:
        """No script: the library's guesses a format by the file's name."""
        return forms.Media()

    def clean_import_file(self) -> Any:
        """The file. Raises ValidationError with one sentence."""
        file = self.cleaned_data["import_file"]
        if file.size > SIZE_LIMIT_BYTES:
            raise forms.ValidationError(f"The file is larger than {SIZE_LIMIT_BYTES // 1_000_000} MB. Take fewer rows.")
        return file


class Rows:
    """A part of a Resource that is imported: nobody changes by a file what they may not change on the page.

    It stands before the library's class. `changes` is the permission to change a record that exists.
    """

    changes = ""
    refusal = ""

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        """Ask once what the person may do."""
        user = kwargs.get("user")
        self.may_change = user is not None and user.has_perm(self.changes)

    def check_change(self) -> None:
        """Raises ValidationError where a record that exists would be changed by somebody who may not."""
        if not self.may_change:
            raise ValidationError(self.refusal)

    def after_import(self, dataset: Any, result: Any, **kwargs: Any) -> None:
        """Nothing: the library would set the key's sequence back, below keys that another import has just taken."""


class SmallImport(ImportMixin):
    """Adds an import button to a list, for who may add records. The library tries the rows; the rest is ours.

    Its own leave the files in the system's temporary folder, take any name of such a file from the form, say "finished"
    though rows were refused in the meantime, and fail where the file is gone.
    """

    import_form_class = FileForm
    import_template_name = "broadcaster/records/import.html"
    import_table: type[Spreadsheet]
    import_help = ""
    tmp_storage_class = WaitingFile

    def get_import_formats(self) -> list[type]:
        """One way in, for any table."""
        return [self.import_table]

    def choose_import_resource_class(self, form: Any, request: HttpRequest) -> type:
        """The only one, whatever the form says."""
        resource: type = self.get_import_resource_classes(request)[0]
        return resource

    def get_import_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What stands above the form."""
        return {"import_help": self.import_help}

    def import_action(self, request: HttpRequest, **kwargs: Any) -> TemplateResponse:
        """The page, and what a file would do. Only a file that can be confirmed is kept. Raises PermissionDenied."""
        response: TemplateResponse = super().import_action(request, **kwargs)
        context = response.context_data or {}
        if "confirm_form" not in context:
            file = context["form"].files.get("import_file")
            if name := getattr(file, "tmp_storage_name", ""):
                WaitingFile(name).remove()
        if "result" in context:
            _tidy(context["result"])
        return response

    def get_confirm_form_initial(self, request: HttpRequest, import_form: Any) -> dict[str, Any]:
        """The file's name signed, for this person and this list."""
        initial: dict[str, Any] = super().get_confirm_form_initial(request, import_form)
        if import_form:
            name = initial["import_file_name"]
            initial["import_file_name"] = signing.dumps(name, salt=self._salt(request))
        return initial

    @method_decorator(require_POST)
    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Take the confirmed rows, all or none. Raises PermissionDenied."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        form = self.create_confirm_form(request)
        try:
            signed = form.data.get("import_file_name", "")
            file = WaitingFile(signing.loads(signed, salt=self._salt(request), max_age=KEPT))
            table = self.import_table().create_dataset(file.read())
        except (signing.BadSignature, FileNotFoundError, UnreadableFile):
            self.message_user(request, GONE, messages.ERROR)
            return HttpResponseRedirect(reverse(self._address("import")))
        file.remove()
        form.is_valid()  # the library reads its cleaned data
        result = self.process_dataset(table, form, request, rollback_on_validation_errors=True)
        if result.has_errors() or result.has_validation_errors():
            return self._refused(request, result)
        response: HttpResponse = self.process_result(result, request)
        return response

    def _refused(self, request: HttpRequest, result: Any) -> HttpResponse:
        """The page with the rows that no longer can be taken."""
        _tidy(result)
        form = self.import_form_class(self.get_import_formats(), self.get_import_resource_classes(request))
        context = {
            **self.get_import_context_data(),
            **self.admin_site.each_context(request),
            "title": "Import",
            "opts": self.opts,
            "media": self.media + form.media,
            "form": form,
            "result": result,
        }
        return TemplateResponse(request, [self.import_template_name], context)

    def _salt(self, request: HttpRequest) -> str:
        return f"import:{self.opts.label}:{request.user.pk}"

    def _address(self, page: str) -> str:
        return f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"

    def add_data_read_fail_error_to_form(self, form: Any, e: Exception) -> None:
        """Say in our own words why the file was not read."""
        if not isinstance(e, UnreadableFile):
            log.warning("A file could not be read.", exc_info=e)
        form.add_error("import_file", e.sentence if isinstance(e, UnreadableFile) else UNREADABLE)

    def logged(self, instance: Any) -> Any:
        """The record whose history names the import."""
        return instance

    def generate_log_entries(self, result: Any, request: HttpRequest) -> None:
        """Every record's history names the import, once."""
        for kind, flag in IMPORTED.items():
            records = dict.fromkeys(self.logged(row.instance) for row in result if row.import_type == kind)
            LogEntry.objects.log_actions(
                str(request.user.pk), list(records), flag, change_message="Imported from a file."
            )

    def add_success_message(self, result: Any, request: HttpRequest) -> None:
        """What came of it, in numbers."""
        totals = result.totals
        sentence = f"Imported: {totals['new']} new, {totals['update']} updated, {totals['skip']} unchanged."
        self.message_user(request, sentence, messages.SUCCESS)


def _tidy(result: Any) -> None:
    """Leave of a refused row what the file says; write down an error that no row's sentence explains."""
    for row in result.invalid_rows:
        row.values = [value for value in row.values if value and value != ABSENT]
    for error in [*result.base_errors, *(each for _, errors in result.row_errors() for each in errors)]:
        log.error("A row of a file could not be saved.", exc_info=error.error)

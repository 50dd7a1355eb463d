"""A list of people who opted out, from the browser: read in one request, which says what became of its rows."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from broadcaster.audience import archives, opt_out_files, phones, spreadsheets
from broadcaster.audience.consent import REASON_LIMIT
from broadcaster.audience.opt_out_files import Plan, Progress, Refused
from broadcaster.audience.spreadsheets import UnreadableFile
from broadcaster.models import Channel, Suppression

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

LIST = "admin:broadcaster_suppression_changelist"
URL_NAME = "broadcaster_suppression_file"
MOST_ROWS = 100_000  # about ten seconds of one request
MOST_BYTES = 20_000_000
SHOWN = 200  # refused rows on the page
TOO_LARGE = (
    f"The file is too large for this page, which takes {MOST_ROWS:,} rows and {MOST_BYTES // 1_000_000} MB. "
    "Split it, or let whoever runs the server import it with manage.py import_optouts."
)
BROKEN = "The file could not be read from the disk. Choose it again."


class FileForm(forms.Form):
    """The file, and what its rows do not say."""

    file = forms.FileField(
        label="File",
        label_suffix="",
        allow_empty_file=True,
        help_text="CSV or Excel, with a column for phones or identifiers. A column called reason is taken too.",
    )
    region = forms.ChoiceField(label="Country of local numbers", label_suffix="", required=False)
    channel = forms.ModelChoiceField(
        label="Channel", label_suffix="", queryset=Channel.objects.all(), required=False, empty_label="All channels"
    )
    reason = forms.CharField(
        label="Reason", label_suffix="", max_length=REASON_LIMIT, help_text="For rows that give none themselves."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].choices = [("", "Every number has its country code"), *phones.regions()]  # type: ignore[attr-defined]
        self.fields["file"].widget.attrs["accept"] = ",".join(sorted(archives.TABLES))

    def clean_file(self) -> "UploadedFile[bytes]":
        """The file. Raises ValidationError for one that one request cannot take."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError(TOO_LARGE)
        return file


class FileOfOptOuts:
    """A part of the opt-outs' Admin: the page that takes a list of them."""

    admin_site: admin.AdminSite

    def get_urls(self) -> list[URLPattern]:
        """And the page."""
        view = self.admin_site.admin_view(self.file_view)
        return [path("import/", view, name=URL_NAME), *super().get_urls()]  # type: ignore[misc]

    def file_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for the file, and say what became of it. Raises PermissionDenied."""
        if not request.user.has_perm("broadcaster.add_suppression"):
            raise PermissionDenied
        form = FileForm(request.POST or None, request.FILES or None)
        progress, refused = _taken(request, form) if form.is_valid() else (Progress(), [])
        context = {
            **self.admin_site.each_context(request),
            "title": "Import opt-outs",
            "form": form,
            "progress": progress if progress.rows and not form.errors else None,
            "refused": refused,
            "more_refused": progress.invalid + progress.partly > len(refused),
            "back": reverse(LIST),
        }
        status = 400 if form.is_bound and form.errors else 200
        return TemplateResponse(request, "broadcaster/records/optout_file.html", context, status=status)


def _taken(request: HttpRequest, form: FileForm) -> tuple[Progress, list[Refused]]:
    """What became of the file's rows; of none of them where it cannot be read, and the form says why."""
    try:
        progress, refused = _take(form.cleaned_data)
    except UnreadableFile as error:
        form.add_error("file", error.sentence)
    except OSError:
        form.add_error("file", BROKEN)
    else:
        _record(request, form.cleaned_data["file"].name or "", progress)
        return progress, refused
    return Progress(), []


def _take(given: dict[str, Any]) -> tuple[Progress, list[Refused]]:
    """Opt the file's people out; what became of the rows, and the first refused. Raises UnreadableFile, OSError."""
    with _on_disk(given["file"]) as stored:
        plan = opt_out_files.plan(stored, given["file"].name or "", region=given["region"])
        if _rows_of(plan) > MOST_ROWS:
            raise UnreadableFile(TOO_LARGE)
        progress, refused = Progress(), list[Refused]()
        for progress in opt_out_files.suppressed(plan, channel=given["channel"], reason=given["reason"]):
            refused += progress.refused[: SHOWN - len(refused)]
    return progress, refused


def _rows_of(plan: Plan) -> int:
    """How many rows there are, counted no further than needed."""
    expected = spreadsheets.expected_rows(plan.path, plan.dialect)
    if expected > MOST_ROWS or plan.dialect.format == "csv":
        return expected
    return sum(1 for _, _ in zip(range(MOST_ROWS + 1), spreadsheets.rows(plan.path, plan.dialect), strict=False))


@contextmanager
def _on_disk(file: "UploadedFile[bytes]") -> Iterator[Path]:
    """The file where the readers can open it; gone afterwards, for it holds people's addresses."""
    with tempfile.NamedTemporaryFile() as stored:
        for chunk in file.chunks():
            stored.write(chunk)
        stored.flush()
        yield Path(stored.name)


def _record(request: HttpRequest, filename: str, progress: Progress) -> None:
    """Write down who took which file, and what came of it."""
    if isinstance(request.user, User):
        LogEntry.objects.create(
            user_id=request.user.pk,
            content_type=ContentType.objects.get_for_model(Suppression),
            object_repr=filename[:200],
            action_flag=ADDITION,
            change_message=f"Imported a list: {progress.new} new of {progress.rows} rows.",
        )

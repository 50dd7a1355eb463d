"""Step 1, second half: what the file's columns hold, then its import and how far that is."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.text import get_valid_filename

from broadcaster import tasks
from broadcaster.admin.journey.access import go, of_broadcast, of_draft, require, with_permission
from broadcaster.admin.journey.column_form import ROLES, Column, DialectForm, columns, mapping_of
from broadcaster.admin.journey.pages import draw, page, wants_fragment
from broadcaster.audience import uploads
from broadcaster.audience.spreadsheets import Preview, UnreadableFile
from broadcaster.models import AudienceUpload, Broadcast, Group

OTHER_COLUMNS = "Read so, the file has other columns. Look at them, then import."
GONE = "The file is no longer on the server's disk. Go back and upload it again."


@dataclass(frozen=True, slots=True)
class Reading:
    """The file as the form would have it read; a `sentence` says why that is not possible."""

    form: DialectForm | None
    columns: list[Column]
    preview: Preview | None = None
    sentence: str = ""

    @property
    def reaches_nobody(self) -> bool:
        """Whether no column says to whom a message could be sent."""
        return not {column.role for column in self.columns} & {"phone", "identifier"}

    @property
    def headers_json(self) -> str:
        """The columns for which the form is drawn; roles that were chosen for other columns say nothing."""
        return json.dumps(self.preview.headers if self.preview else [])


@of_draft
def file_columns(request: HttpRequest, broadcast: Broadcast) -> HttpResponse:
    """Show how the file is read, read it anew at each change, and import it on request."""
    upload = broadcast.upload
    if upload is None:
        return go("broadcast_audience", broadcast)
    if upload.state != AudienceUpload.State.UPLOADED:
        return page(request, "audience", broadcast, template="import", upload=upload)
    reading = _read(request, upload)
    if wants_fragment(request):
        return _show(request, broadcast, reading, fragment=True)
    if request.method == "POST" and not reading.sentence and request.POST.get("headers") != reading.headers_json:
        reading = replace(reading, sentence=OTHER_COLUMNS)
    if request.method == "POST" and not reading.sentence:
        reading = _import(request, upload, reading)
        if not reading.sentence:
            return go("broadcast_columns", broadcast)
    return _show(request, broadcast, reading)


@of_broadcast("view_broadcast")
def import_progress(request: HttpRequest, broadcast: Broadcast) -> HttpResponse:
    """How far the import is: a fragment that asks for itself again until it is done.

    The strip on other pages brings them up to date when it is: what they show depends on who is in the file.
    """
    upload = broadcast.upload
    if "strip" not in request.GET:
        return draw(request, "_import", broadcast, upload=upload)
    response = draw(request, "_importing", broadcast)
    if upload is None or upload.state != AudienceUpload.State.IMPORTING:
        response.headers["HX-Refresh"] = "true"
    return response


@with_permission("view_audienceupload")
def rejects(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """The refused rows as a file to mend and upload again."""
    upload = get_object_or_404(AudienceUpload, pk=pk)
    if not Path(upload.file.path).exists():  # its header stands above the rows
        raise Http404(GONE)
    response = StreamingHttpResponse(uploads.rejected_csv(upload), content_type="text/csv; charset=utf-8")
    stem = get_valid_filename(upload.filename.rpartition(".")[0] or "file")
    response.headers["Content-Disposition"] = f'attachment; filename="refused-rows-{stem}.csv"'
    return response


def _read(request: HttpRequest, upload: AudienceUpload) -> Reading:
    """Read the first rows as the form says, or as it was detected where nothing is posted."""
    posted = request.POST or None
    form: DialectForm | None = None
    try:
        form = DialectForm(posted, upload=upload)
        if posted and not form.is_valid():
            return Reading(form, [], sentence="Choose one of the offered values.")
        if posted:
            upload.region = form.cleaned_data["region"]
        dialect = form.dialect if posted else None
        seen, guessed = uploads.preview(upload, dialect), uploads.guess_mapping(upload, dialect)
    except UnreadableFile as error:
        return Reading(form, [], sentence=error.sentence)
    except OSError:
        return Reading(form, [], sentence=GONE)
    return Reading(form, columns(upload, seen, guessed, posted), seen)


def _import(request: HttpRequest, upload: AudienceUpload, reading: Reading) -> Reading:
    """Keep the choices and let the import begin; or the same reading with what stands in the way."""
    form = reading.form
    if form is None:
        return reading
    try:
        with transaction.atomic():
            uploads.configure(
                upload,
                dialect=form.dialect,
                mapping=mapping_of(reading.columns),
                region=form.cleaned_data["region"],
                group=_group(request, form),
            )
            started = uploads.start_import(upload)
    except UnreadableFile as error:
        return Reading(form, reading.columns, reading.preview, error.sentence)
    if started:
        tasks.wake_import(upload.pk)
    return reading


def _group(request: HttpRequest, form: DialectForm) -> Group | None:
    if form.cleaned_data["group"].strip():
        require(request, "add_group")
    return form.group_named()


def _show(request: HttpRequest, broadcast: Broadcast, reading: Reading, *, fragment: bool = False) -> HttpResponse:
    context = {
        "reading": reading,
        "form": reading.form,
        "upload": broadcast.upload,
        "roles": ROLES,
        "groups": Group.objects.order_by("name"),
    }
    status = 400 if reading.sentence and request.method == "POST" else 200
    if fragment:
        return draw(request, "_columns", broadcast, status=status, **context)
    return page(request, "audience", broadcast, template="columns", status=status, **context)

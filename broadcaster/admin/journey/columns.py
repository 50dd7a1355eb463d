"""Step 1, second half: what the file's columns hold; then `imports.py` shows how far its import is."""

import json
from dataclasses import dataclass, replace

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from broadcaster import tasks
from broadcaster.admin.journey.access import go, of_draft, require
from broadcaster.admin.journey.column_choices import OTHERS, ROLES, Column, choices, columns, mapping_of
from broadcaster.admin.journey.column_form import DialectForm
from broadcaster.admin.journey.imports import import_page
from broadcaster.admin.journey.pages import draw, page, wants_fragment
from broadcaster.audience import importing, remembering, uploads
from broadcaster.audience.spreadsheets import Preview, UnreadableFile
from broadcaster.models import AudienceUpload, Broadcast, ContactField, Group

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
    def problem(self) -> str:
        """What stands in the way of the import: the first choice of a column or the group that cannot stand."""
        group = self.form.errors.get("group", ()) if self.form else ()
        return next(iter([*(column.problem for column in self.columns if column.problem), *map(str, group)]), "")

    @property
    def others(self) -> int:
        """How many columns are nothing that we know by name, and can be chosen for all at once."""
        return sum(column.role in OTHERS for column in self.columns)

    @property
    def headers_json(self) -> str:
        """The columns for which the form is drawn: an import must not take others than a person has seen."""
        return json.dumps(self.preview.headers if self.preview else [])


@of_draft
def file_columns(request: HttpRequest, broadcast: Broadcast) -> HttpResponse:
    """Show how the file is read, read it anew at each change, and import it on request."""
    upload = broadcast.upload
    if upload is None:
        return go("broadcast_audience", broadcast)
    if upload.state != AudienceUpload.State.UPLOADED:
        return import_page(request, broadcast, upload)
    if "anew" in request.POST:
        return _guess_anew(request, broadcast, upload)
    reading = _read(request, upload)
    if wants_fragment(request):
        return _show(request, broadcast, reading, fragment=True)
    if request.method == "POST":
        reading = _import(request, upload, reading)
        if not reading.sentence:
            return go("broadcast_columns", broadcast)
    return _show(request, broadcast, reading)


def _guess_anew(request: HttpRequest, broadcast: Broadcast, upload: AudienceUpload) -> HttpResponse:
    """Forget for this file what is remembered of an earlier one."""
    try:
        uploads.guess_anew(upload)
    except (UnreadableFile, OSError):
        return _show(request, broadcast, Reading(None, [], sentence=GONE))
    return go("broadcast_columns", broadcast)


def _read(request: HttpRequest, upload: AudienceUpload) -> Reading:
    """Read the first rows as the form says, or as it was detected where nothing is posted."""
    posted = request.POST or None
    form: DialectForm | None = None
    try:
        form = DialectForm(posted, upload=upload)
        if posted and not form.can_be_read:
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
    if form is None or reading.sentence:
        return reading
    if request.POST.get("headers") != reading.headers_json:
        return replace(reading, sentence=OTHER_COLUMNS)
    if reading.problem:
        return replace(reading, sentence=reading.problem)
    try:
        with transaction.atomic():
            uploads.configure(
                upload,
                dialect=form.dialect,
                mapping=mapping_of(reading.columns),
                region=form.cleaned_data["region"],
                group=_group(request, form),
            )
            started = importing.start(upload)
    except UnreadableFile as error:
        return replace(reading, sentence=error.sentence)
    if started:
        tasks.wake_import(upload.pk)
    return reading


def _group(request: HttpRequest, form: DialectForm) -> Group | None:
    if form.cleaned_data["group"]:
        require(request, "add_group")
    return form.group_named()


def _show(request: HttpRequest, broadcast: Broadcast, reading: Reading, *, fragment: bool = False) -> HttpResponse:
    upload = broadcast.upload
    as_kept = bool(upload and reading.preview and reading.preview.headers == upload.headers)
    context = {
        "reading": reading,
        "form": reading.form,
        "upload": upload,
        "before": _before(request, reading),
        "read_as": remembering.source_of(upload) if upload and as_kept else None,
        "roles": ROLES,
        "others": OTHERS,
        "fields": ContactField.objects.all(),
        "groups": Group.objects.filter(rule={}).order_by("name"),
    }
    status = 400 if reading.sentence and request.method == "POST" else 200
    if fragment:
        return draw(request, "_columns", broadcast, status=status, **context)
    return page(request, "audience", broadcast, template="columns", status=status, **context)


def _before(request: HttpRequest, reading: Reading) -> str:
    """The choices for columns that the file has not, read as it is now, but may have again after the next change."""
    shown = {column.header for column in reading.columns}
    return json.dumps({header: choice for header, choice in choices(request.POST).items() if header not in shown})

"""What a person does with an import: cancel it, mend refused rows, take the file back. Each asks for its permission."""

import re
from collections import defaultdict
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from broadcaster import tasks
from broadcaster.admin.import_result import may_take_back, result
from broadcaster.admin.journey.access import with_permission
from broadcaster.audience import importing, rejects, undoing, uses
from broadcaster.models import AudienceUpload, Broadcast

CELL = re.compile(r"cell-([0-9]{1,9})-([0-9]{1,4})", re.ASCII)


@with_permission("view_audienceupload")
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The moving part of a file's record, for as long as a worker is at it."""
    upload = get_object_or_404(AudienceUpload, pk=pk)
    return TemplateResponse(request, "broadcaster/records/upload_live.html", shown(request, upload))


def shown(request: HttpRequest, upload: AudienceUpload) -> dict[str, Any]:
    """What the file's record shows of its import."""
    return result(upload, request.user, address=reverse("admin:upload_progress", args=[upload.pk]))


@require_POST
@with_permission("add_audienceupload")
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop an import; what is imported stays."""
    upload = get_object_or_404(AudienceUpload, pk=pk)
    if not importing.cancel(upload):
        messages.info(request, f"There was nothing to cancel: {upload} is not being imported.")
    return _back(request, upload)


@require_POST
@with_permission("add_audienceupload")
def mend(request: HttpRequest, pk: int) -> HttpResponse:
    """Read the refused rows again with the cells of the form."""
    upload = get_object_or_404(AudienceUpload, pk=pk)
    try:
        mended = rejects.mend(upload, cells_of(request.POST))
    except rejects.NotMended as refusal:
        messages.error(request, refusal.sentence)
    else:
        told = messages.warning if mended.refused or mended.erased or mended == rejects.Mended() else messages.success
        told(request, in_words(mended))
    return _back(request, upload)


@require_http_methods(["GET", "HEAD", "POST"])
@with_permission("view_audienceupload")
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what taking the file back would do, and do it once that is confirmed."""
    if not (may_take_back(request.user) and isinstance(request.user, User)):
        raise PermissionDenied
    upload = get_object_or_404(AudienceUpload.objects.select_related("group"), pk=pk)
    if request.method == "POST":
        try:
            undoing.start(upload)
        except undoing.StillUsed as refusal:
            messages.error(request, refusal.sentence)
        else:
            LogEntry.objects.log_actions(request.user.pk, [upload], CHANGE, "Took the file back.", single_object=True)
            tasks.wake_taking_back(upload.pk)
        return HttpResponseRedirect(_record(upload))
    why_not = undoing.why_not(upload)
    context = {
        **admin.site.each_context(request),
        "title": f"Take back {upload}",
        "upload": upload,
        "why_not": why_not,
        "back": _page(request.GET, upload),
        "outlook": None if why_not else undoing.look(upload),
        "drafts": uses.drafts(upload),
    }
    return TemplateResponse(request, "broadcaster/records/upload_take_back.html", context)


def cells_of(posted: QueryDict) -> dict[int, dict[int, str]]:
    """The form's cells: {row's number: {place: text}}; what else stands in it is nobody's cell."""
    cells: dict[int, dict[int, str]] = defaultdict(dict)
    for name, text in posted.items():
        if found := CELL.fullmatch(name):
            cells[int(found[1])][int(found[2])] = str(text)
    return dict(cells)


def in_words(mended: rejects.Mended) -> str:
    """What became of the mended rows."""
    told = [
        (mended.joined, "joined the audience"),
        (mended.duplicate, "stood in the file already"),
        (mended.erased, "not stored, since the person was erased on request"),
        (mended.refused, "still refused, for the reason beside it"),
    ]
    parts = [f"{intcomma(rows)} {'row' if rows == 1 else 'rows'} {words}" for rows, words in told if rows]
    return f"{', '.join(parts)}." if parts else "Nothing was changed, so nothing was read again."


def _back(request: HttpRequest, upload: AudienceUpload) -> HttpResponseRedirect:
    return HttpResponseRedirect(_page(request.POST, upload))


def _page(given: QueryDict, upload: AudienceUpload) -> str:
    """The page from which the person came: that of a broadcast with this file, or the file's record."""
    broadcast = given.get("broadcast", "")
    if broadcast.isascii() and broadcast.isdecimal():
        found = Broadcast.objects.filter(pk=int(broadcast[:18]), upload=upload).first()
        if found:
            return reverse("admin:broadcast_columns", args=[found.pk])
    return _record(upload)


def _record(upload: AudienceUpload) -> str:
    return reverse("admin:broadcaster_audienceupload_change", args=[upload.pk])

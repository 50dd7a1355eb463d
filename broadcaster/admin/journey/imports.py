"""Step 1, the file's import: how far it is, what became of its rows, and the rows that were refused."""

from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import content_disposition_header

from broadcaster.admin.import_progress import progress
from broadcaster.admin.import_result import result
from broadcaster.admin.journey.access import go, of_broadcast, with_permission
from broadcaster.admin.journey.pages import draw, page
from broadcaster.audience import rejects
from broadcaster.models import AudienceUpload, Broadcast


def import_page(request: HttpRequest, broadcast: Broadcast, upload: AudienceUpload) -> HttpResponse:
    """The page of an import that runs or has ended."""
    return page(request, "audience", broadcast, template="import", **_shown(request, broadcast, upload))


@of_broadcast("view_broadcast")
def import_progress(request: HttpRequest, broadcast: Broadcast) -> HttpResponse:
    """How far the import is: a fragment that asks for itself again until it is done.

    The strip on other pages brings them up to date when it is: what they show depends on who is in the file.
    """
    upload = broadcast.upload
    if "strip" in request.GET:
        response = draw(request, "_importing", broadcast, progress=progress(upload) if upload else None)
        if upload is None or upload.state != AudienceUpload.State.IMPORTING:
            response.headers["HX-Refresh"] = "true"
        return response
    if upload is None:  # it was taken out of the draft, or taken back, while the page was open
        return go("broadcast_audience", broadcast)
    return TemplateResponse(request, "broadcaster/records/upload_live.html", _shown(request, broadcast, upload))


@with_permission("view_audienceupload")
def refused_rows(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """The refused rows as a file to mend and upload again."""
    upload = get_object_or_404(AudienceUpload, pk=pk)
    response = StreamingHttpResponse(rejects.as_csv(upload), content_type="text/csv; charset=utf-8")
    told = content_disposition_header(as_attachment=True, filename=rejects.file_name(upload))
    response.headers["Content-Disposition"] = told or ""
    return response


def _shown(request: HttpRequest, broadcast: Broadcast, upload: AudienceUpload) -> dict[str, Any]:
    address = reverse("admin:broadcast_import", args=[broadcast.pk])
    return result(upload, request.user, address=address, broadcast_id=broadcast.pk)

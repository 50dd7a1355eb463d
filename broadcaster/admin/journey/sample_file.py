"""The sample file of a template, for operators who have no file yet: download, fill in, upload."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.text import get_valid_filename

from broadcaster.admin.journey.access import with_permission
from broadcaster.content import blank
from broadcaster.content.values import Unreadable
from broadcaster.models import Template


@with_permission("view_template")
def sample_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The workbook of the template; the template's own page where it says nothing that can be read."""
    template = get_object_or_404(Template, pk=pk)
    try:
        columns = blank.headers(template)
    except Unreadable as error:
        messages.error(request, f"{template.name} has no sample file, for it cannot be read. {error}")
        return HttpResponseRedirect(reverse("admin:broadcaster_template_change", args=[template.pk]))
    response = HttpResponse(blank.workbook(columns), content_type=blank.MIME)
    name = get_valid_filename(f"{template.name} people.xlsx")
    response.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return response

"""The addresses of the journey; they stand before the broadcast admin's own, in its namespace."""

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from broadcaster.admin.journey import (
    actions,
    audience,
    columns,
    imports,
    message,
    provider_groups,
    review,
    sample_file,
    schedule,
    unknown,
    watch,
)
from broadcaster.admin.journey.access import View, go, may, of_broadcast
from broadcaster.admin.journey.steps import first_unfinished, page_of
from broadcaster.models import Broadcast


@of_broadcast("view_broadcast")
def compose(request: HttpRequest, broadcast: Broadcast) -> HttpResponse:
    """Go to the step at which this broadcast is; who may not change it looks at its review."""
    if broadcast.is_editable and not may(request.user, "change_broadcast"):
        return go("broadcast_review", broadcast)
    return go(page_of(broadcast, first_unfinished(broadcast)), broadcast)


VIEWS: dict[str, View] = {
    "compose": compose,
    "audience": audience.audience,
    "columns": columns.file_columns,
    "import": imports.import_progress,
    "message": message.message,
    "schedule": schedule.schedule,
    "review": review.review,
    "recipients": review.recipients,
    "cost": review.cost,
    "watch": watch.watch,
    "live": watch.live,
    "confirm": review.confirm,
    "pause": actions.pause,
    "resume": actions.resume,
    "cancel": actions.cancel,
    "unschedule": actions.unschedule,
    "copy": actions.copy,
    "treat_as_sent": unknown.treat_as_sent,
    "send_again": unknown.send_again,
}


def journey_urls(admin_site: AdminSite) -> list[URLPattern]:
    """Each view behind the admin's login, named `broadcast_...`."""
    return [
        path("new/", admin_site.admin_view(audience.new), name="broadcast_new"),
        path("groups/<int:pk>/look/", admin_site.admin_view(provider_groups.look), name="broadcast_look_groups"),
        path("templates/<int:pk>/sample/", admin_site.admin_view(sample_file.sample_file), name="template_sample"),
        path("files/<int:pk>/rejects/", admin_site.admin_view(imports.refused_rows), name="upload_rejects"),
        *(
            path(f"<int:pk>/{name}/", admin_site.admin_view(view), name=f"broadcast_{name}")
            for name, view in VIEWS.items()
        ),
    ]

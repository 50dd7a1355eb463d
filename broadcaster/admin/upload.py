"""Audience files: what was uploaded, by whom, and what became of every row."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from broadcaster.admin import words
from broadcaster.admin.base import ReadOnlyAdmin
from broadcaster.admin.deletion import NAMED, CountedDeletion
from broadcaster.audience import phones
from broadcaster.models import AudienceRow, AudienceUpload, Broadcast, RejectedRow

FIRST_REFUSED = 10
State = AudienceUpload.State
COLOURS: dict[str, str] = {
    State.UPLOADED: "info",
    State.IMPORTING: "primary",
    State.IMPORTED: "success",
    State.FAILED: "danger",
}


@admin.register(AudienceUpload)
class UploadAdmin(CountedDeletion, ReadOnlyAdmin):
    """A history: files come in through a broadcast, and are looked at here."""

    list_display = (
        "filename",
        "uploaded",
        "author",
        "shown_state",
        "rows",
        "new",
        "updated",
        "unchanged",
        "duplicate",
        "invalid",
        "opted_out",
        "group",
    )
    list_filter = (("state", ChoicesDropdownFilter),)
    list_select_related = ("author", "group")
    search_fields = ("filename",)
    readonly_fields = (
        "shown_state",
        "error_in_words",
        "size",
        "uploaded",
        "finished",
        "totals",
        "refused",
        "columns",
        "country",
    )
    delete_confirmation_template = delete_selected_confirmation_template = "broadcaster/records/delete_upload.html"
    empty_title = "No audience files yet"
    empty_text = "A file is uploaded where a broadcast is composed; afterwards it stands here with its totals."
    empty_button = "Upload a file"

    fieldsets = (
        (
            None,
            {
                "fields": (
                    "filename",
                    "shown_state",
                    "error_in_words",
                    "size",
                    "author",
                    "uploaded",
                    "finished",
                    "group",
                )
            },
        ),
        ("What became of the rows", {"fields": ("totals", "refused")}),
        ("How it was read", {"fields": ("columns", "country")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: AudienceUpload | None = None) -> Any:
        """What went wrong, only where something did."""
        (name, about), *rest = self.fieldsets
        shown = [field for field in about["fields"] if field != "error_in_words" or (obj and obj.error)]
        return [(name, {"fields": shown}), *rest]

    def has_add_permission(self, request: HttpRequest, obj: AudienceUpload | None = None) -> bool:
        """By way of a broadcast."""
        return bool(request.user.has_perm("broadcaster.add_broadcast"))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A file is added where a broadcast is composed."""
        return HttpResponseRedirect(reverse("admin:broadcast_new"))

    def has_delete_permission(self, request: HttpRequest, obj: AudienceUpload | None = None) -> bool:
        """By Django's permission, and not while it is read; what a broadcast uses is kept by `in_use`."""
        if obj and obj.state == AudienceUpload.State.IMPORTING:
            return False
        return bool(request.user.has_perm("broadcaster.delete_audienceupload"))

    @admin.display(description="State", ordering="state")
    def shown_state(self, upload: AudienceUpload) -> SafeString:
        """Where it stands; what went wrong shows under the pointer."""
        return words.tag(upload.get_state_display(), COLOURS[upload.state], upload.error)

    @admin.display(description="What went wrong")
    def error_in_words(self, upload: AudienceUpload) -> str:
        """Why the import stopped."""
        return upload.error

    @admin.display(description="Uploaded", ordering="created_at")
    def uploaded(self, upload: AudienceUpload) -> str:
        """When it came."""
        return words.local_time(upload.created_at, settings.TIME_ZONE)

    @admin.display(description="Finished", empty_value=words.NONE)
    def finished(self, upload: AudienceUpload) -> str | None:
        """When the last row was imported."""
        return words.local_time(upload.finished_at, settings.TIME_ZONE) or None

    @admin.display(description="Country of local numbers", empty_value="None given")
    def country(self, upload: AudienceUpload) -> str | None:
        """Whose local numbers the file holds."""
        return dict(phones.regions()).get(upload.region)

    @admin.display(description="Opted out", ordering="suppressed")
    def opted_out(self, upload: AudienceUpload) -> int:
        """Rows of people who asked not to be written to."""
        return upload.suppressed

    @admin.display(description="Size")
    def size(self, upload: AudienceUpload) -> str:
        """The file's size in a person's unit."""
        return filesizeformat(upload.size_bytes)

    @admin.display(description="Rows")
    def totals(self, upload: AudienceUpload) -> str:
        """Every row of the file, by what became of it; the parts add up to the whole."""
        return render_to_string("broadcaster/records/upload_totals.html", {"upload": upload})

    @admin.display(description="Refused rows")
    def refused(self, upload: AudienceUpload) -> str:
        """The first rows that became nobody, and the file of all of them."""
        first = upload.rejected.order_by("number")[:FIRST_REFUSED]
        context = {"upload": upload, "first": first, "total": upload.invalid + upload.duplicate}
        return render_to_string("broadcaster/records/upload_refused.html", context)

    @admin.display(description="Columns")
    def columns(self, upload: AudienceUpload) -> str:
        """What each column was taken for."""
        pairs = [(header, role_in_words(column)) for header, column in upload.mapping.items()]
        return render_to_string("broadcaster/records/pairs.html", {"pairs": pairs})

    # -- deleting ----------------------------------------------------------------------------------------------------

    def goes_along(self, records: list[AudienceUpload]) -> dict[str, QuerySet[Any]]:
        """What the file said of each person."""
        return {
            "rows": AudienceRow.objects.filter(upload__in=records),
            "refused rows": RejectedRow.objects.filter(upload__in=records),
        }

    def in_use(self, records: list[AudienceUpload]) -> Iterable[object]:
        """Broadcasts that go to the file's people."""
        return Broadcast.objects.filter(upload__in=records)[:NAMED]

    def delete_model(self, request: HttpRequest, obj: AudienceUpload) -> None:
        """The rows and, once they are gone for certain, the file: it holds people's data."""
        _delete([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[AudienceUpload]) -> None:
        """The same for several."""
        _delete(queryset)


def role_in_words(column: dict[str, str]) -> str:
    """What a column of the file was taken for."""
    role, key = column["role"], column.get("key", "")
    return {
        "field": f"Field of the contact, @fields.{key}",
        "row": f"For this file only, @row.{key}",
        "ignore": "Not used",
    }.get(role, role.capitalize())


def _delete(uploads: Iterable[AudienceUpload]) -> None:
    with transaction.atomic():
        for upload in uploads:
            file = upload.file
            upload.delete()
            transaction.on_commit(lambda file=file: file.delete(save=False))  # type: ignore[misc]

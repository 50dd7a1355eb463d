"""Audience files: what was uploaded, by whom, and what became of every row."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from broadcaster.admin import import_actions, words
from broadcaster.admin.base import ReadOnlyAdmin
from broadcaster.admin.deletion import NAMED, CountedDeletion
from broadcaster.admin.export_columns import UploadResource
from broadcaster.admin.exporting import Export
from broadcaster.admin.import_result import MOVING
from broadcaster.audience import phones, values
from broadcaster.models import AudienceRow, AudienceUpload, Broadcast, RejectedRow

State = AudienceUpload.State
COLOURS: dict[str, str] = {
    State.UPLOADED: "info",
    State.IMPORTING: "primary",
    State.IMPORTED: "success",
    State.FAILED: "danger",
    State.CANCELLED: "warning",
    State.UNDOING: "primary",
    State.UNDONE: "quiet",
}


class AuthorFilter(RelatedDropdownFilter):
    """Only people who have uploaded something are offered."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        """(Key, name) of each."""
        authors = AudienceUpload.objects.order_by().values("author")
        choices: list[tuple[Any, str]] = field.get_choices(include_blank=False, limit_choices_to={"pk__in": authors})
        return choices


@admin.register(AudienceUpload)
class UploadAdmin(Export, CountedDeletion, ReadOnlyAdmin):
    """A history: files come in through a broadcast, and are looked at here."""

    list_display = (
        "filename",
        "uploaded",
        "author",
        "shown_state",
        "rows",
        "outcome",
        "group",
    )
    list_filter = (("state", ChoicesDropdownFilter), ("author", AuthorFilter))
    list_select_related = ("author", "group")
    resource_classes = (UploadResource,)
    search_fields = ("filename", "group__name", "author__username")
    search_help_text = "Search by file, group or who uploaded it"
    readonly_fields = ("size", "uploaded", "columns", "country")
    change_form_outer_before_template = "broadcaster/records/upload_record.html"
    delete_confirmation_template = delete_selected_confirmation_template = "broadcaster/records/delete_upload.html"
    empty_title = "No audience files yet"
    empty_text = "A file is uploaded where a broadcast is composed; afterwards it stands here with its totals."
    empty_button = "Upload a file"

    fieldsets = (
        (None, {"fields": ("filename", "size", "author", "uploaded", "group")}),
        ("How it was read", {"fields": ("columns", "country")}),
    )

    class Media:
        css = {"all": ("broadcaster/journey.css", "broadcaster/upload.css")}
        js = ("broadcaster/journey.js",)

    def get_urls(self) -> list[URLPattern]:
        """And the import's moving part, and what a person does with it."""
        views = {
            "progress": import_actions.progress,
            "cancel": import_actions.cancel,
            "mend": import_actions.mend,
            "take_back": import_actions.take_back,
        }
        ours = [
            path(f"<int:pk>/{name.replace('_', '-')}/", self.admin_site.admin_view(view), name=f"upload_{name}")
            for name, view in views.items()
        ]
        return [*ours, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The record, with how far its import is or what came of it."""
        upload = self.get_object(request, object_id)
        seen = upload is not None and self.has_view_permission(request, upload)
        context = import_actions.shown(request, upload) if upload and seen else {}
        response: HttpResponse = super().change_view(request, object_id, form_url, context | (extra_context or {}))
        return response

    def has_add_permission(self, request: HttpRequest, obj: AudienceUpload | None = None) -> bool:
        """By way of a broadcast."""
        return bool(request.user.has_perm("broadcaster.add_broadcast"))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A file is added where a broadcast is composed."""
        return HttpResponseRedirect(reverse("admin:broadcast_new"))

    def has_delete_permission(self, request: HttpRequest, obj: AudienceUpload | None = None) -> bool:
        """By Django's permission, and not while a worker is at it; what a broadcast uses is kept by `in_use`."""
        if obj and obj.state in MOVING:
            return False
        return bool(request.user.has_perm("broadcaster.delete_audienceupload"))

    @admin.display(description="State", ordering="state")
    def shown_state(self, upload: AudienceUpload) -> SafeString:
        """Where it stands, a running import with how far it is; what went wrong shows under the pointer."""
        if upload.state == State.IMPORTING and upload.expected_rows:
            return words.progress_bar(min(upload.rows, upload.expected_rows), upload.expected_rows)
        return words.tag(upload.get_state_display(), COLOURS[upload.state], upload.error)

    @admin.display(description="Uploaded", ordering="created_at")
    def uploaded(self, upload: AudienceUpload) -> str:
        """When it came."""
        return words.local_time(upload.created_at, settings.TIME_ZONE)

    @admin.display(description="Country of local numbers", empty_value="None given")
    def country(self, upload: AudienceUpload) -> str | None:
        """Whose local numbers the file holds."""
        return dict(phones.regions()).get(upload.region)

    @admin.display(description="What became of them", empty_value=words.NONE)
    def outcome(self, upload: AudienceUpload) -> str | None:
        """The counts that are not zero; together they are the rows."""
        counts = {name: getattr(upload, name) for name in AudienceUpload.COUNTS}
        named = {"suppressed": "opted out"}
        return ", ".join(f"{intcomma(rows)} {named.get(name, name)}" for name, rows in counts.items() if rows) or None

    @admin.display(description="Size")
    def size(self, upload: AudienceUpload) -> str:
        """The file's size in a person's unit."""
        return filesizeformat(upload.size_bytes)

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
        """Broadcasts that go to the file's people, and files that a worker is at."""
        moving = [upload for upload in records if upload.state in MOVING]
        return [*moving, *Broadcast.objects.filter(upload__in=records)[:NAMED]]

    def delete_model(self, request: HttpRequest, obj: AudienceUpload) -> None:
        """The rows and, once they are gone for certain, the file: it holds people's data."""
        _delete([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[AudienceUpload]) -> None:
        """The same for several."""
        _delete(queryset)


def role_in_words(column: dict[str, str]) -> str:
    """What a column of the file was taken for."""
    role, key, kind = column["role"], column.get("key", ""), values.KINDS.get(column.get("kind", ""), "Text")
    return {
        "field": f"Field of the contact, @fields.{key}" + (f", read as {kind}" if kind != "Text" else ""),
        "row": f"For this file only, @row.{key}",
        "ignore": "Not used",
    }.get(role, role.capitalize())


def _delete(uploads: Iterable[AudienceUpload]) -> None:
    with transaction.atomic():
        for upload in uploads:
            file = upload.file
            upload.delete()
            transaction.on_commit(lambda file=file: file.delete(save=False))  # type: ignore[misc]

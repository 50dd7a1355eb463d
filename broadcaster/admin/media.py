"""Media: the files that messages carry. One comes in by a form here or in a template; who may see it may save it."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminFileFieldWidget

from broadcaster.admin import words
from broadcaster.admin.base import Admin, RecordList
from broadcaster.admin.deletion import NAMED, CountedDeletion
from broadcaster.admin.export_columns import MediaResource
from broadcaster.admin.exporting import Export
from broadcaster.admin.model_form import ModelForm
from broadcaster.content import media, serving
from broadcaster.models import MediaFile

LIMIT_MB = media.LIMIT_BYTES // 1_000_000
WHAT = f"An image, audio, video or PDF file of at most {LIMIT_MB} MB."
ACCEPTED = "image/*,audio/*,video/*,application/pdf"
KINDS = {"image": "Image", "audio": "Audio", "video": "Video", "application": "PDF"}


class UploadField(forms.FileField):
    """A file that messages may carry; its value is a record that is not saved yet."""

    def __init__(self, **options: Any) -> None:
        widget = UnfoldAdminFileFieldWidget(attrs={"accept": ACCEPTED})
        super().__init__(**{"widget": widget, "allow_empty_file": True, "help_text": WHAT, **options})

    def clean(self, data: Any, initial: Any = None) -> Any:
        """The record. Raises ValidationError with one sentence."""
        posted = super().clean(data, initial)
        if not isinstance(posted, UploadedFile):
            return None
        try:
            return media.taken(posted)
        except media.Refused as refusal:
            raise ValidationError(str(refusal)) from refusal


class MediaForm(ModelForm):
    """One file; what it is called and what it is are read from it."""

    upload = UploadField(label="File")

    class Meta:
        model = MediaFile
        fields = ()

    def clean(self) -> dict[str, Any]:
        """Become the record that the field has made."""
        given = super().clean() or {}
        if taken := given.get("upload"):
            self.instance = taken
        return given


class MediaList(RecordList):
    """A page of files, and the templates that carry them, read in one query for the whole page."""

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, then who carries its files."""
        super().get_results(request)
        templates = media.names_of_templates(self.result_list)
        for file in self.result_list:
            file.templates = templates


@admin.register(MediaFile)
class MediaAdmin(Export, CountedDeletion, Admin):
    """Files are added, looked at and deleted; what one says never changes under a template that carries it."""

    form = MediaForm
    list_display = ("name", "kind", "shown_size", "added", "used_in")
    search_fields = ("name",)
    resource_classes = (MediaResource,)
    search_help_text = "Name of a file"
    readonly_fields = ("look", "name", "kind", "shown_size", "added", "used_in")
    delete_confirmation_template = delete_selected_confirmation_template = "broadcaster/records/delete_media.html"
    empty_title = "No files yet"
    empty_text = "Images, audio, video and PDF files that messages carry. Choose them in a template's attachments."
    empty_button = "Upload a file"

    def get_fields(self, request: HttpRequest, obj: MediaFile | None = None) -> tuple[str, ...]:
        """A new file is only chosen."""
        return self.readonly_fields if obj else ("upload",)

    def has_change_permission(self, request: HttpRequest, obj: MediaFile | None = None) -> bool:
        """A file is never another one; whoever needs that uploads one more."""
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RecordList]:
        """The list that reads the templates with the page."""
        return MediaList

    def get_urls(self) -> list[URLPattern]:
        """And the files themselves."""
        urls: list[URLPattern] = super().get_urls()
        return [path("<int:pk>/content/", self.admin_site.admin_view(content), name="mediafile_content"), *urls]

    # -- what is shown -----------------------------------------------------------------------------------------------

    @admin.display(description="Kind", ordering="content_type")
    def kind(self, file: MediaFile) -> str:
        """What it is."""
        return kind_of(file)

    @admin.display(description="Size", ordering="size")
    def shown_size(self, file: MediaFile) -> str:
        """In a person's unit."""
        return filesizeformat(file.size)

    @admin.display(description="Added", ordering="created_at")
    def added(self, file: MediaFile) -> str:
        """When it came."""
        return words.local_time(file.created_at, settings.TIME_ZONE)

    @admin.display(description="Used in", empty_value=words.NONE)
    def used_in(self, file: MediaFile) -> str | None:
        """The templates that carry it."""
        listed: dict[str, list[str]] | None = getattr(file, "templates", None)  # set by MediaList
        names = media.names_of_templates([file]) if listed is None else listed
        return ", ".join(names.get(str(file.uuid), ())) or None

    @admin.display(description="File")
    def look(self, file: MediaFile) -> str:
        """The picture, and the way to the file."""
        return render_to_string("broadcaster/records/media.html", {"file": file, "image_url": image_url(file)})

    # -- deleting ----------------------------------------------------------------------------------------------------

    def in_use(self, records: list[MediaFile]) -> Iterable[object]:
        """Templates that carry it, and broadcasts that still do though their template may not."""
        templates = [named("Template", each.name, "template", each.pk) for each in media.templates_with(records)]
        confirmed = media.broadcasts_with(records)
        broadcasts = [named("Broadcast", each.name, "broadcast", each.pk) for each in confirmed[:NAMED]]
        return [*templates[:NAMED], *broadcasts]

    def delete_model(self, request: HttpRequest, obj: MediaFile) -> None:
        """The record and, once it is gone for certain, the file."""
        _delete([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[MediaFile]) -> None:
        """The same for several."""
        _delete(queryset)


def content(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file itself."""
    if not request.user.has_perm("broadcaster.view_mediafile"):
        raise PermissionDenied
    return serving.response(get_object_or_404(MediaFile, pk=pk))


def kind_of(file: MediaFile) -> str:
    """What the file is, in a word."""
    return KINDS[file.content_type.partition("/")[0]]


def in_words(file: MediaFile) -> str:
    """The file as one chooses it from a list."""
    return f"{file.name} ({kind_of(file)}, {filesizeformat(file.size)})"


def image_url(file: MediaFile) -> str:
    """Where the picture is; empty where it is none."""
    return content_url(file) if file.content_type.startswith("image/") else ""


def content_url(file: MediaFile) -> str:
    """Where the file is."""
    return reverse("admin:mediafile_content", args=[file.pk])


def named(what: str, name: str, model: str, pk: int) -> SafeString:
    """A record as a link to its page."""
    url = reverse(f"admin:broadcaster_{model}_change", args=[pk])
    return format_html('{} <a class="record-link" href="{}">{}</a>', what, url, name)


def _delete(files: Iterable[MediaFile]) -> None:
    with transaction.atomic():
        for file in files:
            kept = file.file
            file.delete()
            transaction.on_commit(lambda kept=kept: kept.delete(save=False))  # type: ignore[misc]

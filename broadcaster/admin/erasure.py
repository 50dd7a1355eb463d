"""Who was erased: when, by whom and why, never who it was; and the way back for one whose address a person knows."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from broadcaster.admin import asking, phone_entry, words
from broadcaster.admin.asking import ReasonForm
from broadcaster.admin.base import ReadOnlyAdmin
from broadcaster.admin.export_columns import ErasureResource
from broadcaster.admin.exporting import Export
from broadcaster.audience import consent, erasure
from broadcaster.models import Erasure

LIST = "admin:broadcaster_erasure_changelist"
URL_NAME = "broadcaster_erasure_revive"
WARNING = "This address can be stored and written to again. Do it only where the person asks for it."
POINTS = ("Nothing that was erased comes back.", "The address, your name and the reason stay on record.")


class ReviveForm(ReasonForm):
    """The address of the person, who has come back, and why."""

    address = forms.CharField(label="Phone or identifier", max_length=128, label_suffix="")
    field_order = ("address", "reason")

    def clean_address(self) -> str:
        """The one of the addresses that the text can mean that was erased."""
        text = str(self.cleaned_data["address"]).strip()
        found = erasure.erased({text, *phone_entry.possible_phones(text)} - erasure.NO_ADDRESS)
        if len(found) != 1:
            raise ValidationError("Nobody with this address was erased. Write a phone with its country code.")
        return found.pop()


@admin.register(Erasure)
class ErasureAdmin(Export, ReadOnlyAdmin):
    """One address of an erased person a row."""

    list_display = ("erased", "reason", "author")
    list_select_related = ("author",)
    resource_classes = (ErasureResource,)
    fields = readonly_fields = ("erased", "reason", "author")
    list_before_template = "broadcaster/records/erasure_list.html"
    empty_title = "Nobody was erased"
    empty_text = "A person who asks for it is erased from the contact's page. Who it was does not stand here."

    @admin.display(description="Erased", ordering="created_at")
    def erased(self, row: Erasure) -> str:
        """When."""
        return words.local_time(row.created_at, settings.TIME_ZONE)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, with the way back for those who may."""
        extra = {"may_revive": may_revive(request)} | (extra_context or {})
        return super().changelist_view(request, extra)

    def get_urls(self) -> list[URLPattern]:
        """And the way back."""
        view = self.admin_site.admin_view(self.revive_view)
        return [path("take-back/", view, name=URL_NAME), *super().get_urls()]

    def revive_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for the address, then let it be stored again. Raises PermissionDenied."""
        if not may_revive(request):
            raise PermissionDenied
        form = ReviveForm(request.POST or None)
        if form.is_valid():
            person = request.user if isinstance(request.user, User) else None
            given = form.cleaned_data
            consent.revive_erased(given["address"], author=person, reason=given["reason"])
            messages.success(request, f"{given['address']} can be stored and written to again.")
            return HttpResponseRedirect(reverse(LIST))
        return asking.page(
            request,
            self.admin_site,
            form,
            question="Take an erasure back",
            points=POINTS,
            warning=WARNING,
            button="Take back",
            back=reverse(LIST),
        )


def may_revive(request: HttpRequest) -> bool:
    """Whether this person may take erasures back."""
    return bool(request.user.has_perm("broadcaster.delete_erasure"))

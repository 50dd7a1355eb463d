"""Opt-outs: who must not be written to, whatever a file or a group says."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import RelatedDropdownFilter

from broadcaster.admin import phone_entry, widgets, words
from broadcaster.admin.base import Admin
from broadcaster.admin.deletion import CountedDeletion
from broadcaster.admin.model_form import ModelForm
from broadcaster.models import Channel, Contact, Suppression


class SuppressionForm(ModelForm):
    """An address as somebody types it; stored as broadcasts will look for it."""

    address = forms.CharField(
        label="Phone or identifier",
        max_length=128,
        widget=widgets.line(),
        help_text="Such as +62 812 3456 7890, or the customer's identifier.",
    )

    channel = forms.ModelChoiceField(
        queryset=Channel.objects.all(), required=False, widget=widgets.choice(), empty_label="All channels"
    )

    class Meta:
        model = Suppression
        fields = ("address", "channel", "reason")

    def clean_address(self) -> str:
        """The phone in E.164; what is no phone stays as it is."""
        text = str(self.cleaned_data["address"])
        is_identifier = Contact.objects.filter(identifier=text).exists()  # it may be all digits
        return text if is_identifier or not phone_entry.looks_like_phone(text) else phone_entry.typed_phone(text)

    def clean(self) -> dict[str, Any]:
        """Say in words that the opt-out exists."""
        cleaned = super().clean() or {}
        address, channel = cleaned.get("address"), cleaned.get("channel")
        if address and Suppression.objects.filter(address=address, channel=channel).exists():
            raise ValidationError(f"{address} has opted out of {channel or 'all channels'} already.")
        return cleaned


@admin.register(Suppression)
class SuppressionAdmin(CountedDeletion, Admin):
    """Added by hand or by a provider's report; never changed, deleted only by those who may."""

    form = SuppressionForm
    fields = ("address", "channel", "reason")
    list_display = ("address", "where", "reason", "source", "since")
    list_filter = (("channel", RelatedDropdownFilter),)
    list_select_related = ("channel",)
    search_fields = ("address",)
    search_help_text = "Phone or identifier"
    readonly_fields = ("source", "since")
    delete_confirmation_template = delete_selected_confirmation_template = "broadcaster/records/delete_optout.html"
    empty_title = "No opt-outs yet"
    empty_text = (
        "People who asked not to be written to stand here; no broadcast reaches them, whatever file they are in."
    )
    empty_button = "Add opt-out"

    @admin.display(description="Channel", ordering="channel__name")
    def where(self, suppression: Suppression) -> str:
        """The channel, or all of them."""
        return str(suppression.channel or "All channels")

    @admin.display(description="Since", ordering="created_at")
    def since(self, suppression: Suppression) -> str:
        """When it was recorded."""
        return words.local_time(suppression.created_at, settings.TIME_ZONE)

    def get_fields(self, request: HttpRequest, obj: Suppression | None = None) -> tuple[str, ...]:
        """What is typed, and later also where it came from."""
        return ("address", "channel", "reason") if obj is None else ("address", "where", "reason", "source", "since")

    def get_readonly_fields(self, request: HttpRequest, obj: Suppression | None = None) -> tuple[str, ...]:
        """Source and time are never typed."""
        return () if obj is None else ("where", "source", "since")

    def has_change_permission(self, request: HttpRequest, obj: Suppression | None = None) -> bool:
        """Consent is recorded, not edited: delete it and add another."""
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Suppression], search_term: str
    ) -> tuple[QuerySet[Suppression], bool]:
        """The address exactly, with a phone in any form; the index serves both."""
        term = search_term.strip()
        if not term:
            return queryset, False
        meant = Q(address__in={term, *phone_entry.possible_phones(term)})
        # Each arm is one of the two indexes: those of opt-outs everywhere, and of those from one channel.
        return queryset.filter((meant & Q(channel=None)) | (meant & Q(channel__isnull=False))), False

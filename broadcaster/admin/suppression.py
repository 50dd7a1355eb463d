"""Opt-outs: who must not be written to, whatever a file or a group says."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.contrib.filters.admin import RelatedDropdownFilter

from broadcaster.admin import phone_entry, widgets, words
from broadcaster.admin.base import Admin
from broadcaster.admin.export_columns import SuppressionResource
from broadcaster.admin.exporting import Export
from broadcaster.admin.model_form import ModelForm
from broadcaster.admin.optout_file import FileOfOptOuts
from broadcaster.admin.spikes import SpikeDecisions, may_decide, waiting_on
from broadcaster.admin.taking_back import TakingBack
from broadcaster.audience import consent, erasure
from broadcaster.models import Channel, Contact, Suppression

BY_HAND = "person"
ERASED = "This person was erased on request, and is written to nowhere; nothing need be added."


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
        if not is_identifier and phone_entry.looks_like_phone(text):
            text = phone_entry.typed_phone(text)
        if erasure.erased([text]):
            raise ValidationError(ERASED)
        return text

    def clean(self) -> dict[str, Any]:
        """Say in words that the opt-out exists; one that only a provider reported is confirmed instead.

        It would go with all others of an outage, so the person's own word takes its place.
        """
        cleaned = super().clean() or {}
        address, channel = cleaned.get("address"), cleaned.get("channel")
        if reported := consent.may_be_taken_back(channel).filter(address=address).first():
            reported.source, reported.spike = BY_HAND, None
            self.instance = reported
        elif address and Suppression.objects.filter(address=address, channel=channel).exists():
            raise ValidationError(f"{address} has opted out of {channel or 'all channels'} already.")
        return cleaned


@admin.register(Suppression)
class SuppressionAdmin(Export, TakingBack, SpikeDecisions, FileOfOptOuts, Admin):
    """Added by hand or by a provider's report; never changed, taken back only by those who may, with a reason."""

    form = SuppressionForm
    fields = ("address", "channel", "reason")
    list_display = ("address", "where", "reason", "source", "since")
    list_filter = (("channel", RelatedDropdownFilter),)
    list_select_related = ("channel",)
    resource_classes = (SuppressionResource,)
    search_fields = ("address",)
    search_help_text = "Phone or identifier"
    readonly_fields = ("source", "since")
    actions = ("take_back",)
    list_before_template = "broadcaster/records/optout_list.html"
    change_form_outer_before_template = "broadcaster/records/optout_take_back.html"
    empty_title = "No opt-outs yet"
    empty_text = (
        "People who asked not to be written to stand here; no broadcast reaches them, whatever file they are in."
    )
    empty_button = "Add opt-out"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, below what waits for a person, and beside the records of what people decided."""
        may = request.user.has_perm
        extra = {
            "spikes": waiting_on(),
            "may_decide_spikes": may_decide(request),
            "may_see_revivals": may("broadcaster.view_revival"),
            "may_see_erasures": may("broadcaster.view_erasure"),
            "may_import": self.has_add_permission(request),
        }
        return super().changelist_view(request, extra | (extra_context or {}))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The opt-out, with the way to take it back instead of a button that deletes."""
        extra = {"show_delete": False, "may_take_back": self.has_delete_permission(request)}
        response: HttpResponse = super().change_view(request, object_id, form_url, extra | (extra_context or {}))
        return response

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """What can be done with several: an opt-out is taken back, with a reason, and not just deleted."""
        actions: dict[str, Any] = super().get_actions(request)
        return {name: action for name, action in actions.items() if name != "delete_selected"}

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
        """Consent is recorded, not edited: it is taken back, and another one added."""
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

"""Opt-outs that people took back: who, when and why; nobody changes what stands there."""

from django.conf import settings
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import RelatedDropdownFilter

from broadcaster.admin import phone_entry, words
from broadcaster.admin.base import ReadOnlyAdmin
from broadcaster.admin.export_columns import RevivalResource
from broadcaster.admin.exporting import Export
from broadcaster.models import Revival


@admin.register(Revival)
class RevivalAdmin(Export, ReadOnlyAdmin):
    """One opt-out a row, as it was, and why it went."""

    list_display = ("address", "where", "reason", "author", "taken_back", "opted_out")
    list_filter = (("channel", RelatedDropdownFilter),)
    list_select_related = ("channel", "author")
    resource_classes = (RevivalResource,)
    search_fields = ("address",)
    search_help_text = "Phone or identifier"
    fields = ("address", "where", "reason", "author", "taken_back", "opted_out", "opted_out_reason", "opted_out_source")
    readonly_fields = ("where", "taken_back", "opted_out")
    empty_title = "No opt-out was taken back"
    empty_text = "Whoever takes an opt-out back says why, and stands here with it."

    @admin.display(description="Channel", ordering="channel__name")
    def where(self, revival: Revival) -> str:
        """The channel, or all of them."""
        return str(revival.channel or "All channels")

    @admin.display(description="Taken back", ordering="created_at")
    def taken_back(self, revival: Revival) -> str:
        """When somebody did so."""
        return words.local_time(revival.created_at, settings.TIME_ZONE)

    @admin.display(description="Opted out", ordering="opted_out_at")
    def opted_out(self, revival: Revival) -> str:
        """Since when the person had been out."""
        return words.local_time(revival.opted_out_at, settings.TIME_ZONE)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Revival], search_term: str
    ) -> tuple[QuerySet[Revival], bool]:
        """The address exactly, with a phone in any form."""
        term = search_term.strip()
        meant = Q(address__in={term, *phone_entry.possible_phones(term)})
        return (queryset.filter(meant) if term else queryset), False

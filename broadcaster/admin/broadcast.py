"""The list of broadcasts, where a person lands after the login; writing and watching one is the journey's part."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from broadcaster.admin import words
from broadcaster.admin.base import Admin, RecordList
from broadcaster.admin.deletion import CountedDeletion
from broadcaster.admin.export_columns import BroadcastResource
from broadcaster.admin.exporting import Export
from broadcaster.admin.journey.urls import journey_urls
from broadcaster.models import Broadcast, Message
from broadcaster.sending import progress

State = Broadcast.State
RUNNING = frozenset({State.SCHEDULED, State.PREPARING, State.SENDING, State.PAUSED})


class BroadcastList(RecordList):
    """A page of broadcasts, each with the counts of its messages, read in one query for the whole page."""

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, then its counts."""
        super().get_results(request)
        counts = progress.counts_of([broadcast.pk for broadcast in self.result_list])
        for broadcast in self.result_list:
            broadcast.counts = counts[broadcast.pk]


@admin.register(Broadcast)
class BroadcastAdmin(Export, CountedDeletion, Admin):
    """Lists broadcasts and hands over to the pages of the journey."""

    list_display = ("name", "channel", "state_label", "progress", "recipients", "send_time", "written_by")
    list_select_related = ("channel", "author", "approver")
    list_filter = (("state", ChoicesDropdownFilter), ("channel", RelatedDropdownFilter))
    search_fields = ("name",)
    search_help_text = "Name of a broadcast"
    actions = None
    resource_classes = (BroadcastResource,)
    empty_title = "No broadcasts yet"
    empty_text = "A broadcast is one message to many people: choose who gets it, what it says, and when it goes out."
    empty_button = "New broadcast"

    @admin.display(description="State", ordering="state")
    def state_label(self, broadcast: Broadcast) -> SafeString:
        """The state as a coloured word."""
        return words.broadcast_state(broadcast)

    @admin.display(description="Progress")
    def progress(self, broadcast: Broadcast) -> SafeString | str:
        """The share of recipients who are no longer waiting."""
        counts = cast("dict[str, int]", broadcast.counts)  # type: ignore[attr-defined]  # set by BroadcastList
        total = sum(counts.values())
        return words.progress_bar(total - counts["pending"], broadcast.total or total) if total else words.NONE

    @admin.display(description="Recipients", ordering="total")
    def recipients(self, broadcast: Broadcast) -> str:
        """How many people it goes to; known once the audience is frozen."""
        return intcomma(broadcast.total) if broadcast.total else words.NONE

    @admin.display(description="Send time", ordering="send_at", empty_value=words.NONE)
    def send_time(self, broadcast: Broadcast) -> str | None:
        """When it goes out, by the clock that the author chose."""
        return words.local_time(broadcast.send_at, broadcast.time_zone) or None

    @admin.display(description="Author", ordering="author__username", empty_value=words.NONE)
    def written_by(self, broadcast: Broadcast) -> str | None:
        """Who wrote it."""
        author = broadcast.author
        return (author.get_full_name() or author.get_username()) if author else None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RecordList]:
        """The list that reads the counts with the page."""
        return BroadcastList

    def get_urls(self) -> list[URLPattern]:
        """The pages of the journey come first."""
        urls: list[URLPattern] = super().get_urls()
        return journey_urls(self.admin_site) + urls

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A new broadcast begins with the first step of the journey."""
        return redirect("admin:broadcast_new")

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """A draft is written on, any other broadcast is watched."""
        broadcast = self.get_object(request, object_id)
        if broadcast is None:
            raise Http404
        return redirect("admin:broadcast_compose" if broadcast.is_editable else "admin:broadcast_watch", broadcast.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Broadcast | None = None) -> bool:
        """Nobody deletes what is planned or on its way: it is unscheduled or cancelled first."""
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and (obj is None or obj.state not in RUNNING)

    def goes_along(self, records: list[Broadcast]) -> dict[str, QuerySet[Any]]:
        """Its part of the log goes with it."""
        return {"messages of its log": Message.objects.filter(broadcast__in=records)}

"""The order of the message log: the newest broadcast first, as two indexes have it, so that no page sorts millions.

The index on state, broadcast and contact serves a state; the one by which nobody gets a broadcast twice serves the
rest. Not by id: asked for an old broadcast in that order, PostgreSQL walks down through all that is newer.
"""

from typing import Any

from django.db.models import Exists, Max, Min, OuterRef, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import RelatedDropdownFilter

from broadcaster.models import Batch, Broadcast, Message

ORDER = ("-broadcast_id", "-contact_id")


class ChannelFilter(RelatedDropdownFilter):
    """Messages of one channel. The page begins where the channel's newest broadcast lies in the index."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> Any:
        """The channel's messages, with the first and the last broadcast that may have any."""
        found = super().queryset(request, queryset)
        if not self.value():
            return found
        prepared = Exists(Batch.objects.filter(broadcast=OuterRef("pk")))
        span = Broadcast.objects.filter(prepared, channel=self.value()).aggregate(first=Min("pk"), last=Max("pk"))
        return found.filter(broadcast__gte=span["first"] or 0, broadcast__lte=span["last"] or 0)

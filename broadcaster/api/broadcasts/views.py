"""`/api/v2/broadcasts`: the list, and a new one, which is scheduled at once as a person's is who presses Send."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from broadcaster import tasks
from broadcaster.api import filters
from broadcaster.api.broadcasts import item
from broadcaster.api.broadcasts.form import BroadcastForm
from broadcaster.api.broadcasts.item import LISTS, WITH, BroadcastItem
from broadcaster.api.parameters import AFTER, BEFORE, UUID, parameter
from broadcaster.api.permissions import reading, sending
from broadcaster.api.resource import Resource
from broadcaster.models import Broadcast

FILTERS = [parameter("id", "The one with this number.", OpenApiTypes.INT), UUID, BEFORE, AFTER]


class Broadcasts(Resource):
    """Broadcasts that have left the desk: drafts are nobody's business but their author's."""

    needs = {"GET": reading("view_broadcast"), "POST": sending("add_broadcast", "send_broadcast")}
    serializer_class = BroadcastItem

    def get_queryset(self) -> QuerySet[Broadcast]:
        """Those that the call asks for."""
        rows = Broadcast.objects.exclude(state=Broadcast.State.DRAFT)
        rows = filters.between(self.request, rows, "created_at")
        if key := filters.integer(self.request, "id"):
            rows = rows.filter(pk=key)
        if uuid := filters.uuid(self.request, "uuid"):
            rows = rows.filter(uuid=uuid)
        return rows.select_related(*WITH).prefetch_related(*LISTS)

    def prepare(self, rows: list[Any]) -> None:
        """Count how far they are."""
        item.prepare(rows)

    @extend_schema(parameters=FILTERS, responses=BroadcastItem(many=True))
    def get(self, request: Request) -> Response:
        """List broadcasts, the newest first."""
        return self.listed(request)

    @extend_schema(request=BroadcastForm, responses={201: BroadcastItem})
    def post(self, request: Request) -> Response:
        """Make a broadcast and schedule it."""
        form = BroadcastForm(data=request.data, context=self.get_serializer_context())
        form.is_valid(raise_exception=True)
        with transaction.atomic():
            broadcast = form.save()
            transaction.on_commit(lambda: tasks.wake(broadcast))
        return self.answer(broadcast, status=201)

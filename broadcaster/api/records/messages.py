"""`/api/v2/messages`: every message with what it said and what became of it, the newest broadcast's first."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from broadcaster.api.parameters import AFTER, BEFORE, UUID, parameter
from broadcaster.api.permissions import reading
from broadcaster.api.records import choice, wording
from broadcaster.api.records.cursor import RecordPages
from broadcaster.api.records.message_item import MessageItem
from broadcaster.api.records.wording import Wording
from broadcaster.api.resource import Resource
from broadcaster.models import Broadcast, MediaFile

FILTERS = [
    parameter("id", "The one with this number.", OpenApiTypes.INT),
    UUID,
    parameter("broadcast", "Those of the broadcast with this number or UUID."),
    parameter("contact", "Those to the contact with this UUID.", OpenApiTypes.UUID),
    parameter("folder", "RapidPro's folders, such as sent, failed and outbox."),
    parameter("label", "None: messages that go out have no labels."),
    BEFORE,
    AFTER,
]


class Messages(Resource):
    """Messages. Each was created when its broadcast was: that is what `before` and `after` compare."""

    needs = {"GET": reading("view_message")}
    serializer_class = MessageItem
    pagination_class = RecordPages
    wordings: dict[int, Wording]
    files: dict[str, MediaFile]

    def get_queryset(self) -> Any:
        """Those that the call asks for, as a record.Choice. Raises ParseError."""
        return choice.of(self.request)

    def prepare(self, rows: list[Any]) -> None:
        """Load their broadcasts, and write what they say."""
        broadcasts = Broadcast.objects.select_related("channel").in_bulk({message.broadcast_id for message in rows})
        for message in rows:
            message.broadcast = broadcasts[message.broadcast_id]
        self.wordings = wording.of(rows)
        self.files = wording.files(self.wordings.values())

    def get_serializer_context(self) -> dict[str, Any]:
        """What the items are written with."""
        said = {"wordings": getattr(self, "wordings", {}), "files": getattr(self, "files", {})}
        return {**super().get_serializer_context(), **said}

    @extend_schema(parameters=FILTERS, responses=MessageItem(many=True))
    def get(self, request: Request) -> Response:
        """List messages, those of the newest broadcast first."""
        return self.listed(request)

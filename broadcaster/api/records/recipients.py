"""`/api/v2/broadcasts/<uuid>/recipients`: whom it goes to and what became of each, in pages or as one CSV file."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.http.response import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from broadcaster.api.fields import When
from broadcaster.api.permissions import reading
from broadcaster.api.records import choice, found, urn
from broadcaster.api.records.cursor import RecordPages
from broadcaster.api.resource import Resource
from broadcaster.audience.lines import heading, line
from broadcaster.models import Message
from broadcaster.reports import record
from broadcaster.reports.record import Choice

CHUNK = 2_000  # recipients in memory while a file is written
STATE = OpenApiParameter("state", str, many=True, description="Only these states; several times, or with commas.")


class RecipientItem(serializers.Serializer[Message]):
    """One recipient. What is known of a person who was erased is null or empty."""

    contact = serializers.UUIDField(source="contact.uuid", allow_null=True, default=None)
    urn = serializers.SerializerMethodField()
    name = serializers.CharField(source="contact.name", default="")
    language = serializers.CharField()
    state = serializers.ChoiceField(choices=Message.State.choices)
    attempts = serializers.IntegerField()
    provider_id = serializers.CharField()
    error_code = serializers.CharField()
    error_text = serializers.CharField()
    accepted_on = When(source="accepted_at", allow_null=True)
    delivered_on = When(source="delivered_at", allow_null=True)
    read_on = When(source="read_at", allow_null=True)
    changed_on = When(source="changed_at", allow_null=True)

    def get_urn(self, message: Message) -> str | None:
        """Where the message goes."""
        return urn.of(message)


class CsvRenderer(JSONRenderer):
    """Stands for the file, so that `Accept` can ask for it; the view writes it."""

    media_type = "text/csv"
    format = "csv"


class Recipients(Resource):
    """The recipients of one broadcast, opted-out ones too."""

    needs = {"GET": reading("view_broadcast", "view_message")}
    serializer_class = RecipientItem
    pagination_class = RecordPages
    renderer_classes = [JSONRenderer, CsvRenderer]

    def get_queryset(self) -> Any:
        """Those that the call asks for, as a record.Choice. Raises NotFound and ParseError."""
        broadcast = found.broadcast(self.kwargs["uuid"])
        return Choice(Message.objects.filter(broadcast=broadcast.pk), choice.states(self.request))

    @extend_schema(parameters=[STATE], responses={(200, "application/json"): RecipientItem(many=True)})
    def get(self, request: Request, uuid: str) -> HttpResponseBase:
        """List the recipients in pages; with `Accept: text/csv` all of them, as one file."""
        if request.accepted_renderer.format != CsvRenderer.format:
            return self.listed(request)
        name = f'attachment; filename="recipients-{uuid.lower()}.csv"'
        lines = csv_lines(self.get_queryset())
        return StreamingHttpResponse(
            lines, content_type="text/csv; charset=utf-8", headers={"Content-Disposition": name}
        )

    def handle_exception(self, exc: Exception) -> Response:
        """Say what is wrong in JSON, whatever was asked for."""
        self.request.accepted_renderer, self.request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
        return super().handle_exception(exc)


def csv_lines(rows: Choice) -> Iterator[str]:
    """The header and a line for each recipient."""
    row = RecipientItem()
    names = list(row.fields)
    yield heading(names)
    for messages in record.walk(rows, chunk=CHUNK):
        for item in map(row.to_representation, messages):
            yield line(_cells(item, names))


def _cells(item: Mapping[str, Any], names: list[str]) -> Iterator[str]:
    return ("" if item[name] is None else str(item[name]) for name in names)

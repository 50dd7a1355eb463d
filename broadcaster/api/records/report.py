"""`/api/v2/broadcasts/<uuid>/report`: how a broadcast stands, in numbers."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from broadcaster.api.broadcasts.item import Reference
from broadcaster.api.fields import When
from broadcaster.api.permissions import reading
from broadcaster.api.records import found
from broadcaster.api.resource import Resource
from broadcaster.models import COUNTED_STATES, Broadcast
from broadcaster.reports.summary import Summary, summary
from broadcaster.sending.statuses import STATUSES


class ProgressPart(serializers.Serializer[Any]):
    """How far it is. `seconds_left` is null where nothing can be said, or nothing goes out."""

    done = serializers.IntegerField(help_text="Recipients that no longer wait to be sent to.")
    percent = serializers.IntegerField()
    rate_per_second = serializers.FloatField()
    seconds_left = serializers.IntegerField(allow_null=True)


class FailurePart(serializers.Serializer[Any]):
    """A reason why messages did not arrive."""

    state = serializers.ChoiceField(choices=["failed", "unknown", "skipped", "expired"])
    code = serializers.CharField()
    sentence = serializers.CharField(help_text="As one of the messages has it.")
    count = serializers.IntegerField(help_text="Of the messages that were looked at.")


Numbers = type("Numbers", (serializers.Serializer,), {state: serializers.IntegerField() for state in COUNTED_STATES})
Shares = type("Shares", (serializers.Serializer,), {state: serializers.FloatField() for state in COUNTED_STATES})


class ReportItem(serializers.Serializer[Summary]):
    """The numbers of one broadcast. With many thousand failures only some are looked at for their reasons."""

    broadcast = Reference()
    channel = Reference(source="broadcast.channel", allow_null=True)
    status = serializers.SerializerMethodField()
    state = serializers.ChoiceField(source="broadcast.state", choices=Broadcast.State.choices)
    state_reason = serializers.CharField(source="broadcast.state_reason")
    total = serializers.IntegerField(source="progress.total")
    counts = Numbers(source="progress.counts")
    percentages = Shares()
    progress = ProgressPart()
    failures = FailurePart(source="reasons", many=True)
    failures_looked_at = serializers.IntegerField(source="looked_at")
    failures_total = serializers.IntegerField(source="without_success")
    send_at = When(source="broadcast.send_at", allow_null=True)
    started_on = When(source="broadcast.started_at", allow_null=True)
    finished_on = When(source="broadcast.finished_at", allow_null=True)

    def get_status(self, made: Summary) -> str:
        """RapidPro's word for its state."""
        return STATUSES[made.broadcast.state]


class OneReport(Resource):
    """The report of one broadcast."""

    needs = {"GET": reading("view_broadcast")}
    serializer_class = ReportItem

    @extend_schema(responses=ReportItem)
    def get(self, request: Request, uuid: str) -> Response:
        """Tell how a broadcast stands: counts, shares, pace, and why messages did not arrive."""
        return Response(self.get_serializer(summary(found.broadcast(uuid))).data)

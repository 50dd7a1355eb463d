"""`/api/v2/uploads/<uuid>/rejected`: the rows of a file that became nobody, in pages or as the file to mend."""

from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

from broadcaster.api.audiences.uploads import find
from broadcaster.api.pagination import Order
from broadcaster.api.permissions import reading
from broadcaster.api.resource import Resource
from broadcaster.audience import rejects
from broadcaster.models import AudienceUpload, RejectedRow


class RejectedItem(serializers.Serializer[RejectedRow]):
    """A row that became nobody."""

    number = serializers.IntegerField(help_text="The one that a spreadsheet program shows beside it.")
    reason = serializers.CharField()
    code = serializers.CharField(help_text="The reason for programs.")
    values = serializers.ListField(child=serializers.CharField(), help_text="Its cells, as they were.")


class CsvRenderer(BaseRenderer):
    """Makes `Accept: text/csv` be heard; the lines are written by `rejects`, and a refusal stays JSON."""

    media_type = "text/csv"
    format = "csv"


class Rejected(Resource):
    """The refused rows of one file, in its order."""

    needs = {"GET": reading("view_audienceupload")}
    serializer_class = RejectedItem
    renderer_classes = [JSONRenderer, CsvRenderer]
    order = Order(ascending=True, key="number")

    def get_queryset(self) -> QuerySet[RejectedRow]:
        """Those of the file."""
        return self.upload.rejected.all()

    @extend_schema(responses={(200, "application/json"): RejectedItem(many=True), (200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request, uuid: str) -> HttpResponseBase:
        """List the rows that became nobody, with the reasons; as a CSV file where `Accept` says so."""
        self.upload = find(uuid)
        if request.accepted_renderer.media_type == CsvRenderer.media_type:
            return _file(self.upload)
        return self.listed(request)

    def handle_exception(self, exc: Exception) -> Any:
        """A refusal is JSON, whatever was asked for."""
        self.request.accepted_renderer, self.request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
        return super().handle_exception(exc)


def _file(upload: AudienceUpload) -> StreamingHttpResponse:
    """The file that the browser offers."""
    answer = StreamingHttpResponse(rejects.as_csv(upload), content_type="text/csv; charset=utf-8")
    told = content_disposition_header(as_attachment=True, filename=rejects.file_name(upload))
    answer.headers["Content-Disposition"] = told or ""
    return answer

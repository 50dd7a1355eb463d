"""`/api/v2/media`: files that broadcasts carry, taken one by one, and given back as they came."""

from typing import Any

from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from broadcaster.api.content.files import address
from broadcaster.api.permissions import reading, sending
from broadcaster.api.resource import Resource
from broadcaster.content import media, serving
from broadcaster.models import MediaFile

# RapidPro's words for it (`temba/api/v2/serializers.py`).
WORDS = {
    media.TOO_LARGE: f"Limit for file uploads is {media.LIMIT_BYTES / 1_000_000:.1f} MB.",
    media.WRONG_TYPE: "Unsupported file type.",
}


class LimitedFile(TemporaryFileUploadHandler):
    """Writes a file to the disk as far as the limit; the rest is read and dropped, so that the caller hears why."""

    is_over = False

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """A new part of the form."""
        self.written = 0
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Some more of it. Raises SkipFile at the limit."""
        self.written += len(raw_data)
        if self.written > media.LIMIT_BYTES:
            self.is_over = True
            self.file.close()
            raise SkipFile
        super().receive_data_chunk(raw_data, start)


class MediaForm(serializers.Serializer[MediaFile]):
    """A new file."""

    file = serializers.FileField(use_url=False, help_text="An image, audio, video or PDF file.")

    def validate_file(self, posted: Any) -> MediaFile:
        """The record, not saved yet. Raises ValidationError."""
        try:
            return media.taken(posted)
        except media.Refused as refusal:
            raise serializers.ValidationError(WORDS.get(str(refusal), str(refusal))) from refusal

    def create(self, validated_data: dict[str, Any]) -> MediaFile:
        """The file, kept."""
        file: MediaFile = validated_data["file"]
        file.save()
        return file


class MediaItem(serializers.Serializer[MediaFile]):
    """A file."""

    uuid = serializers.UUIDField(help_text="What a broadcast's attachments name it by.")
    content_type = serializers.CharField(help_text="What its first bytes say.")
    url = serializers.SerializerMethodField()
    filename = serializers.CharField(source="name")
    size = serializers.IntegerField(help_text="Bytes.")

    @extend_schema_field(OpenApiTypes.URI)
    def get_url(self, file: MediaFile) -> str:
        """Where it is."""
        return address(file.uuid, self.context["request"])


class Files(Resource):
    """New files; there is no list of them, as RapidPro has none."""

    needs = {"POST": sending("add_mediafile")}
    serializer_class = MediaItem
    parser_classes = (MultiPartParser,)

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Have the file written to the disk, before whoever looks for a form's token reads the body."""
        self.disk = LimitedFile(request)
        request.upload_handlers = [self.disk]
        return super().initialize_request(request, *args, **kwargs)

    @extend_schema(request={"multipart/form-data": MediaForm}, responses={201: MediaItem})
    def post(self, request: Request) -> Response:
        """Take a file that broadcasts can carry."""
        posted = request.data
        if self.disk.is_over:
            raise serializers.ValidationError({"file": [WORDS[media.TOO_LARGE]]})
        form = MediaForm(data=posted, context=self.get_serializer_context())
        form.is_valid(raise_exception=True)
        return self.answer(form.save(), status=201)


class OneFile(Resource):
    """A file itself."""

    needs = {"GET": reading("view_mediafile")}
    serializer_class = MediaItem
    lookup_field = "uuid"
    queryset = MediaFile.objects.all()

    @extend_schema(responses={(200, "*/*"): OpenApiTypes.BINARY})
    def get(self, request: Request, uuid: str) -> HttpResponseBase:
        """Download a file."""
        return serving.response(self.get_object())

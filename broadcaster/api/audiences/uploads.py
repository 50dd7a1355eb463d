"""`/api/v2/uploads`: files of people, from their arrival to the start of their import."""

import logging
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from broadcaster import tasks
from broadcaster.api import filters
from broadcaster.api.audiences.file_parser import FileParser
from broadcaster.api.audiences.upload_form import ColumnsForm, FileForm
from broadcaster.api.audiences.upload_item import WITH, UploadDetail, UploadItem
from broadcaster.api.errors import TooLarge
from broadcaster.api.pagination import Order
from broadcaster.api.parameters import AFTER, BEFORE
from broadcaster.api.permissions import reading, sending
from broadcaster.api.resource import Resource
from broadcaster.audience import intake, stored
from broadcaster.models import AudienceUpload

log = logging.getLogger(__name__)


class NoRoom(APIException):
    """The server's disk is full."""

    status_code = status.HTTP_507_INSUFFICIENT_STORAGE
    default_code = "no_room"


REFUSALS: dict[int, type[APIException]] = {TooLarge.status_code: TooLarge, NoRoom.status_code: NoRoom}


class Uploads(Resource):
    """All files, and a new one."""

    needs = {"GET": reading("view_audienceupload"), "POST": sending("add_audienceupload")}
    parser_classes = [FileParser]
    order = Order()
    kept: AudienceUpload | None = None

    def get_serializer_class(self) -> type[UploadItem]:
        """The first rows of a file only stand with this one file."""
        return UploadDetail if self.request.method == "POST" else UploadItem

    def get_queryset(self) -> QuerySet[AudienceUpload]:
        """Those that the call asks for."""
        rows = filters.between(self.request, AudienceUpload.objects.all(), "created_at")
        if state := filters.text(self.request, "state"):
            rows = rows.filter(state=state)
        return rows.select_related(*WITH)

    @extend_schema(
        parameters=[OpenApiParameter("state", str, enum=AudienceUpload.State.values), BEFORE, AFTER],
        responses=UploadItem(many=True),
    )
    def get(self, request: Request) -> Response:
        """List files, the newest first."""
        return self.listed(request)

    @extend_schema(request={"multipart/form-data": FileForm}, responses={201: UploadDetail})
    def post(self, request: Request) -> Response:
        """Upload a file; nobody in it is stored before its columns are confirmed."""
        try:
            intake.posted_file(request, "file")
            form = FileForm(data=request.data)
            form.is_valid(raise_exception=True)
            given = form.validated_data
            self.kept = intake.kept(given["file"], author=request.user, region=given.get("region", ""))
        except intake.Refused as refusal:
            raise _told(refusal) from refusal
        return self.answer(self.kept, status=201)

    def handle_exception(self, exc: Exception) -> Response:
        """Keep no file whose record went with the transaction of its key: there may be people's data in it."""
        if self.kept:
            _discard_unrecorded(self.kept)
        return super().handle_exception(exc)


class Upload(Resource):
    """One file."""

    needs = {"GET": reading("view_audienceupload"), "POST": sending("change_audienceupload")}
    serializer_class = UploadDetail

    @extend_schema(responses=UploadDetail)
    def get(self, request: Request, uuid: str) -> Response:
        """Show how far a file is."""
        return self.answer(find(uuid))

    @extend_schema(request=ColumnsForm, responses=UploadDetail)
    def post(self, request: Request, uuid: str) -> Response:
        """Say how a file is read, and start its import."""
        upload = find(uuid)
        form = ColumnsForm(upload, data=request.data, context=self.get_serializer_context())
        form.is_valid(raise_exception=True)
        with transaction.atomic():
            form.save()
            if upload.state == AudienceUpload.State.IMPORTING:
                transaction.on_commit(lambda: tasks.wake_import(upload.pk))
        return self.answer(upload)


def find(uuid: str) -> AudienceUpload:
    """The file of this UUID. Raises NotFound."""
    try:
        found = AudienceUpload.objects.select_related(*WITH).filter(uuid=UUID(uuid)).first()
    except ValueError as error:
        raise NotFound from error
    if found is None:
        raise NotFound
    return found


def _discard_unrecorded(upload: AudienceUpload) -> None:
    """Delete a file from the disk that no record names any more. Without a key, the record is there still."""
    try:
        if not AudienceUpload.objects.filter(uuid=upload.uuid).exists():
            stored.discard(upload)
    except (DatabaseError, OSError):
        log.exception("the file of the upload %s may be left on the disk, without a record", upload.uuid)


def _told(refusal: intake.Refused) -> APIException:
    """Why the file was not kept, as a call is told of it."""
    if refusal.status in REFUSALS:
        return REFUSALS[refusal.status](refusal.sentence)
    return ValidationError({"file": [refusal.sentence]})

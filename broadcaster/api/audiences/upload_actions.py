"""What a program does with an import: cancel it, or take the file back."""

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from broadcaster import tasks
from broadcaster.api.audiences.caller import caller
from broadcaster.api.audiences.upload_item import UploadDetail
from broadcaster.api.audiences.uploads import find
from broadcaster.api.errors import Conflict
from broadcaster.api.permissions import sending
from broadcaster.api.resource import Resource
from broadcaster.audience import importing, undoing

NOTHING_TO_CANCEL = "There is nothing to cancel: the file is not being imported."


class Cancel(Resource):
    """The end of an import before its time."""

    needs = {"POST": sending("add_audienceupload")}
    serializer_class = UploadDetail

    @extend_schema(request=None, responses=UploadDetail)
    def post(self, request: Request, uuid: str) -> Response:
        """Cancel an import; what is imported stays."""
        upload = find(uuid)
        if not importing.cancel(upload):
            raise Conflict(NOTHING_TO_CANCEL)
        return self.answer(upload)


class Undo(Resource):
    """The way back."""

    needs = {"POST": sending("add_audienceupload", "delete_contact")}
    serializer_class = UploadDetail

    @extend_schema(request=None, responses=UploadDetail)
    def post(self, request: Request, uuid: str) -> Response:
        """Take a file back, with the new contacts that nothing else needs."""
        upload = find(uuid)
        try:
            with transaction.atomic():
                undoing.start(upload)
                LogEntry.objects.log_actions(
                    caller(request).pk, [upload], CHANGE, "Took the file back.", single_object=True
                )
                transaction.on_commit(lambda: tasks.wake_taking_back(upload.pk))
        except undoing.StillUsed as refusal:
            raise Conflict(refusal.sentence) from refusal
        return self.answer(upload)

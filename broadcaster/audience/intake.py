"""The first thing that a posted file meets: it goes straight to disk, and no further than the limit or the disk allow.

A file that is refused here is read to its end but not kept, so that whoever posted it gets an answer instead of
a reset.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.http import HttpRequest

from broadcaster.audience import uploads
from broadcaster.audience.dialects import UnreadableFile
from broadcaster.errors import Explained
from broadcaster.models import AudienceUpload

DISK_FULL = "There is no room on the server's disk for this file. Free some space, then upload it again."


class Refused(Explained):
    """The file was not kept; `sentence` says why, `status` is the HTTP status that fits."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


class Intake(TemporaryFileUploadHandler):
    """Writes the posted file to the disk, and remembers why it did not."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.refusal: Refused | None = None
        self.size_bytes = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """A new part of the form. Raises SkipFile where not even an empty file can be made."""
        self.size_bytes = 0
        try:
            super().new_file(*args, **kwargs)
        except OSError as error:
            raise self._refuse(DISK_FULL, 507) from error

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Some more of it. Raises SkipFile at the limit and for a full disk."""
        self.size_bytes += len(raw_data)
        if self.size_bytes > settings.UPLOAD_LIMIT_BYTES:
            self.file.close()
            raise self._refuse(uploads.too_large(), 413)
        try:
            super().receive_data_chunk(raw_data, start)
        except OSError as error:
            self.file.close()
            raise self._refuse(DISK_FULL, 507) from error

    def file_complete(self, file_size: int) -> "UploadedFile[bytes] | None":
        """The whole file, rewound, or None where its last bytes found no room."""
        try:
            whole: UploadedFile[bytes] | None = super().file_complete(file_size)
        except OSError:
            self._refuse(DISK_FULL, 507)
            return None
        return whole

    def _refuse(self, sentence: str, status: int) -> SkipFile:
        self.refusal = Refused(sentence, status)
        return SkipFile(sentence)


def posted_file(request: HttpRequest, field: str) -> "UploadedFile[bytes] | None":
    """The file that was posted, if one was. Raises Refused where it could not be kept."""
    file = request.FILES.get(field)
    for handler in request.upload_handlers:
        if isinstance(handler, Intake) and handler.refusal:
            raise handler.refusal
    return file if isinstance(file, UploadedFile) else None


def kept(file: "UploadedFile[bytes]", *, author: User | AnonymousUser, region: str) -> AudienceUpload:
    """The posted file, kept and described. Raises Refused, and then nothing is kept."""
    try:
        return uploads.receive(file, author=author, region=region)
    except UnreadableFile as error:
        raise Refused(error.sentence, 400) from error
    except OSError as error:
        raise Refused(DISK_FULL, 507) from error

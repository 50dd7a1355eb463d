"""A file between its preview and the confirmation: kept beside the audience files, so that any web server finds it."""

from typing import Any
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from broadcaster.audience.stored import UNCONFIRMED


class WaitingFile:
    """A storage as the library wants one. Whoever never confirms leaves a file behind; retention clears it up."""

    def __init__(self, name: str = "", **options: Any) -> None:
        self.name = name

    def save(self, data: bytes) -> None:
        """Keep the file under a name that nobody can guess. Raises OSError for a full disk."""
        self.name = uuid4().hex
        default_storage.save(self._path, ContentFile(data))

    def read(self) -> bytes:
        """What is in it. Raises FileNotFoundError where it was cleared up."""
        with default_storage.open(self._path) as file:
            content: bytes = file.read()
        return content

    def remove(self) -> None:
        """Delete it; one that is gone already is no error."""
        default_storage.delete(self._path)

    @property
    def _path(self) -> str:
        return f"{UNCONFIRMED}/{self.name}"

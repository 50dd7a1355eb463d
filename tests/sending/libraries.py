"""A provider that is given files, and broadcasts that need some."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from broadcaster.content import media
from broadcaster.models import Broadcast, MediaFile
from broadcaster.sending import expansion
from tests.sending.broadcasts import channel_and_template, preparing

TEXT: dict[str, Any] = {"text": "Hello"}


@dataclass
class Library:
    """What the provider was given, and what it answers with: ids, or errors first."""

    given: list[tuple[str, str, bytes]] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    before: Callable[[], object] = lambda: None

    def upload(self, name: str, content_type: str, content: bytes) -> str:
        self.before()
        if self.errors:
            raise self.errors.pop(0)
        self.given.append((name, content_type, content))
        return f"id-{len(self.given)}"


def lines(*files: MediaFile) -> list[str]:
    return [media.reference(file.uuid) for file in files]


def with_attachments(*files: MediaFile, **fields: Any) -> Broadcast:
    """A broadcast whose time has come, with these files in its one text."""
    _, template = channel_and_template("rapidpro")
    template.translations.update(content=TEXT | {"attachments": lines(*files)})
    return preparing(2, kind="rapidpro", **fields)


def expand(broadcast: Broadcast) -> bool:
    return expansion.expand(broadcast.pk, worker="worker")

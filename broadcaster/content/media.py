"""Files that messages refer to: how one is taken in, how content names it, and how its name becomes a provider's id.

A translation's attachments name a file as `media:<uuid>`. Before the first message goes, the provider is given the
file, and its id stands in its place from then on; what names a file of ours never leaves this machine.
"""

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from django.core.files import File
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

import providers
from broadcaster.content import kinds, values
from broadcaster.content.file_types import HEAD_BYTES, sniff
from broadcaster.models import Broadcast, Channel, MediaFile, Template, TemplateTranslation

PREFIX = "media:"
REFERENCE = re.compile(r"media:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
# Below RapidPro's limit of 25 MiB (26,214,400 bytes: `Media.MAX_UPLOAD_SIZE` in its temba/msgs/models.py), the only one
# that is known.
LIMIT_BYTES = 25_000_000
NAME_CHARACTERS = 128
KEPT = re.compile(r"[^\w .,()+-]+")  # what a file's name may not hold, since it travels in headers

NO_FILE = "The file is empty. Choose another one."
TOO_LARGE = f"The file is larger than {LIMIT_BYTES // 1_000_000} MB. Make it smaller, then upload it again."
WRONG_TYPE = "This is no image, audio, video or PDF file. Save it as one, such as JPEG, MP3, MP4 or PDF."

Frozen = Mapping[str, Any]
WORDS = Cast("content", TextField())  # JSON as the database keeps it
UNDER_WAY = (
    Broadcast.State.AWAITING_APPROVAL,
    Broadcast.State.SCHEDULED,
    Broadcast.State.PREPARING,
    Broadcast.State.SENDING,
    Broadcast.State.PAUSED,
)


class Refused(ValueError):  # noqa: N818
    """The file is not taken; the text is a sentence that says why and what to do."""


# -- files -----------------------------------------------------------------------------------------------------------


def taken(posted: "File[bytes]", *, name: str = "") -> MediaFile:
    """A record of the file, not saved yet; its type is what its first bytes say. Raises Refused."""
    if not posted.size:
        raise Refused(NO_FILE)
    if posted.size > LIMIT_BYTES:
        raise Refused(TOO_LARGE)
    posted.seek(0)
    found = sniff(posted.read(HEAD_BYTES))
    posted.seek(0)
    if found is None:
        raise Refused(WRONG_TYPE)
    return MediaFile(
        uuid=uuid.uuid4(),
        name=_with_ending(name or posted.name or "", found.endings),
        file=File(posted, name=uuid.uuid4().hex),  # a name of ours: theirs decides nothing on our disk
        content_type=found.content_type,
        size=posted.size,
    )


def _with_ending(name: str, endings: tuple[str, ...]) -> str:
    """A plain file name that ends as its type does."""
    plain = KEPT.sub(" ", PurePosixPath(name.replace("\\", "/")).name).strip(" .") or "file"
    stem, dot, ending = plain.rpartition(".")
    fits = f"{dot}{ending}".lower() in endings and stem
    ending = f".{ending}" if fits else endings[0]
    return f"{(stem if fits else plain)[: NAME_CHARACTERS - len(ending)]}{ending}"


def templates_with(files: Iterable[MediaFile]) -> QuerySet[Template]:
    """The templates that send one of these files in any language."""
    translations = TemplateTranslation.objects.alias(words=WORDS).filter(_named(files))
    return Template.objects.filter(translations__in=translations.values("pk")).distinct().order_by("name")


def names_of_templates(files: Iterable[MediaFile]) -> dict[str, list[str]]:
    """The names of the templates that send each of these files, by the file's UUID; in one query."""
    listed = TemplateTranslation.objects.annotate(words=WORDS).filter(_named(files)).order_by("template__name")
    names: dict[str, list[str]] = {}
    for template, said in listed.values_list("template__name", "words"):
        for key in set(REFERENCE.findall(said)):
            names.setdefault(key, []).append(template)
    return {key: list(dict.fromkeys(templates)) for key, templates in names.items()}


def broadcasts_with(files: Iterable[MediaFile]) -> QuerySet[Broadcast]:
    """The broadcasts that are confirmed, not over, and send one of these files."""
    return Broadcast.objects.alias(words=WORDS).filter(_named(files), state__in=UNDER_WAY)


def _named(files: Iterable[MediaFile]) -> Q:
    """Whether the words name one of the files."""
    return Q(Q(pk__in=[]), *(Q(words__contains=reference(file.uuid)) for file in files), _connector=Q.OR)


# -- references ------------------------------------------------------------------------------------------------------


def reference(key: object) -> str:
    """How an attachment names the file of this UUID."""
    return f"{PREFIX}{key}"


def key_of(line: str) -> str:
    """The UUID of the file that an attachment names; empty where it names none of ours."""
    match = REFERENCE.fullmatch(line.strip())
    return match[1] if match else ""


def referenced(frozen: Frozen) -> list[str]:
    """The UUIDs of the files that any translation names, each once, in their order; none where it is unreadable."""
    try:
        return list(dict.fromkeys(key for line in _attachments(frozen) if (key := key_of(line))))
    except values.Unreadable:
        return []


def missing(frozen: Frozen) -> list[str]:
    """Those of the referenced files that are not there."""
    keys = referenced(frozen)
    known = set(map(str, MediaFile.objects.filter(uuid__in=keys).values_list("uuid", flat=True)))
    return [key for key in keys if key not in known]


def faults(channel: Channel | None, frozen: Frozen) -> Iterator[str]:
    """Why the content's files cannot go out on this channel; a sentence for each reason."""
    if not referenced(frozen):
        return
    if missing(frozen):
        yield "A file that the template carries was deleted. Take it out of the template, or choose another one."
    if channel and not channel.client_class.capabilities.media:
        able = [str(each) for each in Channel.objects.filter(enabled=True) if _takes_files(each)]
        remedy = f"Choose a channel that does, such as {able[0]}" if able else "Choose another template"
        yield f"{channel} takes no uploaded files. {remedy}, or take the files out of the template."


def _takes_files(channel: Channel) -> bool:
    return channel.kind in providers.kinds() and channel.client_class.capabilities.media


def with_ids(frozen: Frozen, ids: Mapping[str, str]) -> Frozen:
    """The content with the provider's id for each file. Raises KeyError for one without, and values.Unreadable."""
    names = _file_fields(frozen)
    if not names:
        return frozen
    translations = {
        language: {**fields, **{name: [_id_for(line, ids) for line in _lines(fields, name)] for name in names}}
        for language, fields in frozen["translations"].items()
    }
    return {**frozen, "translations": translations}


def _id_for(line: str, ids: Mapping[str, str]) -> str:
    key = key_of(line)
    return ids[key] if key else line


def _attachments(frozen: Frozen) -> Iterator[str]:
    for fields in frozen.get("translations", {}).values():
        for name in _file_fields(frozen):
            yield from _lines(fields, name)


def _file_fields(frozen: Frozen) -> list[str]:
    return [field.name for field in kinds.FIELDS.get(frozen.get("kind", ""), ()) if field.widget == "files"]


def _lines(fields: Mapping[str, Any], name: str) -> tuple[str, ...]:
    lines: tuple[str, ...] = values.read("files", fields.get(name))
    return lines

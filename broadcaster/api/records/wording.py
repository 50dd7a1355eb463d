"""What each message said: the frozen content of its broadcast, rendered for its recipient as it was for the provider.

A page of messages is of few broadcasts or of many; their contents, templates and files are read at once for all.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import providers
from broadcaster.content import media
from broadcaster.content.rendering import Renderer
from broadcaster.models import Broadcast, ListedTemplate, MediaFile, Message

log = logging.getLogger(__name__)

NOTHING = providers.Text.of("")
Body = tuple[int | None, str, str]  # channel, template's name and language


@dataclass(frozen=True, slots=True)
class Wording:
    """What one recipient gets; `attachments` as content has them."""

    kind: str = "text"
    text: str = ""
    attachments: tuple[str, ...] = ()
    quick_replies: tuple[str, ...] = ()


def of(messages: Sequence[Message]) -> dict[int, Wording]:
    """What they say, by message; their broadcasts must be loaded."""
    renderers = {each.pk: _renderer(each) for each in {message.broadcast for message in messages}}
    contents = [(message, _content(message, renderers[message.broadcast_id])) for message in messages]
    bodies = _bodies({key for message, content in contents if (key := _body_of(message, content))})
    return {message.pk: _wording(content, bodies.get(_body_of(message, content))) for message, content in contents}


def files(wordings: Iterable[Wording]) -> dict[str, MediaFile]:
    """The files of ours that they carry, by UUID."""
    keys = {key for wording in wordings for line in wording.attachments if (key := media.key_of(line))}
    return {str(file.uuid): file for file in MediaFile.objects.filter(uuid__in=keys)} if keys else {}


def _renderer(broadcast: Broadcast) -> Renderer | None:
    """None where the content is such that nothing could be sent of it either."""
    try:
        return Renderer(broadcast.content)
    except (ValueError, KeyError, TypeError):
        log.info("the content of broadcast %s cannot be read", broadcast.pk)
        return None


def _content(message: Message, renderer: Renderer | None) -> providers.Content:
    try:
        return renderer.render(message.language, message.variables) if renderer else NOTHING
    except (ValueError, KeyError, TypeError):
        return NOTHING


def _body_of(message: Message, content: providers.Content) -> Body | None:
    """By which names the account lists the words, where they are kept at the provider."""
    if not isinstance(content, providers.TemplateMessage):
        return None
    return message.broadcast.channel_id, content.name, content.language


def _bodies(wanted: set[Body]) -> dict[Body | None, str]:
    if not wanted:
        return {}
    channels, names, _ = zip(*wanted, strict=True)
    listed = ListedTemplate.objects.filter(channel__in=set(channels), name__in=set(names))
    return {tuple(key): body for *key, body in listed.values_list("channel", "name", "language", "body")}  # type: ignore[misc]


def _wording(content: providers.Content, body: str | None) -> Wording:
    match content:
        case providers.Text():
            said = content.base
            return Wording("text", said.text, said.attachments, said.quick_replies)
        case providers.TemplateMessage():
            return Wording("text", providers.filled(body or "", content.variables))
        case providers.Flow():
            return Wording("text", content.body)
        case providers.VoiceCall():
            return Wording("voice")
    return Wording()

"""What a recipient would see of a content, as far as we can know it: the words of the phone-like preview."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import providers
from broadcaster.admin.media import image_url
from broadcaster.content import media, sms_parts
from broadcaster.models import Channel, ListedTemplate, MediaFile


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file as the bubble shows it: a picture by itself, anything else by its name."""

    label: str
    image_url: str = ""


@dataclass(frozen=True, slots=True)
class Bubble:
    """`facts` are (name, value) pairs where the words themselves are kept at the provider."""

    text: str = ""
    header: str = ""
    footer: str = ""
    buttons: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    note: str = ""
    facts: tuple[tuple[str, str], ...] = ()


def bubble(content: providers.Content, channel: Channel | None = None) -> Bubble:
    """The bubble of a rendered content; a provider's template with its words where the channel's account lists them."""
    if isinstance(content, providers.TemplateMessage) and channel and (words := _listed_words(content, channel)):
        note = f"Template “{content.name}” ({content.language}), as the account lists it."
        return replace(_template(content), text=words, note=note, facts=())
    return DRAWN[content.kind](content)


def parts(channel: Channel | None, content: providers.Content) -> sms_parts.Parts | None:
    """How many SMS the text takes, where the channel sends SMS."""
    if channel is None or not isinstance(content, providers.Text):
        return None
    return sms_parts.count(content.base.text) if "SMS" in channel.client_class.capabilities.channels else None


def _text(content: providers.Text) -> Bubble:
    said = content.base
    return Bubble(text=said.text, attachments=tuple(map(_attachment, said.attachments)), buttons=said.quick_replies)


def _attachment(line: str) -> Attachment:
    key = media.key_of(line)
    file = MediaFile.objects.filter(uuid=key).first() if key else None
    return Attachment(file.name, image_url(file)) if file else Attachment(line)


def _template(content: providers.TemplateMessage) -> Bubble:
    header = content.header
    return Bubble(
        note=f"Template “{content.name}” ({content.language}); its words are kept at the provider.",
        header=header.value if header and header.kind == "text" else "",
        attachments=(Attachment(header.value),) if header and header.kind != "text" else (),
        facts=tuple((f"{{{{{place}}}}}", value) for place, value in enumerate(content.variables, start=1)),
        buttons=tuple(button.value for button in content.buttons),
    )


def _listed_words(content: providers.TemplateMessage, channel: Channel) -> str:
    """The body as the account lists it, with the variables in their places; empty where it is not known."""
    listed = ListedTemplate.objects.filter(channel=channel, name=content.name, language=content.language).first()
    return providers.filled(listed.body, content.variables) if listed else ""


def _event(content: providers.Event) -> Bubble:
    return Bubble(note=f"Starts the bot with the event “{content.name}”.", facts=content.params)


def _flow(content: providers.Flow) -> Bubble:
    return Bubble(text=content.body, header=content.header, footer=content.footer, buttons=(content.cta,))


def _voice(content: providers.VoiceCall) -> Bubble:
    played = f"call flow {content.flow_id}" if content.flow_id else f"prompt {content.prompt_id}"
    caller = f" from {content.caller_id}" if content.caller_id else ""
    return Bubble(note=f"A phone call{caller} that plays {played}.")


DRAWN: dict[str, Callable[[Any], Bubble]] = {
    "text": _text,
    "template": _template,
    "event": _event,
    "flow": _flow,
    "voice": _voice,
}

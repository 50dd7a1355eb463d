"""What goes out: a message to one recipient and the five kinds of content it can carry.

Everything here is immutable and hashable where providers can share one request between equal contents.
Phones are E.164 with `+`, times are aware datetimes, languages are ISO 639-3
unless a provider's template says otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, NamedTuple


class Recipient(NamedTuple):  # there is one for each message, and no other immutable thing is made as quickly
    """One person as a provider needs to know them: a phone (E.164 with `+`), or a provider-scoped identifier."""

    phone: str = ""
    identifier: str = ""
    name: str = ""
    language: str = ""

    @property
    def address(self) -> str:
        """The phone, or the identifier where there is no phone."""
        return self.phone or self.identifier


@dataclass(frozen=True, slots=True)
class Translation:
    """A text, its attachments (media UUIDs or URLs, as the provider takes them), and what one may tap to answer it."""

    language: str
    text: str
    attachments: tuple[str, ...] = ()
    quick_replies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """A plain text. The first translation is the base language; most providers send only that one."""

    kind: ClassVar[str] = "text"
    label: ClassVar[str] = "Text"

    translations: tuple[Translation, ...]

    @classmethod
    def of(
        cls,
        text: str,
        *,
        language: str = "eng",
        attachments: tuple[str, ...] = (),
        quick_replies: tuple[str, ...] = (),
    ) -> "Text":
        """One text in one language."""
        return cls((Translation(language, text, attachments, quick_replies),))

    @property
    def base(self) -> Translation:
        """The translation in the base language."""
        return self.translations[0]


@dataclass(frozen=True, slots=True)
class Media:
    """A template's header: `kind` is text, image, video or document; `value` is the text or the file's URL."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Button:
    """The variable part of one template button: `kind` is url, quick_reply or flow; `index` counts from 0."""

    kind: str
    value: str
    index: int = 0


@dataclass(frozen=True, slots=True)
class TemplateMessage:
    """A template that the provider has approved; `variables` fill its body's placeholders in order."""

    kind: ClassVar[str] = "template"
    label: ClassVar[str] = "Provider template"

    name: str
    language: str
    variables: tuple[str, ...] = ()
    namespace: str = ""
    template_id: int | None = None
    header: Media | None = None
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """An event that starts a conversation in the provider's bot; `params` are (name, value) pairs.

    `timezone` is the hours from UTC that the bot reckons with, such as "-2".
    """

    kind: ClassVar[str] = "event"
    label: ClassVar[str] = "Bot event"

    name: str
    language: str = ""
    params: tuple[tuple[str, str], ...] = ()
    timezone: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """A WhatsApp Flow: a form behind a button. Exactly one of `flow_id` and `flow_name`."""

    kind: ClassVar[str] = "flow"
    label: ClassVar[str] = "WhatsApp Flow"

    body: str
    cta: str
    flow_id: str = ""
    flow_name: str = ""
    token: str = ""
    header: str = ""
    footer: str = ""
    mode: str = "published"
    action: str = "navigate"
    screen: str = ""
    data: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class VoiceCall:
    """A phone call that runs a call flow or plays a prompt. Exactly one of `flow_id` and `prompt_id`."""

    kind: ClassVar[str] = "voice"
    label: ClassVar[str] = "Voice call"

    flow_id: str = ""
    prompt_id: str = ""
    caller_id: str = ""


Content = Text | TemplateMessage | Event | Flow | VoiceCall

CONTENT_KINDS: dict[str, type[Content]] = {kind.kind: kind for kind in (Text, TemplateMessage, Event, Flow, VoiceCall)}


class OutboundMessage(NamedTuple):
    """One message to one recipient.

    `reference` is ours: ASCII, unique for ever, at most 50 bytes, and comes back in receipts where the provider can.
    `priority` is 1 (low), 2 (normal) or 3 (high); `notify_url` is where the provider may post this message's receipts.
    `campaign` is the broadcast's name, for providers that show one to their own users.
    """

    reference: str
    recipient: Recipient
    content: Content
    expires_at: datetime | None = None
    send_at: datetime | None = None
    priority: int = 2
    notify_url: str = ""
    campaign: str = ""

"""Quick replies: the answers that a text offers to tap, where its channel's provider sends them."""

from collections.abc import Iterator, Mapping
from typing import Any

import providers
from broadcaster.models import Channel


def faults(channel: Channel | None, frozen: Mapping[str, Any]) -> Iterator[str]:
    """Why the content's quick replies cannot go out on this channel, in a sentence."""
    if channel is None or channel.client_class.capabilities.quick_replies or not _offered(frozen):
        return
    able = [str(each) for each in Channel.objects.filter(enabled=True, kind__in=providers.kinds()) if _sends_them(each)]
    remedy = f"Choose a channel that does, such as {able[0]}" if able else "Choose another template"
    yield f"{channel} sends no quick replies. {remedy}, or take the quick replies out of the template."


def _offered(frozen: Mapping[str, Any]) -> bool:
    is_text = frozen.get("kind") == providers.Text.kind
    return is_text and any(fields.get("quick_replies") for fields in frozen["translations"].values())


def _sends_them(channel: Channel) -> bool:
    return channel.client_class.capabilities.quick_replies

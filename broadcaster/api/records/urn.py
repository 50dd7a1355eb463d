"""The URN of whom a message goes to, as the record has the address."""

from broadcaster.api.urns import EXT, TEL
from broadcaster.audience.erasure import ERASED
from broadcaster.models import Message


def of(message: Message) -> str | None:
    """The URN; None where the person was erased."""
    if message.address == ERASED:
        return None
    return f"{TEL if message.address.startswith('+') else EXT}:{message.address}"

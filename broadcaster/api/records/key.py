"""A message's UUID, which newer clients of RapidPro know it by: made of its broadcast's UUID and its own id.

No column holds it, and none needs to: the second half is the id, so that the message is found by its primary key.
"""

from uuid import UUID

from broadcaster.models import Broadcast, Message

HALF = 64
VARIANT = 0b10 << (HALF - 2)  # the two bits that every UUID of this kind has there
LARGEST_ID = (1 << (HALF - 2)) - 1


def of(broadcast: Broadcast, message_id: int) -> UUID:
    """The UUID of this message."""
    return UUID(int=broadcast.uuid.int >> HALF << HALF | VARIANT | message_id)


def find(uuid: UUID) -> int | None:
    """The id of the message that has it, if there is one."""
    message_id = uuid.int & LARGEST_ID
    found = Message.objects.filter(pk=message_id).select_related("broadcast").first()
    return message_id if found and of(found.broadcast, message_id) == uuid else None

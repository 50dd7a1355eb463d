"""The broadcast that an address names."""

from uuid import UUID

from rest_framework.exceptions import NotFound

from broadcaster.api.broadcasts.item import LISTS, WITH
from broadcaster.models import Broadcast


def broadcast(uuid: str, *, whole: bool = False) -> Broadcast:
    """The broadcast, unless it is a draft; the `whole` one with what its item shows. Raises NotFound."""
    rows = Broadcast.objects.exclude(state=Broadcast.State.DRAFT).select_related(*WITH)
    try:
        found = rows.prefetch_related(*LISTS if whole else ()).filter(uuid=UUID(uuid)).first()
    except ValueError:  # dashes where no UUID has them
        found = None
    if found is None:
        raise NotFound
    return found

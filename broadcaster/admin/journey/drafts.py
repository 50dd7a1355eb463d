"""Writes a step's choices to a draft, and to nothing else: a broadcast that was confirmed meanwhile stays as it is."""

from typing import Any

from broadcaster.models import Broadcast


class NoLongerDraft(Exception):  # noqa: N818
    """Somebody confirmed or cancelled the broadcast while this page was open."""


def keep(broadcast: Broadcast, **fields: Any) -> None:
    """Set the fields. Raises NoLongerDraft, and then nothing is written."""
    kept = Broadcast.objects.filter(pk=broadcast.pk, state=Broadcast.State.DRAFT).update(**fields)
    if kept != 1:
        raise NoLongerDraft
    for name, value in fields.items():
        setattr(broadcast, name, value)

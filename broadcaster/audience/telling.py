"""What webhooks are told of an audience file: that its import has ended, and what became of its rows."""

from functools import partial
from typing import Any

from broadcaster.hooks import outbox
from broadcaster.models import AudienceUpload, Event

State = AudienceUpload.State

ENDS: dict[str, Event] = {State.IMPORTED: Event.UPLOAD_IMPORTED, State.FAILED: Event.UPLOAD_FAILED}


def closed(upload_id: int, to: State) -> None:
    """Tell of the end of an import, in its transaction; a person who cancels one knows."""
    if event := ENDS.get(to):
        outbox.put(event, subject=f"upload {upload_id}", facts=partial(_facts, upload_id))


def _facts(upload_id: int) -> dict[str, Any]:
    upload = AudienceUpload.objects.select_related("group").get(pk=upload_id)
    return {
        "id": upload.pk,
        "uuid": str(upload.uuid),
        "name": upload.filename,
        "state": upload.state,
        "error": upload.error,
        "group": {"uuid": str(upload.group.uuid), "name": upload.group.name} if upload.group else None,
        "totals": {"rows": upload.rows} | {name: getattr(upload, name) for name in AudienceUpload.COUNTS},
    }

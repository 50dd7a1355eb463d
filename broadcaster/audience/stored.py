"""Uploaded files on the disk: they hold people's data, and go when they are not needed any more."""

import logging
from datetime import timedelta

from django.core.files.storage import default_storage
from django.utils import timezone

from broadcaster.models import AudienceUpload

log = logging.getLogger(__name__)

UNCONFIRMED = "imports"  # the folder of small files whose rows somebody looks at before they are imported
KEPT = timedelta(days=1)


def discard(upload: AudienceUpload) -> None:
    """Delete the file from the disk, then forget where it was; so a second time finishes what a first began.

    Raises OSError where the disk does not let go of it.
    """
    if upload.file.name:
        upload.file.storage.delete(upload.file.name)
        AudienceUpload.objects.filter(pk=upload.pk).update(file="")
        upload.file.name = ""


def discard_unconfirmed() -> int:
    """Delete small files that nobody confirmed in time; how many. One that the disk keeps is logged."""
    if not default_storage.exists(UNCONFIRMED):
        return 0
    return sum(_is_discarded(f"{UNCONFIRMED}/{name}") for name in default_storage.listdir(UNCONFIRMED)[1])


def _is_discarded(path: str) -> bool:
    try:
        if default_storage.get_modified_time(path) >= timezone.now() - KEPT:
            return False
        default_storage.delete(path)
    except FileNotFoundError:
        return False  # it was confirmed at this moment
    except OSError as error:
        log.warning("the file %s cannot be deleted: %s", path, error)
        return False
    return True

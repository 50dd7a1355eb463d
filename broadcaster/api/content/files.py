"""Where programs find a file that messages carry, and how a broadcast shows it."""

from collections.abc import Mapping

from django.urls import reverse
from rest_framework.request import Request

from broadcaster.content import media
from broadcaster.models import MediaFile

UNKNOWN_TYPE = "application/octet-stream"  # of a file that was deleted after it was sent


def address(key: object, request: Request) -> str:
    """Where the file of this UUID is; the call for it needs a token, as every call does."""
    return request.build_absolute_uri(reverse("api_media_file", kwargs={"uuid": key}))


def shown(line: str, files: Mapping[str, MediaFile], request: Request) -> str:
    """An attachment as RapidPro shows it, `<content type>:<address>`; what is no file of ours as it stands."""
    key = media.key_of(line)
    if not key:
        return line
    content_type = files[key].content_type if key in files else UNKNOWN_TYPE
    return f"{content_type}:{address(key, request)}"

"""The parameters of addresses, as the description of the API tells of them."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter


def parameter(name: str, description: str, kind: OpenApiTypes = OpenApiTypes.STR) -> OpenApiParameter:
    """A parameter that may be left out."""
    return OpenApiParameter(name, kind, description=description)


UUID = parameter("uuid", "The one with this UUID.", OpenApiTypes.UUID)
URN = parameter("urn", "The one with this URN, such as tel:+628123456789 or ext:C-1042.")
BEFORE = parameter("before", "At this time or earlier, in ISO 8601.", OpenApiTypes.DATETIME)
AFTER = parameter("after", "At this time or later, in ISO 8601.", OpenApiTypes.DATETIME)
GROUP = parameter("group", "Those in the group of this UUID or exact name; those on a list by when they were made.")
REVERSE = parameter("reverse", "The last first, where it is true.", OpenApiTypes.BOOL)
DELETED = parameter("deleted", "Those who were deleted, where it is true: nothing is left of them.", OpenApiTypes.BOOL)
NAME = parameter("name", "The one of this name; capitals do not matter.")
MANUAL_ONLY = parameter("manual_only", "Only lists of people, where it is true.", OpenApiTypes.BOOL)
KEY = parameter("key", "The field with this key.")

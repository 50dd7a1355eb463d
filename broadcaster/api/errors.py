"""Refusals that the framework has no words for. The framework's own modules import this one while they load."""

from rest_framework import status
from rest_framework.exceptions import APIException

TOO_LARGE = "The request is too large. Send fewer things in one, or upload them as a file."


class TooLarge(APIException):
    """The body has more than the server takes."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class Conflict(APIException):
    """The call contradicts what is there."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"

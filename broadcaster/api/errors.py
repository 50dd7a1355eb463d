"""Every refusal of the API as one JSON object: the framework's, in the words that RapidPro's clients know, and ours.

What nobody expected is logged, and answered as RapidPro does, in plain text.
"""

import logging
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.views import exception_handler, set_rollback

log = logging.getLogger(__name__)

UNEXPECTED = "Server Error. Site administrators have been notified."


class Conflict(APIException):
    """The call contradicts what is there."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


def answer(error: Exception, context: Mapping[str, Any]) -> HttpResponseBase:
    """The answer to a call that failed."""
    known: HttpResponseBase | None = exception_handler(error, dict(context))
    if known is not None:
        return known
    request = context["request"]
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    set_rollback()
    return HttpResponse(UNEXPECTED, status=500, content_type="text/plain")

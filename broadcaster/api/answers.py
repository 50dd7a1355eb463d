"""Every refusal of the API as one JSON object: the framework's, in the words that RapidPro's clients know, and ours.

What nobody expected is logged, and answered as RapidPro does, in plain text.
"""

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from rest_framework.exceptions import ParseError
from rest_framework.views import exception_handler, set_rollback

from broadcaster.api.errors import TOO_LARGE, TooLarge

log = logging.getLogger(__name__)

UNEXPECTED = "Server Error. Site administrators have been notified."


def answer(error: Exception, context: Mapping[str, Any]) -> HttpResponseBase:
    """The answer to a call that failed."""
    known: HttpResponseBase | None = exception_handler(_told(error), dict(context))
    if known is not None:
        return known
    request = context["request"]
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    set_rollback()
    return HttpResponse(UNEXPECTED, status=500, content_type="text/plain")


def _told(error: Exception) -> Exception:
    """The error as a caller is told of it: a request that Django takes for an attack, or that ended, is a bad one."""
    if isinstance(error, RequestDataTooBig):
        return TooLarge(TOO_LARGE)
    if isinstance(error, SuspiciousOperation | UnreadablePostError):
        return ParseError(str(error))
    return error

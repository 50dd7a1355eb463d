"""Lets a page of the journey take a file, which goes straight to disk; `audience.intake` says how."""

from functools import wraps

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from broadcaster.admin.journey.access import View
from broadcaster.audience.intake import Intake


def takes_file(view: View) -> View:
    """Let the view take a file. The token against forged forms is checked after the handler is in its place."""

    @csrf_exempt
    @wraps(view)
    def prepared(request: HttpRequest, *args: int, **kwargs: int) -> HttpResponseBase:
        request.upload_handlers = [Intake(request)]
        return csrf_protect(view)(request, *args, **kwargs)

    return prepared

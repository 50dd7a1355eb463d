"""What a WSGI server such as gunicorn serves: Django, and an answer for requests that it cannot even read."""

import logging
import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.core.wsgi import get_wsgi_application

log = logging.getLogger(__name__)

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
REFUSED = [("Content-Type", "text/plain"), ("X-Content-Type-Options", "nosniff")]


def patient(application: Application) -> Application:
    """The application, which answers 400 to what it cannot make a request of.

    Django turns whatever fails in a view or a middleware into an answer, but makes the request before that: a content
    type whose charset is no charset (hex, or what nobody knows) fails there, and the caller would hear that it is our
    fault.
    """

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            return application(environ, start_response)
        except (ValueError, LookupError, SuspiciousOperation) as error:  # codecs and parsers raise each of them
            log.warning("a request cannot be read: %s", error)
        start_response("400 Bad Request", REFUSED)
        return [b"The request cannot be read. Look at its content type and at its query."]

    return serve


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "broadcaster.settings")
application = patient(get_wsgi_application())

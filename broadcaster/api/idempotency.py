"""`Idempotency-Key`: a call that is repeated under its key is answered as before, and nothing is done again.

The row of a call is written first, in the transaction of what the call does. So whoever calls with the same key at the
same moment waits there for the first to end, and a process that dies on its way leaves both or neither. A refusal
takes its row back with all else, so that the call may be mended and made again under its key.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from broadcaster.api.errors import Conflict
from broadcaster.models import IdempotentCall
from broadcaster.models.secrets import Unreadable

HEADER, REPLAY = "Idempotency-Key", "Idempotent-Replay"
KEY_CHARACTERS = 255
REFUSED_FROM = 400
NO_KEY = f"An {HEADER} has 1 to {KEY_CHARACTERS} characters, all of them printable ASCII. A UUID is a good one."
TAKEN = f"This {HEADER} belongs to another call. Give each call a key of its own, and keep it for its repetitions."
CHANGED = "Something that this call names was changed at this moment, so nothing was done. Call again."
UNREADABLE = "This call was done, but its answer cannot be read any more. Look at what it did before you call again."

Method = Callable[..., HttpResponseBase]


def once(method: Method) -> Method:
    """The method of a view, which does the same call under the same key only once.

    Under a key or without one: where something that it names goes at this moment, the call is told to come again.
    """

    @wraps(method)
    def answer(view: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        key = key_of(request)
        try:
            if key is None:
                return method(view, request, *args, **kwargs)
            return under_key(key, view, request, *args, **kwargs)
        except IntegrityError as error:  # which databases may find only at the end of the transaction
            raise Conflict(CHANGED) from error

    def under_key(key: str, view: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        digest, mine = digest_of(request), {"user": request.user, "key": key}
        with transaction.atomic():
            call, is_new = IdempotentCall.objects.get_or_create(**mine, defaults={"digest": digest})
            if not is_new:
                return _again(call, digest)
            response = method(view, request, *args, **kwargs)
            _keep(call, view.finalize_response(request, response, *args, **kwargs))
        return response

    return answer


def key_of(request: Request) -> str | None:
    """The key that the call came with, if any. Raises ParseError for one that nobody can keep."""
    key: str | None = request.headers.get(HEADER)
    if key is not None and not (0 < len(key) <= KEY_CHARACTERS and key.isascii() and key.isprintable()):
        raise ParseError(NO_KEY)
    return key


def digest_of(request: Request) -> str:
    """What tells one call from another."""
    is_form = (request.content_type or "").lower().startswith("multipart/")
    call = [request.method, request.path, request.META.get("QUERY_STRING", "")]
    digest = hashlib.sha256(json.dumps(call).encode())
    for part in _form(request) if is_form else (request.body,):
        digest.update(part)
    return digest.hexdigest()


def _form(request: Request) -> Iterator[bytes]:
    """The fields and the files; the body itself was read while it came, and its boundary is another each time."""
    yield json.dumps(sorted(request.POST.lists())).encode()
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            yield json.dumps([name, file.name, file.size]).encode()
            yield from file.chunks()
            file.seek(0)


def _again(call: IdempotentCall, digest: str) -> HttpResponse:
    """The first answer. Raises Conflict where the first call was another one, or nobody can read its answer."""
    if call.digest != digest:
        raise Conflict(TAKEN)
    if isinstance(call.answer, Unreadable):
        raise Conflict(UNREADABLE)
    answer = HttpResponse(call.answer, status=call.status, content_type="application/json")
    answer[REPLAY] = "true"
    return answer


def _keep(call: IdempotentCall, response: HttpResponseBase) -> None:
    """Write the answer to the call's row, or take all of it back that a refused call did."""
    if response.status_code >= REFUSED_FROM:
        transaction.set_rollback(True)
        return
    if isinstance(response, Response):
        response.render()
    call.status = response.status_code
    call.answer = response.content.decode() if isinstance(response, HttpResponse) else ""
    call.save(update_fields=["status", "answer"])

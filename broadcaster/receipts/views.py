"""Where providers post delivery receipts: authenticate, store, answer 200, and nothing else."""

import logging

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

import providers
from broadcaster import queue
from broadcaster.errors import Explained
from broadcaster.models import Channel
from broadcaster.receipts import inbox

log = logging.getLogger(__name__)

WAKE_EVERY_S = 1.0  # the applier lingers for longer than this, so that no receipt waits for the next tick
METHODS = ("POST", "GET", "HEAD", "PUT", "PATCH")  # some providers let their users choose


@csrf_exempt
@require_http_methods(METHODS)
def receive(request: HttpRequest, token: str) -> HttpResponse:
    """Store one call. 200 once it is safe; 400 for a bad signature; 404 for an address that is no channel's.

    503 where the channel must be mended before anybody can tell who posts: the provider is to try again.
    """
    channel = Channel.objects.filter(receipts_token=token).first()
    if channel is None or not constant_time_compare(channel.receipts_token, token):
        raise Http404
    if request.method == "HEAD":  # a provider's test call
        return HttpResponse()
    try:
        _store(channel, request)
    except BodyRefused as refusal:
        return HttpResponse(refusal.sentence, status=refusal.status, content_type="text/plain")
    except providers.InvalidSignature:
        return HttpResponse("The signature does not fit.", status=400, content_type="text/plain")
    except inbox.CannotVerify:
        log.warning("a receipt of channel %s is refused for now: its settings cannot be used, mend them", channel)
        return HttpResponse("Nobody can tell now who posts; try again later.", status=503, content_type="text/plain")
    queue.enqueue_at_most("apply_receipts", every_s=WAKE_EVERY_S)
    return HttpResponse("ok", content_type="text/plain")


class BodyRefused(Explained):
    """The body is not stored: `status` is the answer, `sentence` says why."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def _store(channel: Channel, request: HttpRequest) -> None:
    # Not `request.GET`, which believes the charset of the content type; what stands in an address is UTF-8.
    query = QueryDict(request.META.get("QUERY_STRING", "").encode("latin-1"), encoding="utf-8")
    inbox.store(
        channel,
        method=request.method or "",
        headers=dict(request.headers),
        query={name: str(value) for name, value in query.items()},
        body=_body(request),
    )


def _body(request: HttpRequest) -> bytes:
    """The body. Raises BodyRefused.

    A chunked body tells no length, so Django takes it for empty; where the server marks its end, it is read as it is.
    """
    is_chunked = request.META.get("wsgi.input_terminated") and not request.META.get("CONTENT_LENGTH")
    stream = request.META["wsgi.input"] if is_chunked else request
    try:
        body: bytes = stream.read(inbox.BODY_LIMIT_BYTES + 1)
    except Exception as error:  # every web server has errors of its own for a body that breaks off or is not HTTP
        raise BodyRefused(400, "The body broke off.") from error
    if len(body) > inbox.BODY_LIMIT_BYTES:
        raise BodyRefused(413, "The body is too large.")
    return body

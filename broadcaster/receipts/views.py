"""Where providers post delivery receipts: authenticate, store, answer 200, and nothing else."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt

import providers
from broadcaster import queue
from broadcaster.models import Channel
from broadcaster.receipts import inbox

WAKE_EVERY_S = 1.0  # the applier lingers for longer than this, so that no receipt waits for the next tick


@csrf_exempt
def receive(request: HttpRequest, token: str) -> HttpResponse:
    """Store one call. 200 once it is safe; 400 for a bad signature; 404 for an address that is no channel's."""
    channel = Channel.objects.filter(receipts_token=token).first()
    if channel is None or not constant_time_compare(channel.receipts_token, token):
        raise Http404
    if request.method == "HEAD":  # a provider's test call
        return HttpResponse()
    if int(request.META.get("CONTENT_LENGTH") or 0) > inbox.BODY_LIMIT_BYTES:
        return HttpResponse("The body is too large.", status=413, content_type="text/plain")
    try:
        inbox.store(
            channel,
            method=request.method or "",
            headers=dict(request.headers),
            query=request.GET.dict(),
            body=request.body,
        )
    except providers.InvalidSignature:
        return HttpResponse("The signature does not fit.", status=400, content_type="text/plain")
    queue.enqueue_at_most("apply_receipts", every_s=WAKE_EVERY_S)
    return HttpResponse("ok", content_type="text/plain")

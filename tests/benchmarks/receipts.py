"""Receipts applied in bulk beside an endpoint that moves one message for each webhook as it comes in.

Both start from the raw webhook and end with the message's state and the batch's counts right; the cost of the web
request itself, which both have, is left out on both sides. So is, on ours, that a receipt is stored first.
"""

import json
from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.utils import timezone

import providers
from broadcaster import gateway
from broadcaster.models import Batch, Broadcast, Channel, Message, Receipt
from broadcaster.receipts import apply
from broadcaster.sending import expansion, ledger, progress
from tests.audiences import demo_channel
from tests.benchmarks.measuring import Stage, seconds
from tests.benchmarks.scenes import clear, prepared

MESSAGES = 2_000  # on each side
HEADERS = {
    "host": "broadcast.example.com",
    "user-agent": "Kaleyra-Webhook/1.0",
    "accept": "*/*",
    "accept-encoding": "gzip, deflate",
    "content-type": "application/json",
    "content-length": "250",
    "x-forwarded-for": "203.0.113.7",
    "x-forwarded-proto": "https",
}


def receipts_against_single_updates() -> float:
    """Receipts a second over webhooks a second that are applied one by one."""
    channel, template = demo_channel("kaleyra", "http://127.0.0.1:9", rate_per_second=10_000)
    broadcast = on_its_way(channel, prepared(channel, template, 2 * MESSAGES))
    keys = list(broadcast.messages.order_by("pk").values_list("pk", flat=True))
    bodies = [webhook(gateway.reference(broadcast, pk)) for pk in keys]
    Receipt.objects.bulk_create(
        Receipt(channel=channel, method="POST", headers=HEADERS, body=body) for body in bodies[:MESSAGES]
    )
    client = gateway.connect(channel)
    ours_s = seconds(apply_all)
    single_s = seconds(lambda: apply_each(client, channel, bodies[MESSAGES:]))
    counts = progress.recount(broadcast)
    assert counts["delivered"] == 2 * MESSAGES
    assert progress.progress(broadcast).counts == counts
    clear(channel, template)
    return single_s / ours_s


def on_its_way(channel: Channel, broadcast: Broadcast) -> Broadcast:
    """The broadcast, as if everything of it had been accepted."""
    expansion.expand(broadcast.pk, worker="bench")
    broadcast.messages.update(state="accepted", accepted_at=timezone.now())
    ledger.counts_of(list(broadcast.batches.values_list("pk", flat=True)))
    return broadcast


def webhook(reference: str) -> bytes:
    """What Kaleyra posts when a message was delivered."""
    status = {"id": "x", "status": "delivered", "timestamp": "1722834665", "recipient_id": "919407"}
    body = {"meta_object": {"value": {"statuses": [status]}}, "extra_info": {"ref": reference}, "status": "delivered"}
    return json.dumps(body).encode()


def apply_all() -> None:
    """Apply until nothing waits."""
    while apply.apply_waiting():
        pass


def apply_each(client: providers.Client, channel: Channel, bodies: Sequence[bytes]) -> None:
    """What the plain endpoint does: read the webhook, find its message by key, move it and count it, commit."""
    for body in bodies:
        for event in client.parse_receipts("POST", HEADERS, {}, body):
            split = gateway.split_reference(event.reference)
            assert split
            move(channel, split[1])


@transaction.atomic
def move(channel: Channel, message_id: int) -> None:
    """Move one message from accepted to delivered, and its batch's counts with it."""
    mine = Message.objects.filter(pk=message_id, broadcast__channel=channel)
    batch_id, state = mine.select_for_update(of=("self",)).values_list("batch_id", "state").get()
    if state == "accepted":
        now = timezone.now()
        Message.objects.filter(pk=message_id).update(state="delivered", delivered_at=now, changed_at=now)
        Batch.objects.filter(pk=batch_id).update(accepted=F("accepted") - 1, delivered=F("delivered") + 1)


STAGES = (Stage("receipts, rate against one UPDATE each", ">= 5", receipts_against_single_updates),)

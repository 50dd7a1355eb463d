"""The stages that are measured, each beside its peer or its limit; a stage returns the ratio of one run."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import requests
from django.db import connection
from django.utils import timezone

from broadcaster import gateway
from broadcaster.content.rendering import freeze
from broadcaster.models import Broadcast, Channel, Contact, Group, Membership, Message, Receipt, Template
from broadcaster.receipts import apply
from broadcaster.sending import expansion, pump
from tests.audiences import demo_channel, phone
from tests.simulating import Simulator

PEOPLE = 50_000
MESSAGES = 3_000
WIDTH = 16

BARE_ROWS = """
INSERT INTO broadcaster_message (broadcast_id, contact_id, address, language, variables, batch_id, seq,
                                 state, error_code, error_text, attempts, provider_id)
SELECT %s, c.id, c.phone, '', '{}', %s, 1, 'pending', '', '', 0, '' FROM broadcaster_contact c WHERE c.id <= %s
"""


def expansion_against_bare_rows() -> float:
    """Seconds of our expansion over those of one INSERT..SELECT of the same rows, with the same indexes."""
    channel, template = demo_channel("kaleyra", "http://127.0.0.1:9", rate_per_second=10_000)
    ours, bare = prepared(channel, template, PEOPLE), prepared(channel, template, PEOPLE)
    bare.batches.create(number=1, size=1, not_before=timezone.now())
    last = Contact.objects.order_by("pk").values_list("pk", flat=True)[PEOPLE - 1]
    ours_s = seconds(lambda: expansion.expand(ours.pk, worker="bench"))
    with connection.cursor() as cursor:
        bare_s = seconds(lambda: cursor.execute(BARE_ROWS, [bare.pk, bare.batches.get().pk, last]))
    clear(channel, template)
    return ours_s / bare_s


def sending_against_a_plain_pool() -> float:
    """Messages a second, all included, over those of a `Session.post` pool that posts the same bodies."""
    with Simulator.start(receipt_delay_ms=600_000) as simulator:
        channel, template = demo_channel("kaleyra", simulator.url, rate_per_second=1_000_000, concurrency=WIDTH)
        broadcast = prepared(channel, template, MESSAGES)
        expansion.expand(broadcast.pk, worker="bench")
        ours_s = seconds(lambda: pump.run(life_s=600))
        assert Message.objects.filter(broadcast=broadcast, state="accepted").count() == MESSAGES
        plain_s = seconds(lambda: post_plainly(simulator, channel))
        clear(channel, template)
    return plain_s / ours_s


def receipts_against_single_updates() -> float:
    """Receipts a second over one UPDATE for each of them."""
    channel, template = demo_channel("kaleyra", "http://127.0.0.1:9", rate_per_second=10_000)
    broadcast = prepared(channel, template, MESSAGES)
    expansion.expand(broadcast.pk, worker="bench")
    messages = Message.objects.filter(broadcast=broadcast)
    messages.update(state="accepted")
    broadcast.batches.all().update(pending=0, accepted=MESSAGES)
    ids = list(messages.values_list("pk", flat=True))
    Receipt.objects.bulk_create(receipt(channel, gateway.reference(broadcast, pk)) for pk in ids)
    ours_s = seconds(apply_all)
    assert messages.filter(state="delivered").count() == MESSAGES
    single_s = seconds(lambda: [Message.objects.filter(pk=pk).update(state="read") for pk in ids])
    clear(channel, template)
    return single_s / ours_s


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


@cache
def people(count: int) -> Group:
    """A group of so many contacts; made once."""
    group = Group.objects.create(name=f"{count} people")
    numbers = [phone(number) for number in range(100, 100 + count)]
    Contact.objects.bulk_create([Contact(phone=number, name="Ann Lee") for number in numbers], ignore_conflicts=True)
    contacts = Contact.objects.filter(phone__in=numbers) if count < PEOPLE else Contact.objects.all()
    Membership.objects.bulk_create([Membership(group=group, contact=contact) for contact in contacts])
    return group


def prepared(channel: Channel, template: Template, count: int) -> Broadcast:
    """A broadcast to so many people that is about to be expanded."""
    broadcast = Broadcast.objects.create(
        name="Bench",
        channel=channel,
        template=template,
        content=freeze(template),
        state="preparing",
        send_at=timezone.now(),
    )
    broadcast.groups.set([people(count)])
    return broadcast


def post_plainly(simulator: Simulator, channel: Channel) -> None:
    """The same bodies, by the obvious code."""
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=WIDTH))
    url = f"{simulator.url}/kaleyra/v2/HXDEMO/whatsapp/+6281110000000/messages"
    template = {"name": "welcome", "language": {"code": "en"}, "components": []}

    def post(number: int) -> None:
        to = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": phone(number), "type": "template"}
        body = {"messaging_object": {**to, "template": template}, "extra_info": {"ref": str(number)}}
        session.post(url, json=body, headers={"api-key": channel.secrets["api_key"]}, timeout=30).raise_for_status()

    with ThreadPoolExecutor(WIDTH) as pool:
        list(pool.map(post, range(100, 100 + MESSAGES)))


def receipt(channel: Channel, reference: str) -> Receipt:
    """A delivery receipt in Kaleyra's format."""
    status = {"id": "x", "status": "delivered", "timestamp": "1722834665", "recipient_id": "919407"}
    body = {"meta_object": {"value": {"statuses": [status]}}, "extra_info": {"ref": reference}, "status": "delivered"}
    return Receipt(
        channel=channel, method="POST", headers={"content-type": "application/json"}, body=json.dumps(body).encode()
    )


def apply_all() -> None:
    """Apply until nothing waits."""
    while apply.apply_waiting():
        pass


def clear(channel: Channel, template: Template) -> None:
    """Leave only the people."""
    Broadcast.objects.all().delete()
    template.delete()
    channel.delete()

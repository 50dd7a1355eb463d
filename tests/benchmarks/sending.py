"""Sending, all included (claim, render, post, record), beside what the machine and the provider's latency allow."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import requests
from django.db import connection
from django.utils import timezone

from broadcaster.models import Broadcast, Channel, Message
from broadcaster.sending import expansion, pump
from tests.audiences import demo_channel, phone
from tests.benchmarks.measuring import Stage, seconds
from tests.benchmarks.quick_server import quick_server
from tests.benchmarks.scenes import clear, prepared
from tests.running import wait_for
from tests.workers import close_channels, ready_workers

MESSAGES = 3_000
WIDTH = 16
LATENCY_MS = 100
WIDTH_AT_LATENCY = 64
MESSAGES_AT_LATENCY = 100 * WIDTH_AT_LATENCY
MANY = 40_000
RECIPIENTS_A_REQUEST = 500
AHEAD_S = 3.0


def sending_against_a_plain_pool() -> float:
    """Messages a second, all included, over those of a `Session.post` pool of the same width with the same bodies."""
    with quick_server() as url, scene("kaleyra", url, MESSAGES, concurrency=WIDTH) as broadcast:
        ours_s = seconds(lambda: pump.run(life_s=600))
        check_sent(broadcast)
        return seconds(lambda: post_plainly(url, broadcast.sender)) / ours_s


def sending_at_latency() -> float:
    """Messages a second over what the width allows where each request takes 100 ms."""
    with (
        quick_server(LATENCY_MS) as url,
        scene("kaleyra", url, MESSAGES_AT_LATENCY, concurrency=WIDTH_AT_LATENCY) as broadcast,
    ):
        ours_s = seconds(lambda: pump.run(life_s=600))
        check_sent(broadcast)
        return MESSAGES_AT_LATENCY * LATENCY_MS / 1000 / WIDTH_AT_LATENCY / ours_s


def two_workers_at_latency() -> float:
    """Messages a second of two worker processes over those of one, where each request takes 100 ms."""
    with quick_server(LATENCY_MS) as url:
        rates = []
        for workers in (1, 2):
            with scene("kaleyra", url, MESSAGES, concurrency=WIDTH_AT_LATENCY) as broadcast:
                close_channels()
                with ready_workers(workers):
                    rates.append(1 / seconds_to_the_end(broadcast))
        return rates[1] / rates[0]


def many_a_request_against_bare_batches() -> float:
    """Messages a second with 500 recipients a request over bare leases and write-backs of the same rows, no HTTP."""
    with (
        quick_server() as url,
        scene("imiconnect", url, MANY, config={"batch_size": RECIPIENTS_A_REQUEST}, concurrency=8) as broadcast,
    ):
        ours_s = seconds(lambda: pump.run(life_s=600))
        check_sent(broadcast)
        broadcast.messages.update(state="pending")
        broadcast.batches.update(state="ready", accepted=0, pending=RECIPIENTS_A_REQUEST)
        return seconds(lambda: write_bare_batches(broadcast)) / ours_s


def lateness_of_the_first_message() -> float:
    """Seconds from `send_at` to the first message's acceptance, for a broadcast prepared ahead and idle workers."""
    with (
        quick_server() as url,
        scene("kaleyra", url, 100, ahead_s=AHEAD_S, concurrency=WIDTH) as broadcast,
        ready_workers(1),
    ):
        wait_for(lambda: Broadcast.objects.filter(pk=broadcast.pk, state="completed").exists())
        first = Message.objects.filter(broadcast=broadcast).earliest("accepted_at").accepted_at
        assert first
        return (first - broadcast.start).total_seconds()


@contextmanager
def scene(
    kind: str, url: str, count: int, *, config: dict[str, int] | None = None, ahead_s: float = 0, **fields: int
) -> Iterator[Broadcast]:
    """A broadcast to so many people that is ready to be sent; all of it is deleted in the end."""
    channel, template = demo_channel(kind, url, **({"rate_per_second": 1_000_000} | fields))
    channel.config |= config or {}
    channel.save()
    broadcast = prepared(channel, template, count)
    broadcast.send_at = timezone.now() + timedelta(seconds=ahead_s)
    broadcast.goes_on_refused = True
    broadcast.save()
    expansion.expand(broadcast.pk, worker="bench")
    try:
        yield broadcast
    finally:
        clear(channel, template)


def check_sent(broadcast: Broadcast) -> None:
    """Fail where not everybody was sent to."""
    others = Message.objects.filter(broadcast=broadcast).exclude(state="accepted")
    assert not others.exists(), set(others.values_list("state", "error_text"))


def seconds_to_the_end(broadcast: Broadcast) -> float:
    """From the first message that was handed over to the last result."""
    wait_for(lambda: Broadcast.objects.filter(pk=broadcast.pk, state="completed").exists())
    times = broadcast.batches.values_list("started_at", "recorded_at")
    started, recorded = zip(*times, strict=True)
    return float((max(filter(None, recorded)) - min(filter(None, started))).total_seconds())


def post_plainly(url: str, channel: Channel) -> None:
    """The same bodies, by the obvious code."""
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=WIDTH))
    address = f"{url}/kaleyra/v2/HXDEMO/whatsapp/+6281110000000/messages"
    template = {"name": "welcome", "language": {"code": "en"}, "components": []}

    def post(number: int) -> None:
        to = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": phone(number), "type": "template"}
        body = {"messaging_object": {**to, "template": template}, "extra_info": {"ref": str(number)}}
        session.post(address, json=body, headers={"api-key": channel.secrets["api_key"]}, timeout=30).raise_for_status()

    with ThreadPoolExecutor(WIDTH) as pool:
        list(pool.map(post, range(100, 100 + MESSAGES)))


def write_bare_batches(broadcast: Broadcast) -> None:
    """The least that any engine writes: lease a batch, read its rows, write their states and the batch's end."""
    postgresql = connection.vendor == "postgresql"
    for batch_id in list(broadcast.batches.values_list("pk", flat=True)):
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE broadcaster_batch SET state = 'leased', lease_until = %s WHERE id = %s AND state = 'ready'",
                [timezone.now(), batch_id],
            )
            cursor.execute(
                "SELECT id, address FROM broadcaster_message WHERE batch_id = %s AND state = 'pending'", [batch_id]
            )
            ids = [pk for pk, _ in cursor.fetchall()]
            cursor.execute("BEGIN")
            if postgresql:
                cursor.execute(
                    "UPDATE broadcaster_message m SET state = 'accepted', provider_id = c.p "
                    "FROM unnest(%s::bigint[], %s::text[]) AS c (id, p) WHERE m.id = c.id",
                    [ids, ["1"] * len(ids)],
                )
            else:
                cursor.executemany(
                    "UPDATE broadcaster_message SET state = 'accepted', provider_id = %s WHERE id = %s",
                    [("1", pk) for pk in ids],
                )
            cursor.execute(
                "UPDATE broadcaster_batch SET state = 'done', pending = 0, accepted = %s WHERE id = %s",
                [len(ids), batch_id],
            )
            cursor.execute("COMMIT")


STAGES = (
    Stage("sending, rate against a Session.post pool", ">= 1.5", sending_against_a_plain_pool),
    Stage("sending at 100 ms, rate against width / latency", ">= 0.95", sending_at_latency),
    Stage("sending at 100 ms, two workers against one", ">= 1.7", two_workers_at_latency),
    Stage("sending, many a request, against bare batches", ">= 0.5", many_a_request_against_bare_batches),
    Stage("first message after send_at, seconds", "<= 1", lateness_of_the_first_message),
)

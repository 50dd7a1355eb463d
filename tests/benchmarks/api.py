"""The API: a broadcast to a hundred people whom nobody knew, and lists of five million rows against five thousand.

`BENCH_API_MESSAGES` names another number than five million; there is a contact for each five messages, and a broadcast
for each fifty. With `BENCH_API=1` the figures of each call are printed.
"""

import os
import time
from collections.abc import Callable
from functools import cache
from itertools import count
from unittest import mock
from uuid import uuid4

from django.core.cache import cache as kept
from django.db import connection, transaction
from django.utils import timezone

from broadcaster.models import Broadcast, Channel, Contact
from tests.api.calling import Program
from tests.benchmarks import volume
from tests.benchmarks.measuring import Stage, seconds
from tests.sending.broadcasts import channel_and_template

FEW = 5_000
MANY = int(os.environ.get("BENCH_API_MESSAGES", "5_000_000"))
SHOWN = bool(os.environ.get("BENCH_API"))
FULL = 600  # broadcasts at least, so that the first page and the one behind it are full, however few messages
LIMIT_S = 0.1
ROUNDS = 15
POSTS = 20
PEOPLE = 100

BROADCASTS = """
INSERT INTO broadcaster_broadcast
    (uuid, name, content, media, by_urn, time_zone, repeat, late_cutoff_s, quiet_hours, priority, state, state_reason,
     approved_fingerprint, total, batch_count, expanded_through, prepare_worker, goes_on_refused, goes_on_unapproved,
     channel_id, send_at, created_at)
SELECT {uuid}, 'June', %s, '{{}}', '[]', 'UTC', '{{}}', 3600, '{{}}', 2, 'completed', '',
       '', 0, 0, 0, '', false, false, %s, %s, %s FROM {series}
"""
CONTENT = '{"kind": "text", "base_language": "eng", "translations": {"eng": {"text": "Hello"}}}'

Times = dict[str, float]
numbers = count()


def new_phones() -> list[str]:
    """Phones that no contact has."""
    return [f"+62813{next(numbers):08d}" for _ in range(PEOPLE)]


def caller(channel: Channel | None = None) -> Program:
    """A program with a token that nobody has used."""
    program = Program(name=f"bench-{uuid4().hex[:8]}", channel=channel)
    program.client.defaults["SERVER_NAME"] = "localhost"
    return program


# -- a broadcast -----------------------------------------------------------------------------------------------------


def posted(program: Program) -> None:
    """Make a broadcast to people whom nobody knew."""
    urns = [f"tel:{phone}" for phone in new_phones()]
    program.post("broadcasts.json", {"text": "Hello @contact.name", "urns": urns})
    assert program.status == 201, program.last.content


def bare_rows(channel: Channel) -> None:
    """Write what such a call leaves, and nothing else."""
    with transaction.atomic():
        made = Contact.objects.bulk_create([Contact(phone=phone) for phone in new_phones()])
        broadcast = Broadcast.objects.create(name="June", channel=channel, send_at=timezone.now(), state="scheduled")
        through = Broadcast.contacts.through
        through.objects.bulk_create([through(broadcast=broadcast, contact=contact) for contact in made])


@cache
def post_figures() -> tuple[float, float]:
    """The call's time over that of its bare rows, and over what is allowed; the best of each, for the same reason."""
    channel = channel_and_template("rapidpro")[0]
    program = caller(channel)
    with mock.patch("broadcaster.queue.enqueue"):
        posted(program)  # which also notes that the token was used, as the first call of a minute does
        whole_s = best(lambda: posted(program))
        bare_s = best(lambda: bare_rows(channel))
        processor_s = min(processor_seconds(lambda: posted(program)) for _ in range(POSTS))
    if SHOWN:
        print(f"  POST of {PEOPLE} new people {whole_s * 1000:8.1f} ms, of which this process {processor_s * 1000:.1f}")
        print(f"  its bare rows {bare_s * 1000:20.1f} ms", flush=True)
    volume.empty()
    return whole_s / bare_s, whole_s / LIMIT_S


def best(work: Callable[[], object]) -> float:
    """The best seconds of many: other work on the machine only ever adds."""
    return min(seconds(work) for _ in range(POSTS))


def processor_seconds(work: Callable[[], object]) -> float:
    """How long this thread keeps a processor busy."""
    started = time.thread_time()
    work()
    return time.thread_time() - started


# -- lists -----------------------------------------------------------------------------------------------------------


def places() -> dict[str, str]:
    """What is listed, by what a program asks for."""
    newest, oldest = Broadcast.objects.get(state="sending"), Broadcast.objects.order_by("pk")[0]
    phone = Contact.objects.order_by("pk").values_list("phone", flat=True)[40] or ""
    return {
        "broadcasts": "broadcasts.json",
        "broadcasts, an ID": f"broadcasts.json?id={oldest.pk}",
        "broadcasts until a time": f"broadcasts.json?before={timezone.now():%Y-%m-%dT%H:%M:%S}Z",
        "contacts": "contacts.json",
        "contacts, the first ones": "contacts.json?reverse=true",
        "contacts, a URN": f"contacts.json?urn=tel:%2B{phone[1:]}",
        "contacts of a large group": "contacts.json?group=Everyone",
        "contacts of a small group": "contacts.json?group=A few",
        "messages": "messages.json",
        "messages of the newest": f"messages.json?broadcast={newest.pk}",
        "messages of the oldest": f"messages.json?broadcast={oldest.pk}",
    }


def opened(program: Program, place: str) -> str:
    """Ask for the page; the address of the one behind it."""
    kept.clear()
    told = program.get(place)
    assert program.status == 200, f"{place}: {program.last.content[:300]}"
    return str(told["next"] or "")


def times(messages: int) -> Times:
    """The best of each list's seconds over so many messages."""
    volume.fill(messages)
    broadcasts(max(FULL, messages // 50))
    program = caller()
    pages = places()
    pages |= {f"{name}, page 2": following for name, place in pages.items() if (following := opened(program, place))}
    rounds = [
        {name: seconds(lambda: opened(program, place)) for name, place in pages.items()}  # noqa: B023
        for _ in range(ROUNDS)
    ]
    volume.empty()
    return {name: min(each[name] for each in rounds) for name in pages}


def broadcasts(number: int) -> None:
    """Write so many broadcasts that are long over."""
    vendor, now = connection.vendor, timezone.now()
    statement = BROADCASTS.format(series=volume.SERIES[vendor].format(count=number), uuid=volume.UUID[vendor])
    with connection.cursor() as cursor:
        cursor.execute(statement, [CONTENT, Channel.objects.get(name="Old").pk, now, now])
        cursor.execute("ANALYZE broadcaster_broadcast")


@cache
def list_figure() -> float:
    """The worst list's time over its time with few messages."""
    few, many = times(FEW), times(MANY)
    both = [name for name in many if name in few]
    if SHOWN:
        for name in both:
            before, after = few[name] * 1000, many[name] * 1000
            print(f"  {name:44} {before:8.1f} ms {after:8.1f} ms {after / before:8.2f}", flush=True)
    return max(many[name] / few[name] for name in both)


STAGES = (
    Stage(f"api, broadcast to {PEOPLE} new people against bare rows", "<= 8", lambda: post_figures()[0], repeats=1),
    Stage(f"api, broadcast to {PEOPLE} new people against 100 ms", "<= 1", lambda: post_figures()[1], repeats=1),
    Stage(f"api, lists over {MANY:,} messages against {FEW:,}", "<= 2", list_figure, repeats=1),
)

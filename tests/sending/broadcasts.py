"""Broadcasts at each stage of sending, made as the product makes them, and short ways to look at their rows."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from django.db import connection
from django.utils import timezone

from broadcaster import demo
from broadcaster.content.rendering import freeze
from broadcaster.models import Batch, Broadcast, Channel, Contact, Group, Membership, Message, Template
from broadcaster.sending import batches, clock, expansion, progress, pump, results, schedule
from broadcaster.sending.results import Results
from tests.audiences import demo_channel, phone

T = TypeVar("T")
NOWHERE = "http://127.0.0.1:9"  # for tests in which nothing is posted
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ORDINARY = 100  # from this number on, no phone is one of the simulator's magic ones


def channel_and_template(kind: str = "kaleyra", url: str = NOWHERE, **fields: int) -> tuple[Channel, Template]:
    """The demo's channel of this provider and its template, made once in a test."""
    channel = Channel.objects.filter(kind=kind).first()
    if channel is None:
        return demo_channel(kind, url, **fields)
    return channel, Template.objects.get(name=next(each.template for each in demo.CHANNELS if each.kind == kind))


def people(numbers: Iterable[int]) -> list[Contact]:
    """A contact for each number; the number decides on the phone, and so on the simulator's answer."""
    contacts = [Contact(name=f"Person {number}", phone=phone(number), fields={"city": "Solo"}) for number in numbers]
    Contact.objects.bulk_create(contacts, ignore_conflicts=True)
    return list(Contact.objects.filter(phone__in=[contact.phone for contact in contacts]))


def group_of(contacts: Iterable[Contact], name: str = "Customers") -> Group:
    """A group with these people in it."""
    group = Group.objects.create(name=name)
    Membership.objects.bulk_create(Membership(group=group, contact=contact) for contact in contacts)
    return group


def composed(
    recipients: int | Sequence[int] = 3, *, kind: str = "kaleyra", url: str = NOWHERE, **fields: Any
) -> Broadcast:
    """A draft to so many people, or to the people of these numbers, with which nothing is wrong."""
    numbers = range(ORDINARY, ORDINARY + recipients) if isinstance(recipients, int) else recipients
    channel, template = channel_and_template(kind, url)
    broadcast = Broadcast.objects.create(**{"name": "June", "channel": channel, "template": template} | fields)
    broadcast.groups.set([group_of(people(numbers), name=f"Audience {broadcast.pk}")])
    return broadcast


def preparing(recipients: int | Sequence[int] = 3, *, send_at: datetime | None = None, **fields: Any) -> Broadcast:
    """A broadcast whose time has come and that nobody has expanded yet."""
    broadcast = composed(recipients, **fields)
    assert broadcast.template
    Broadcast.objects.filter(pk=broadcast.pk).update(
        state="preparing", send_at=send_at or timezone.now(), content=freeze(broadcast.template)
    )
    broadcast.refresh_from_db()
    return broadcast


def prepared(recipients: int | Sequence[int] = 3, **fields: Any) -> Broadcast:
    """A broadcast whose batches are ready to be claimed."""
    broadcast = preparing(recipients, **fields)
    assert expansion.expand(broadcast.pk, worker="preparer")
    broadcast.refresh_from_db()
    return broadcast


def claimed(worker: str = "worker") -> Batch:
    """The next batch, leased."""
    batch = batches.claim(worker)
    assert batch is not None
    return batch


def send_next() -> int:
    """Claim the next batch and send it whole; how many messages were handed over."""
    return send_batch(claimed())


def send_batch(batch: Batch) -> int:
    """Send a leased batch whole; how many messages were handed over."""
    tally = pump.Tally()
    with pump.Pump(tally) as working:
        working.open(batch, claimed_at_s=clock.since_boot_s())
        while working.lanes:
            working.advance()
            working.collect()
    return tally.messages


def accept(batch: Batch, messages: Iterable[Message]) -> None:
    """Record messages of a leased batch as accepted by the provider."""
    results.record(batch, Results(accepted=[(message.pk, "p") for message in messages]))


def send_all(broadcast: Broadcast) -> None:
    """Send until nothing is left to send, as if retries had waited their time."""
    while Batch.objects.filter(broadcast=broadcast, state="ready", pending__gt=0).exists():
        Batch.objects.filter(broadcast=broadcast).update(not_before=LONG_AGO)
        send_next()


def let_leases_run_out() -> None:
    """What a minute would do."""
    Batch.objects.filter(state="leased").update(lease_until=LONG_AGO)


def scheduled(**late: float) -> Broadcast:
    """A broadcast that should have gone out so long ago (or, where negative, goes out in the future)."""
    broadcast = composed()
    schedule.schedule(broadcast, send_at=timezone.now())
    Broadcast.objects.filter(pk=broadcast.pk).update(send_at=timezone.now() - timedelta(**late))
    return reload(broadcast)


def reload(broadcast: Broadcast) -> Broadcast:
    """The broadcast as it is now."""
    return Broadcast.objects.get(pk=broadcast.pk)


def states_of(broadcast: Broadcast) -> dict[str, int]:
    """How many of its messages are in each state; fails where the batches' counts say otherwise."""
    recounted = progress.recount(broadcast)
    assert progress.progress(broadcast).counts == recounted
    for batch in broadcast.batches.all():
        assert Counter(batch.messages.values_list("state", flat=True)) == +Counter(batch.counts())
    return {state: number for state, number in recounted.items() if number}


def rows(broadcast: Broadcast) -> list[Message]:
    """Its messages in the order in which they are sent."""
    return list(Message.objects.filter(broadcast=broadcast).order_by("batch__number", "seq"))


def in_threads(count: int, work: Callable[[], T]) -> list[T]:
    """What `work` returns in each of so many threads at the same time, each with a connection of its own."""
    with ThreadPoolExecutor(count) as pool:
        return [done.result() for done in [pool.submit(with_own_connection, work) for _ in range(count)]]


def with_own_connection(work: Callable[[], T]) -> T:
    """Run `work` in this thread and close the thread's connection."""
    try:
        return work()
    finally:
        connection.close()

"""The pages that operators open, over a million messages and over five thousand.

`BENCH_MESSAGES` names another number than a million, and with `BENCH_PAGES=1` each page's own figures are printed.
"""

import os
from functools import cache

from django.contrib.auth.models import User
from django.core.cache import cache as kept
from django.test import Client
from django.urls import reverse

from broadcaster.models import Broadcast, Channel, Contact, Group
from tests.admin.people import logged_in
from tests.benchmarks import volume
from tests.benchmarks.measuring import Stage, seconds

FEW = 5_000
MANY = int(os.environ.get("BENCH_MESSAGES", "1_000_000"))
LIMIT_S = 0.3
ROUNDS = 15
MAY_SEE = ("broadcast", "message", "contact", "group", "suppression", "audienceupload")
RARE, COMMON, ABSENT = "unknown", "delivered", "expired"

Times = dict[str, float]


def addresses() -> dict[str, str]:
    """What is opened, by what a person calls it. The newest broadcast is on its way, the oldest lies at the bottom."""
    sending, oldest = Broadcast.objects.filter(state="sending").get(), Broadcast.objects.order_by("pk")[0]
    old_channel = Channel.objects.get(name="Old").pk
    everyone, few = Group.objects.get(name="Everyone").pk, Group.objects.get(name="A few").pk
    phone = Contact.objects.order_by("pk").values_list("phone", flat=True)[40] or ""
    log, contacts, opt_outs = listed("message"), listed("contact"), listed("suppression")
    return {
        "broadcasts": listed("broadcast"),
        "a broadcast on its way": reverse("admin:broadcast_watch", args=[sending.pk]),
        "its moving part": reverse("admin:broadcast_live", args=[sending.pk]),
        "log": log,
        **{f"log, {state}": f"{log}?state__exact={state}" for state in (COMMON, RARE, ABSENT)},
        "log of the newest": f"{log}?broadcast__id__exact={sending.pk}",
        "log of the oldest": f"{log}?broadcast__id__exact={oldest.pk}",
        **{
            f"log of the oldest, {state}": f"{log}?broadcast__id__exact={oldest.pk}&state__exact={state}"
            for state in (COMMON, RARE, ABSENT)
        },
        "log of an old channel": f"{log}?broadcast__channel__id__exact={old_channel}",
        "log of an old channel, rare": f"{log}?broadcast__channel__id__exact={old_channel}&state__exact={RARE}",
        "log, a phone": f"{log}?q={phone[1:]}",
        "log, the beginning of a phone": f"{log}?q={phone[1:8]}",
        "log, the hundredth page": f"{log}?p=100",
        "contacts": contacts,
        "contacts, a phone": f"{contacts}?q=%2B{phone[1:]}",
        "contacts, the beginning of a phone": f"{contacts}?q=%2B{phone[1:8]}",
        "contacts, a name": f"{contacts}?q=citra",
        "contacts, a name that nobody has": f"{contacts}?q=zacharias",
        "contacts, an identifier": f"{contacts}?q=customer-41",
        "contacts of a large group": f"{contacts}?groups__id__exact={everyone}",
        "contacts of a small group": f"{contacts}?groups__id__exact={few}",
        "contacts, a rare language": f"{contacts}?language=jav",
        "contacts to choose from": f"{reverse('admin:broadcaster_contact_search')}?term=citra&app_label=broadcaster"
        "&model_name=group&field_name=contacts",
        "groups": listed("group"),
        "opt-outs": opt_outs,
        "opt-outs, a phone": f"{opt_outs}?q={phone[1:]}",
        "opt-outs of a channel": f"{opt_outs}?channel__id__exact={Channel.objects.get(name='New').pk}",
        "files": listed("audienceupload"),
    }


def listed(model: str) -> str:
    """The address of a list."""
    return reverse(f"admin:broadcaster_{model}_changelist")


def opened(client: Client, address: str) -> None:
    """Ask for the page as a browser does; what is kept for minutes is asked for anew."""
    kept.clear()
    response = client.get(address)
    assert response.status_code == 200, f"{address}: {response.status_code}"


def times(messages: int) -> Times:
    """The best of each page's seconds over so many messages: other work on the machine only ever adds."""
    volume.fill(messages)
    User.objects.filter(username__startswith="person-").delete()
    client = logged_in(*(f"view_{model}" for model in MAY_SEE))
    client.defaults["SERVER_NAME"] = "localhost"
    best = best_of(client, addresses())
    volume.empty()
    return best


def best_of(client: Client, pages: dict[str, str]) -> Times:
    """The best seconds of each page; a page's rounds lie apart, so that a busy moment spoils one of them."""
    rounds = [
        {name: seconds(lambda: opened(client, address)) for name, address in pages.items()}  # noqa: B023
        for _ in range(ROUNDS)
    ]
    return {name: min(each[name] for each in rounds) for name in pages}


@cache
def figures() -> tuple[float, float]:
    """The worst page's time over its time with few messages; the slowest page's time over what is allowed."""
    few, many = times(FEW), times(MANY)
    if os.environ.get("BENCH_PAGES"):
        report(few, many)
    return max(many[name] / few[name] for name in many), max(many.values()) / LIMIT_S


def report(few: Times, many: Times) -> None:
    """Print each page: milliseconds over few messages and over many, and the ratio."""
    for name in few:
        before, after = few[name] * 1000, many[name] * 1000
        print(f"  {name:44} {before:8.1f} ms {after:8.1f} ms {after / before:8.2f}", flush=True)


STAGES = (
    Stage(f"pages over {MANY:,} messages, time against {FEW:,}", "<= 2", lambda: figures()[0], repeats=1),
    Stage(f"pages over {MANY:,} messages, slowest against 300 ms", "<= 1", lambda: figures()[1], repeats=1),
)

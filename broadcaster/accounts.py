"""What a channel's provider says of the account: whether it works, what is left on it, which templates it holds.

    a person, a worker --ask--> the provider --> the channel's row, its ListedTemplate rows --> pages, pre-flight

Nothing here raises for what a provider does: what came of a question is kept as a sentence for a person, with its time.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Model, Q
from django.utils import timezone

import providers
from broadcaster import gateway
from broadcaster.models import Broadcast, Channel, ListedTemplate
from providers import Approval, Health

log = logging.getLogger(__name__)

TEST_WITHIN_S = 10.0  # a person sits before the page
LIST_WITHIN_S = 20.0  # a broadcast may wait for it, under a lease that is longer
EVERY = timedelta(hours=1)
CHANNELS_A_TICK = 20

PREPARED = (Broadcast.State.PREPARING, Broadcast.State.PAUSED)
NO_BALANCE: dict[str, Any] = {"balance": "", "balance_at": None}
UNTOUCHED: dict[str, Any] = {
    "checked_at": None,
    "check_ok": None,
    "check_sentence": "",
    **NO_BALANCE,
    "templates_at": None,
    "templates_tried_at": None,
    "templates_problem": "",
    "groups_at": None,
}
KEY = ("name", "language")  # by which a message names a template
SAID = [field.name for field in fields(providers.ListedTemplate) if field.name not in KEY]
MOST_VARIABLES, LARGEST_ID = 2**15 - 1, 2**63 - 1  # what their columns hold

# -- does it work? -----------------------------------------------------------------------------------------------------


def test(channel: Channel) -> Health:
    """Ask the provider whether the account works, and then what is left on it; the channel keeps what came of it."""
    now, left = timezone.now(), NO_BALANCE
    try:
        client = gateway.connect_for(channel, within_s=TEST_WITHIN_S)
        health = client.check()
        if health.ok is not False:
            left = _left(client, now)
    except Exception as error:  # noqa: BLE001  a page must show what happened, whatever it was
        health = Health(ok=False, sentence=_why(channel, error, "whether the account works"))
    _keep_answer(channel, checked_at=now, check_ok=health.ok, check_sentence=health.sentence, **left)
    return health


def forget(channel: Channel) -> None:
    """Drop all that was learnt of an account, since the channel has another one by now; its templates are due.

    The groups stay until the next look, or drafts that go to them would no longer find them.
    """
    _keep(channel, **UNTOUCHED)
    ListedTemplate.objects.filter(channel=channel).delete()
    _forget_files(channel)


def _forget_files(channel: Channel) -> None:
    """Let broadcasts that have not begun be prepared anew where the former account was given their files.

    Whoever prepares one now has lost it. What has begun keeps its ids, since some of its messages went out with them.
    """
    waiting = Broadcast.objects.filter(channel=channel, started_at=None, state__in=PREPARED)
    waiting.exclude(media={}).update(media={}, prepared_at=None, prepare_worker="", prepare_until=None)


def keep_balance(channel: Channel, client: providers.Client) -> None:
    """Keep what this client of the channel knows of its balance, since some providers tell it only beside a price."""
    if left := _left(client, timezone.now()):
        _keep_answer(channel, **left)


def _left(client: providers.Client, now: datetime) -> dict[str, Any]:
    """The channel's fields for what is left, in the provider's units; none where it does not tell at this time.

    That it cannot be read is no fault of the account.
    """
    if not client.capabilities.balance:
        return {}
    try:
        balance = client.balance()
    except providers.ProviderError as error:
        log.warning("%s could not be asked for its balance: %s", client, error)
        return NO_BALANCE
    return {"balance": f"{balance.amount} {balance.unit}".strip(), "balance_at": now} if balance else {}


# -- which templates does it hold? -------------------------------------------------------------------------------------


def lists_templates(channel: Channel) -> bool:
    """Whether the channel's provider can be asked for the account's templates."""
    return channel.kind in providers.kinds() and channel.client_class.capabilities.templates


def due() -> list[int]:
    """Channels that are in use and whose templates nobody has asked for lately, those that wait longest first."""
    untried = Channel.objects.filter(_untried_for(EVERY), enabled=True)
    waiting = untried.order_by(F("templates_tried_at").asc(nulls_first=True), "pk")
    return [channel.pk for channel in waiting if lists_templates(channel)][:CHANNELS_A_TICK]


def want_templates(channel: Channel) -> None:
    """Make the channel due, so that the next tick asks even where the task for it is lost."""
    _keep(channel, templates_tried_at=None)


def list_due(channel_id: int, older_than: timedelta = EVERY) -> None:
    """List the templates of this channel, unless it was tried since: another worker may have been quicker."""
    for channel in Channel.objects.filter(_untried_for(older_than), pk=channel_id):
        list_templates(channel)


def list_templates(channel: Channel) -> int:
    """Ask for the account's templates and keep them as they are now; how many are known.

    Those of the last look stay where the provider cannot be asked; why, stands in the channel's `templates_problem`.
    """
    try:
        listed = gateway.connect_for(channel, within_s=LIST_WITHIN_S).templates()
    except Exception as error:  # noqa: BLE001  whatever it was, broadcasts go on by the last look
        problem = _why(channel, error, "for its templates")
        _keep_answer(channel, templates_tried_at=timezone.now(), templates_problem=problem)
    else:
        _replace(channel, listed)
    return ListedTemplate.objects.filter(channel=channel).count()


def _untried_for(span: timedelta) -> Q:
    return Q(templates_tried_at=None) | Q(templates_tried_at__lt=timezone.now() - span)


def _replace(channel: Channel, listed: Iterable[providers.ListedTemplate]) -> None:
    """Make the rows say what the list says, unless it is another account's by now; a row that stays keeps its key."""
    now = timezone.now()
    rows = {(row.name, row.language): row for row in _rows(channel, listed)}
    with transaction.atomic():
        if not gateway.is_same_account(channel):
            return
        ListedTemplate.objects.bulk_create(
            [rows[key] for key in sorted(rows)],  # in one order, or two workers might wait for each other
            update_conflicts=True,
            unique_fields=["channel", *KEY],
            update_fields=SAID,
        )
        known = ListedTemplate.objects.filter(channel=channel)
        gone = [pk for pk, *key in known.values_list("pk", "name", "language") if tuple(key) not in rows]
        known.filter(pk__in=gone).delete()
        _keep(channel, templates_at=now, templates_tried_at=now, templates_problem="")


def _rows(channel: Channel, listed: Iterable[providers.ListedTemplate]) -> Iterator[ListedTemplate]:
    """A row for each template that a message can name. Of two with one name and language, the one that may be sent."""
    for item in sorted(listed, key=lambda item: item.approval is Approval.APPROVED):
        fitting = {name: _cut(ListedTemplate, name, value) for name, value in asdict(item).items()}
        if item.name and item.language and (fitting["name"], fitting["language"]) == (item.name, item.language):
            fitting["variables"] = min(item.variables, MOST_VARIABLES)
            fitting["template_id"] = item.template_id if (item.template_id or 0) <= LARGEST_ID else None
            yield ListedTemplate(channel=channel, **fitting)


# -- what came of it ---------------------------------------------------------------------------------------------------


def _why(channel: Channel, error: Exception, what: str) -> str:
    """Why a question was not answered, for a person."""
    if isinstance(error, providers.ConfigurationError):
        return f"{error} Complete the account first."
    label = channel.client_class.label
    if isinstance(error, providers.ProviderError) and not error.may_be_accepted:
        log.warning("channel %s could not be asked %s: %s", channel.pk, what, error)
        return error.sentence
    if isinstance(error, providers.ProviderError):
        log.warning("channel %s gave no answer when asked %s: %s", channel.pk, what, error)
        return f"{label} was asked {what} and gave no answer that can be read. Try again in a few minutes."
    log.error("channel %s could not be asked %s", channel.pk, what, exc_info=error)
    return f"{label} could not be asked {what}: {type(error).__name__}. Tell whoever runs this installation."


def _keep_answer(channel: Channel, **learnt: Any) -> None:
    """Write what came of a question, unless the channel has another account by now."""
    with transaction.atomic():
        if gateway.is_same_account(channel):
            _keep(channel, **learnt)


def _keep(channel: Channel, **learnt: Any) -> None:
    """Write these fields and no others: workers move the channel's pace in the same row."""
    fitting = {name: _cut(Channel, name, value) for name, value in learnt.items()}
    for name, value in fitting.items():
        setattr(channel, name, value)
    Channel.objects.filter(pk=channel.pk).update(**fitting)


def _cut(model: type[Model], name: str, value: Any) -> Any:
    """The value, no longer than its column."""
    longest = getattr(model._meta.get_field(name), "max_length", None)  # noqa: SLF001  documented by Django
    return value[:longest] if longest and isinstance(value, str) else value

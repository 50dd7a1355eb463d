"""People whom rules are tried on, and whom a rule fits as plain Python reads it, without any SQL."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils import timezone

from broadcaster.audience.rules import TEXT_TESTS, Condition, Created, FieldIs, InGroup, Messaged, Rule, Speaks
from broadcaster.audience.rules_groups import Reader
from broadcaster.audience.rules_sql import Scope
from broadcaster.models import Batch, Broadcast, Contact, Group, Membership, Message

NOW = dt.datetime(2026, 6, 15, 12, tzinfo=dt.UTC)
TODAY = NOW.date()
CAPITALS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")


@dataclass(frozen=True)
class Person:
    """`groups` are those of these tests, by their place; a message is (what became of it, days ago)."""

    fields: dict[str, Any] = field(default_factory=dict)
    language: str = ""
    days_old: int = 0
    groups: frozenset[int] = frozenset()
    messages: tuple[tuple[str, int], ...] = ()


def made(people: dict[str, Person], groups: list[Group]) -> None:
    """Write the people into the database, by their names."""
    contacts = {name: Contact(name=name, identifier=name) for name in people}
    for name, person in people.items():
        contacts[name].fields, contacts[name].language = person.fields, person.language
    Contact.objects.bulk_create(contacts.values())
    for name, person in people.items():
        Contact.objects.filter(pk=contacts[name].pk).update(created_at=NOW - dt.timedelta(days=person.days_old))
        for place in person.groups:
            Membership.objects.create(group=groups[place], contact=contacts[name])
        for what, days in person.messages:
            tell(contacts[name], what, days)


def tell(contact: Contact, what: str, days_ago: int) -> None:
    """A message to somebody, and what became of it."""
    broadcast = Broadcast.objects.create(name="June")
    batch = Batch.objects.create(broadcast=broadcast, number=1, size=1, not_before=NOW)
    at = NOW - dt.timedelta(days=days_ago)
    times = {"sent": ["accepted_at"], "delivered": ["delivered_at"], "read": ["delivered_at", "read_at"], "failed": []}
    state = {"sent": "accepted"}.get(what, what)
    Message.objects.create(
        broadcast=broadcast,
        batch=batch,
        seq=1,
        contact=contact,
        address=contact.address,
        state=state,
        changed_at=at,
        **dict.fromkeys(times[what], at),
    )


def fitting(rule: Rule) -> set[str]:
    """The names of those whom the database finds."""
    return names(Reader(Scope(NOW)).fitting(rule))


def names(condition: Q) -> set[str]:
    return set(Contact.objects.filter(condition).values_list("name", flat=True))


def expected(rule: Rule, people: dict[str, Person], groups: list[Group]) -> set[str]:
    """The names of those whom the rule fits."""
    return {name for name, person in people.items() if fits(rule, person, groups)}


def fits(condition: Condition, person: Person, groups: list[Group]) -> bool:
    return _fits(condition, person, groups) != condition.negated


def _fits(condition: Condition, person: Person, groups: list[Group]) -> bool:
    match condition:
        case Rule():
            return rule_fits(condition, person, groups)
        case FieldIs():
            return field_fits(condition, person.fields.get(condition.key))
        case Speaks():
            return person.language == condition.language
        case InGroup():
            return any(groups[place].pk == condition.group for place in person.groups)
        case Messaged():
            return messages_fit(condition, person.messages)
        case Created():
            return created_fits(condition, NOW - dt.timedelta(days=person.days_old))


def rule_fits(rule: Rule, person: Person, groups: list[Group]) -> bool:
    answers = [fits(each, person, groups) for each in rule.conditions]
    return all(answers) if rule.match == "all" else any(answers)


def messages_fit(condition: Messaged, messages: tuple[tuple[str, int], ...]) -> bool:
    longest = dt.timedelta.max.days if condition.within_days is None else condition.within_days
    kinds = {"sent": ("sent", "delivered", "read"), "delivered": ("delivered", "read")}
    wanted = kinds.get(condition.what, (condition.what,))
    return any(what in wanted and days <= longest for what, days in messages)


def field_fits(condition: FieldIs, value: Any) -> bool:
    if condition.test == "is_set":
        return value is not None and value != ""
    if condition.test in TEXT_TESTS:
        return isinstance(value, str) and text_fits(condition, value.translate(CAPITALS))
    if condition.test in ("=", "<", ">", "between"):
        return type(value) in (int, float) and number_fits(condition, Decimal(repr(value)))
    day = day_of(value)
    if day is None:
        return False
    if isinstance(condition.value, int):
        return TODAY - dt.timedelta(days=condition.value) <= day <= TODAY
    assert isinstance(condition.value, dt.date)
    return day < condition.value if condition.test == "before" else day > condition.value


def text_fits(condition: FieldIs, value: str) -> bool:
    wanted = str(condition.value).translate(CAPITALS)
    tests = {"equals": value == wanted, "contains": wanted in value, "starts_with": value.startswith(wanted)}
    return tests[condition.test]


def number_fits(condition: FieldIs, value: Decimal) -> bool:
    wanted, until = Decimal(repr(condition.value)), Decimal(repr(condition.until or 0))
    tests = {"=": value == wanted, "<": value < wanted, ">": value > wanted, "between": wanted <= value <= until}
    return tests[condition.test]


def day_of(value: Any) -> dt.date | None:
    """A date in the form in which imports keep it."""
    try:
        day = dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return day if day.isoformat() == value else None


def created_fits(condition: Created, created_at: dt.datetime) -> bool:
    if isinstance(condition.value, int):
        return created_at >= NOW - dt.timedelta(days=condition.value)
    day = timezone.localdate(created_at)
    return day < condition.value if condition.test == "before" else day > condition.value

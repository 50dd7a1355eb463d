"""A rule as a condition on contacts that the database answers for all of them at once, alike on PostgreSQL and SQLite.

Every test is true or false and never NULL, so that its negation is everybody else: a CASE looks at the type of a
field's value before anything is made of it. Text is compared with the letters A to Z taken as capitals, since those
are the only ones that both databases turn into the same.
"""

import datetime as dt
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

from broadcaster.audience.rules import (
    IS_SET,
    NUMBER_TESTS,
    TEXT_TESTS,
    Condition,
    Created,
    FieldIs,
    InGroup,
    Messaged,
    Rule,
    Speaks,
)
from broadcaster.models import Message

NOBODY = Q(pk__in=())


@dataclass(frozen=True, slots=True)
class Scope:
    """The moment that a rule is about, and which contacts are asked for: keys above `after`, up to `through`.

    The keys stand in every subquery too: a database that makes a table of one would else read all of it each time that
    some contacts are asked for.
    """

    now: dt.datetime
    after: int | None = None
    through: int | None = None

    def with_one(self, rows: "QuerySet[Any]") -> Q:
        """Contacts that have one of the rows."""
        keys = {"contact__gt": self.after, "contact__lte": self.through}
        asked_for = {name: key for name, key in keys.items() if key is not None}
        return Q(Exists(rows.filter(contact=OuterRef("pk"), **asked_for)))


_CAPITALS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")


@dataclass(frozen=True, slots=True)
class Dialect:
    """The words in which one database differs from the other; `type` and `text` take one key each.

    `dates` tells whether a text is a day of the calendar: PostgreSQL 15 has no cast that does not raise.
    """

    type: str
    text: str
    key: Callable[[str], str]
    string: str
    numbers: str
    capitals: str
    contains: str
    starts: str
    as_number: str
    number: Callable[[int | float], Any]
    dates: str
    in_order: str


_LEAP = "([0-9][0-9](0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29"
_DAYS = (
    "[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
)
POSTGRESQL = Dialect(
    type="jsonb_typeof({column} -> %s::text)",
    text="({column} ->> %s::text)",
    key=str,
    string="'string'",
    numbers="'number'",
    capitals='UPPER({text} COLLATE "C")',
    contains="strpos({text}, %s) > 0",
    starts="starts_with({text}, %s)",
    as_number="{text}::numeric {sign} %s::numeric",
    number=repr,
    dates=f"{{text}} ~ '^({_DAYS}|{_LEAP})$' AND {{text}} COLLATE \"C\" >= '0001'",
    in_order='{text} COLLATE "C"',
)
SQLITE = Dialect(
    type="json_type({column}, %s)",
    text="json_extract({column}, %s)",
    key='$."{}"'.format,
    string="'text'",
    numbers="'integer', 'real'",
    capitals="UPPER({text})",
    contains="instr({text}, %s) > 0",
    starts="instr({text}, %s) = 1",
    as_number="{text} {sign} %s",
    number=lambda value: value,
    dates=f"{{text}} GLOB '{'-'.join(('[0-9]' * 4, '[0-9]' * 2, '[0-9]' * 2))}' "
    "AND date({text}, '+0 days') = {text} AND {text} >= '0001'",
    in_order="{text}",
)
_PLACES = re.compile(r"\{type\}|\{text\}|%s")  # where a parameter goes
_SIGNS = {"=": ("=",), "<": ("<",), ">": (">",), "between": (">=", "<="), "before": ("<",), "after": (">",)}


class FieldTest(Func):
    """Whether the value of a contact's own field passes a test."""

    output_field = BooleanField()

    def __init__(self, condition: FieldIs, today: dt.date) -> None:
        super().__init__(F("fields"))
        self.condition = condition
        self.today = today

    def as_sql(  # type: ignore[override]
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, list[Any]]:
        """The CASE, and its parameters: every `%s` of a `type` or `text` is the key."""
        dialect = POSTGRESQL if connection.vendor == "postgresql" else SQLITE
        column, _ = compiler.compile(self.get_source_expressions()[0])
        fits, test, values = _test(self.condition, self.today, dialect)
        names = {name: getattr(dialect, name).format(column=column) for name in ("type", "text")}
        key = dialect.key(self.condition.key)
        statement = f"CASE WHEN {fits} THEN {test} ELSE false END"
        return _filled(statement, names, key, values)


def fitting(rule: Rule, scope: Scope, in_group: Callable[[int], Q]) -> Q:
    """The contacts that the rule fits; `in_group` says who is in a group."""
    join = operator.and_ if rule.match == "all" else operator.or_
    return reduce(join, (_condition(each, scope, in_group) for each in rule.conditions))


def _condition(condition: Condition, scope: Scope, in_group: Callable[[int], Q]) -> Q:
    fits = _fits(condition, scope, in_group)
    return ~fits if condition.negated else fits


def _fits(condition: Condition, scope: Scope, in_group: Callable[[int], Q]) -> Q:
    match condition:
        case Rule():
            return fitting(condition, scope, in_group)
        case FieldIs():
            return Q(FieldTest(condition, timezone.localdate(scope.now)))
        case Speaks():
            return Q(language=condition.language)
        case InGroup():
            return in_group(condition.group)
        case Messaged():
            return _messaged(condition, scope)
        case Created():
            return _created(condition, scope.now)


def _messaged(condition: Messaged, scope: Scope) -> Q:
    """A message was sent too where only its receipt tells of it: the answer was lost."""
    since = scope.now - dt.timedelta(days=condition.within_days) if condition.within_days else None
    times = {"sent": ("accepted_at", "delivered_at"), "failed": ("changed_at",)}
    names = times.get(condition.what, (f"{condition.what}_at",))
    when = reduce(
        operator.or_, (Q(**{f"{name}__gte": since} if since else {f"{name}__isnull": False}) for name in names)
    )
    messages = Message.objects.filter(when)
    if condition.what == "failed":
        messages = messages.filter(state=Message.State.FAILED)
    return scope.with_one(messages)


def _created(condition: Created, now: dt.datetime) -> Q:
    if isinstance(condition.value, int):
        return Q(created_at__gte=now - dt.timedelta(days=condition.value))
    day = condition.value + dt.timedelta(days=condition.test == "after")
    midnight = timezone.make_aware(dt.datetime.combine(day, dt.time()))
    return Q(created_at__lt=midnight) if condition.test == "before" else Q(created_at__gte=midnight)


def _test(condition: FieldIs, today: dt.date, dialect: Dialect) -> tuple[str, str, list[Any]]:
    """(When a value is of the type, the test of such a value, what it is compared with)."""
    if condition.test in TEXT_TESTS:
        return f"{{type}} = {dialect.string}", *_text_test(condition, dialect)
    if condition.test in NUMBER_TESTS:
        return f"{{type}} IN ({dialect.numbers})", *_number_test(condition, dialect)
    if condition.test == IS_SET:
        return "{type} <> 'null'", "{text} <> ''", []
    return f"{{type}} = {dialect.string} AND {dialect.dates}", *_date_test(condition, today, dialect)


def _text_test(condition: FieldIs, dialect: Dialect) -> tuple[str, list[Any]]:
    tests = {"equals": "{text} = %s", "contains": dialect.contains, "starts_with": dialect.starts}
    value = str(condition.value).translate(_CAPITALS)
    return tests[condition.test].replace("{text}", dialect.capitals), [value]


def _number_test(condition: FieldIs, dialect: Dialect) -> tuple[str, list[Any]]:
    bounds = [value for value in (condition.value, condition.until) if isinstance(value, int | float)]
    parts = [dialect.as_number.replace("{sign}", sign) for sign in _SIGNS[condition.test]]
    return " AND ".join(parts), [dialect.number(value) for value in bounds]


def _date_test(condition: FieldIs, today: dt.date, dialect: Dialect) -> tuple[str, list[Any]]:
    signs: tuple[str, ...] = _SIGNS.get(condition.test, (">=", "<="))
    days = (
        [today - dt.timedelta(days=condition.value), today] if isinstance(condition.value, int) else [condition.value]
    )
    return " AND ".join(f"{dialect.in_order} {sign} %s" for sign in signs), [str(day) for day in days]


def _filled(statement: str, names: dict[str, str], key: str, values: list[Any]) -> tuple[str, list[Any]]:
    """The statement with its names put in, and the parameters in the order of their places."""
    remaining = iter(values)
    parameters = [next(remaining) if place == "%s" else key for place in _PLACES.findall(statement)]
    return statement.replace("{type}", names["type"]).replace("{text}", names["text"]), parameters

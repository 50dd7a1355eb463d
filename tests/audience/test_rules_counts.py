"""Whom a rule fits, looked at within a bounded time on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection

from broadcaster.audience import rules, rules_counts
from broadcaster.audience.rules_counts import Look, TookTooLong
from broadcaster.models import Contact, Group

pytestmark = pytest.mark.django_db

RULE: dict[str, Any] = {"match": "all", "conditions": [{"of": "language", "value": "ind"}]}
ENDLESS = {
    "postgresql": "SELECT pg_sleep(600)",
    "sqlite": "WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s) SELECT COUNT(*) FROM s",
}


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_what_takes_too_long_is_broken_off_and_the_next_question_is_answered() -> None:
    with pytest.raises(TookTooLong), rules_counts.within(0.05):
        run(ENDLESS[connection.vendor])
    assert Contact.objects.count() == 0


def test_an_error_is_not_taken_for_a_long_time() -> None:
    with pytest.raises(DatabaseError) as error, rules_counts.within(5):
        run("SELECT nothing")
    assert not isinstance(error.value, TookTooLong)
    with pytest.raises(OperationalError, match="of another kind"), rules_counts.within(5):
        raise OperationalError("of another kind")


def test_a_look_is_the_number_and_the_first_few() -> None:
    people = [Contact(identifier=f"c{number}", language="ind") for number in range(12)]
    people = Contact.objects.bulk_create(people)
    Contact.objects.create(identifier="other")
    assert rules_counts.look(rules.parse(RULE)) == Look(12, people[:10])


def test_a_look_that_takes_too_long_knows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def broken_off(limit_s: float) -> Iterator[None]:
        yield
        raise TookTooLong

    monkeypatch.setattr(rules_counts, "within", broken_off)
    group = Group.objects.create(name="Slow", rule=RULE, counted=5)
    rules_counts.refresh(group.pk)
    group.refresh_from_db()
    assert group.counted is None
    assert group.counted_at is not None


def test_a_count_for_an_old_rule_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def changed_meanwhile(limit_s: float) -> Iterator[None]:
        yield
        Group.objects.update(rule=RULE | {"match": "any"})

    group = Group.objects.create(name="New rule", rule=RULE)
    monkeypatch.setattr(rules_counts, "within", changed_meanwhile)
    rules_counts.refresh(group.pk)
    group.refresh_from_db()
    assert group.counted_at is None


def test_a_list_is_counted_as_far_as_is_asked_for_and_by_a_worker_to_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules_counts, "LIST_ROWS", 3)
    people = [Contact.objects.create(identifier=f"member-{number}") for number in range(5)]
    group = Group.objects.create(name="On a list")
    group.contacts.set(people)
    sizes = rules_counts.with_size(Group.objects.all(), 3).values_list("size", flat=True)
    assert list(sizes) == [4]
    assert (rules_counts.stale([group]), rules_counts.stale([group], large={group.pk})) == ([], [group.pk])
    rules_counts.refresh(group.pk)
    group.refresh_from_db()
    assert (group.counted, rules_counts.stale([group], large={group.pk})) == (5, [])

"""The group that a file's people join, by its name: found as names are told apart, or made once."""

import pytest
from django.db.models import QuerySet

from broadcaster.audience import uploads
from broadcaster.models import Group

pytestmark = pytest.mark.django_db


def test_capitals_and_spaces_do_not_matter() -> None:
    group = Group.objects.create(name="June list")
    assert uploads.group_named("  jUNE   list ") == group
    assert uploads.group_named("  ") is None


def test_two_who_name_a_new_one_at_once_get_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    group = Group.objects.create(name="june")
    monkeypatch.setattr(QuerySet, "first", lambda _rows: None)  # it came after this look
    assert uploads.group_named("June") == group

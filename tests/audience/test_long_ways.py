"""Turns in a long file: the way to where the last turn ended is shown as work, and never takes most of the time."""

import itertools
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from broadcaster.audience import chunks, importing, turns
from broadcaster.models import AudienceUpload
from tests.audience.files import counts, finish, people, started

pytestmark = pytest.mark.django_db


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> AudienceUpload:
    """Twelve rows, of which a first turn has imported three."""
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 3)
    upload = started("Name,Phone", *people(12))
    assert importing.import_rows(upload.pk, life_s=0)
    upload.refresh_from_db()
    return upload


def every_look_takes(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the clock be so much later whenever somebody looks at it."""
    clock = itertools.count(0, seconds)
    monkeypatch.setattr("broadcaster.audience.importing.time", SimpleNamespace(monotonic=lambda: next(clock)))


def test_a_short_way_leaves_a_turn_as_short(begun: AudienceUpload, monkeypatch: pytest.MonkeyPatch) -> None:
    every_look_takes(0.5, monkeypatch)
    assert importing.import_rows(begun.pk, life_s=0, resumed=True)
    begun.refresh_from_db()
    assert begun.rows == 6


def test_a_long_way_makes_a_turn_longer(begun: AudienceUpload, monkeypatch: pytest.MonkeyPatch) -> None:
    every_look_takes(2, monkeypatch)
    assert not importing.import_rows(begun.pk, life_s=0, resumed=True)
    begun.refresh_from_db()
    assert (begun.rows, begun.state) == (12, "imported")


def test_whoever_is_on_the_way_shows_signs_of_life(begun: AudienceUpload) -> None:
    AudienceUpload.objects.filter(pk=begun.pk).update(touched_at=timezone.now() - timedelta(hours=1))
    assert importing.stalled() == [begun.pk]
    on_the_way = chunks.read(begun, passing=lambda: turns.touch(begun))
    next(on_the_way)
    on_the_way.close()
    assert importing.stalled() == []


def test_each_chunk_is_told(begun: AudienceUpload) -> None:
    told: list[int] = []
    importing.import_rows(begun.pk, life_s=60, resumed=True, told=told.append)
    assert told == [3, 6, 9]


def test_the_whole_file_is_there_in_the_end(begun: AudienceUpload) -> None:
    assert counts(finish(begun)) == {"new": 12}

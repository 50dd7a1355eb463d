"""An erased address is known again when it comes, and told nowhere."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from broadcaster.audience import erasure
from broadcaster.models import Erasure

pytestmark = pytest.mark.django_db
ANN, BUDI = "+628121111111", "+628122222222"
OLD, NEW = "b2xkLW9sZC1vbGQtb2xkLW9sZC1vbGQtb2xkLW9sZC0=", "bmV3LW5ldy1uZXctbmV3LW5ldy1uZXctbmV3LW5ldy0="


def erase(*addresses: str) -> None:
    Erasure.objects.bulk_create([Erasure(digest=erasure.digest_of(address)) for address in addresses])


def test_an_erased_address_is_known_again() -> None:
    erase(ANN, "C-1")
    assert erasure.erased([ANN, BUDI, "C-1", "C-2"]) == {ANN, "C-1"}


def test_its_hash_tells_nothing_of_the_address() -> None:
    erase(ANN)
    assert len(Erasure.objects.get().digest) == 64
    assert ANN.strip("+") not in Erasure.objects.get().digest


def test_it_is_known_under_a_key_that_was_rotated_out_of_first_place(settings: Settings) -> None:
    settings.CHANNEL_KEYS = [OLD]
    erase(ANN)
    settings.CHANNEL_KEYS = [NEW, OLD]
    assert erasure.erased([ANN, BUDI]) == {ANN}


def test_it_is_stored_under_the_first_key(settings: Settings) -> None:
    settings.CHANNEL_KEYS = [NEW, OLD]
    erase(ANN)
    settings.CHANNEL_KEYS = [OLD]
    assert erasure.erased([ANN]) == set()


def test_thousands_are_asked_for_at_once() -> None:
    erase(*(f"C-{number}" for number in range(0, 20_000, 2_000)))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = erasure.erased([f"C-{number}" for number in range(20_000)])
    assert len(found) == 10
    assert len(queries) <= 6


def test_it_costs_one_question_where_nobody_was_erased() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert erasure.erased([ANN, BUDI]) == set()
    assert len(queries) == 1


def test_what_stands_in_the_record_of_an_erased_person_is_no_address() -> None:
    assert erasure.erased([erasure.ERASED, ANN]) == {erasure.ERASED}
    assert erasure.erased([]) == set()

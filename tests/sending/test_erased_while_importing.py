"""Somebody is erased while a file brings them: they are not stored again, whichever of the two comes first."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection

from broadcaster.audience import staging
from broadcaster.models import Contact, Erasure
from broadcaster.sending import erasing
from broadcaster.sending.erasing import NotNow
from tests.audience.files import load
from tests.bootstrap.waiting import eventually
from tests.sending.broadcasts import with_own_connection

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
ANN = "+628121111111"
WAITS = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def erase() -> None:
    with suppress(NotNow):
        erasing.erase(Contact.objects.get(phone=ANN), author=None, reason="")


def waits_or_is_done(erasure: Future[None]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(WAITS)
        return cursor.fetchone() is not None or erasure.done()


def test_a_chunk_that_has_looked_is_waited_for(monkeypatch: pytest.MonkeyPatch, pool: ThreadPoolExecutor) -> None:
    Contact.objects.create(phone=ANN)
    save, started = staging.save, list[Future[None]]()

    def save_late(*arguments: Any) -> Any:
        started.append(pool.submit(with_own_connection, erase))
        assert eventually(lambda: waits_or_is_done(started[0]))
        return save(*arguments)

    monkeypatch.setattr(staging, "save", save_late)
    upload = load("Phone,Name", f"{ANN},Ann", "+628122222222,Budi")
    started[0].result(timeout=30)
    assert upload.state == "imported"
    assert Contact.objects.filter(phone=ANN).exists() != Erasure.objects.exists()

"""Workers at the same time: one file in two hands is counted once, and two files with the same people both arrive."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from broadcaster.audience import chunks, importing, turns
from broadcaster.models import AudienceRow, AudienceUpload, Contact
from tests.audience.files import counts, finish, people, started

pytestmark = pytest.mark.django_db(transaction=True)
HEADER = "Name,Phone"


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 20)


def import_together(*taken: AudienceUpload) -> None:
    """Import all of them, each in a thread of its own, from the same moment on."""
    together = Barrier(len(taken))

    def work(upload: AudienceUpload) -> None:
        try:
            together.wait(timeout=30)
            importing.import_rows(upload.pk, life_s=60, resumed=True)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(taken)) as pool:
        list(pool.map(work, taken))


def test_two_workers_on_one_file_count_its_rows_once() -> None:
    upload = started(HEADER, *people(100), *people(10))
    import_together(upload, upload)
    finish(upload)
    assert (counts(upload), upload.rows) == ({"new": 100, "duplicate": 10}, 110)
    assert (Contact.objects.count(), AudienceRow.objects.count(), upload.rejected.count()) == (100, 100, 10)


def test_many_imports_of_the_same_people_never_fail_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "TRIES", 1)
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 500)
    taken = [started(HEADER, *people(3_000)[place:], *people(3_000)[:place]) for place in (0, 250, 500, 750)]
    import_together(*taken)
    assert [finish(upload).accepted for upload in taken] == [3_000] * 4
    assert Contact.objects.count() == 3_000


def test_two_files_with_the_same_people_make_each_of_them_once() -> None:
    first, second = started(HEADER, *people(100)), started(HEADER, *reversed(people(100)))
    import_together(first, second)
    assert [finish(upload).accepted for upload in (first, second)] == [100, 100]
    assert first.new + second.new == Contact.objects.count() == 100

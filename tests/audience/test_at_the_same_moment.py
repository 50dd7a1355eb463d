"""Two persons mend one row, or a file is taken back while another brings the same people: nobody is lost or doubled."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.db.models import Count

from broadcaster.audience import chunks, importing, rejects, undoing
from broadcaster.audience.rejects import Mended
from broadcaster.models import AudienceRow, AudienceUpload, Contact, Group, Membership
from tests.audience.files import counts, finish, load, people, started

pytestmark = pytest.mark.django_db(transaction=True)
HEADER = "Name,Phone"


def together(*steps: Callable[[], object]) -> list[object]:
    """What they return, each done in a thread of its own, from the same moment on."""
    ready = Barrier(len(steps))

    def work(step: Callable[[], object]) -> object:
        try:
            ready.wait(timeout=30)
            return step()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(steps)) as pool:
        return list(pool.map(work, steps))


def test_two_persons_who_mend_one_row_count_it_once() -> None:
    upload = load(HEADER, "Ann,12", "Budi,13")
    seen = [AudienceUpload.objects.get(pk=upload.pk) for _ in range(4)]
    phones = [f"0812111111{place}" for place in range(4)]
    steps = [
        lambda one=one, phone=phone: rejects.mend(one, {2: {1: phone}}) for one, phone in zip(seen, phones, strict=True)
    ]
    told = together(*steps)
    assert sorted(map(str, told)) == sorted(map(str, [Mended(joined=1), Mended(), Mended(), Mended()]))
    upload.refresh_from_db()
    assert (counts(upload), upload.rejected.count(), Contact.objects.count()) == ({"new": 1, "invalid": 1}, 1, 1)


def test_a_file_is_taken_back_while_another_brings_the_same_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 20)
    monkeypatch.setattr(undoing, "ROWS", 15)
    group = Group.objects.create(name="June")
    wrong = load(HEADER, *people(200), group=group)
    other = started(HEADER, *people(200), group=group)
    undoing.start(wrong)
    together(
        lambda: importing.import_rows(other.pk, life_s=60, resumed=True),
        lambda: undoing.remove_rows(wrong.pk, life_s=60, resumed=True),
        lambda: undoing.remove_rows(wrong.pk, life_s=60, resumed=True),
    )
    finish(other)
    wrong.refresh_from_db()
    assert (wrong.state, other.state, other.accepted) == ("undone", "imported", 200)
    assert AudienceRow.objects.filter(upload=other).count() == Contact.objects.count() == Membership.objects.count()
    assert not Contact.objects.values("phone").annotate(times=Count("pk")).filter(times__gt=1)
    assert wrong.removed == other.new

"""SIGKILL to the importing process, ten times at seeded random points: the end is that of an import left in peace."""

from random import Random

import pytest

from broadcaster.audience import importing
from broadcaster.models import AudienceRow, AudienceUpload, Contact, Group
from tests.audience.files import counts, finish
from tests.audiences import messy_csv, uploaded
from tests.faults import killed_work

GOOD, DUPLICATES, JUNK = 12_000, 600, 400
KILLS = 10
SMALL_CHUNKS = 250
CHUNK_TAKES_S = 0.04  # more or less
WORK = f"""
import sys, django
django.setup()
from broadcaster.audience import chunks, importing
chunks.CHUNK_ROWS = {SMALL_CHUNKS}
importing.import_rows(int(sys.argv[1]), life_s=600, resumed=True)
"""


@pytest.fixture
def upload(transactional_db: None) -> AudienceUpload:
    upload = uploaded(messy_csv(GOOD, duplicates=DUPLICATES, junk=JUNK))
    AudienceUpload.objects.filter(pk=upload.pk).update(group=Group.objects.create(name="June"))
    importing.start(upload)
    return upload


@pytest.mark.slow
def test_an_import_that_is_killed_ten_times_ends_like_any_other(upload: AudienceUpload) -> None:
    random = Random(20261121)  # noqa: S311
    places = sorted(random.sample(range(1, GOOD), KILLS))
    reached = [die_at(upload, place, after_s=random.uniform(0, CHUNK_TAKES_S)) for place in places]
    assert reached == sorted(reached)
    finish(upload)
    assert (upload.state, upload.rows) == ("imported", GOOD + DUPLICATES + JUNK)
    assert counts(upload) == {"new": GOOD, "duplicate": DUPLICATES, "invalid": JUNK}
    people = Contact.objects.count(), AudienceRow.objects.count(), Group.objects.get().contacts.count()
    assert people == (GOOD, GOOD, GOOD)
    numbers = AudienceRow.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(2, GOOD + 2))
    assert upload.rejected.count() == DUPLICATES + JUNK


def die_at(upload: AudienceUpload, place: int, *, after_s: float) -> int:
    """Let a process import until this row is written, and kill it somewhere in a later chunk; the row it reached."""
    killed_work.die_at(WORK, upload.pk, is_there=lambda: position(upload) >= place, after_s=after_s)
    return position(upload)


def position(upload: AudienceUpload) -> int:
    return AudienceUpload.objects.values_list("position", flat=True).get(pk=upload.pk)

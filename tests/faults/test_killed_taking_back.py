"""SIGKILL to the process that takes a file back, again and again: the end is that of one left in peace."""

from random import Random

import pytest

from broadcaster.audience import undoing
from broadcaster.models import AudienceRow, AudienceUpload, Contact, Group
from tests.audience.files import finish, load, people
from tests.audiences import messy_csv, uploaded
from tests.faults import killed_work

GOOD = 6_000
KNOWN = 40  # of the people stay, for they are in another group
KILLS = 6
SMALL_STEPS = 100
STEP_TAKES_S = 0.02  # more or less
WORK = f"""
import sys, django
django.setup()
from broadcaster.audience import undoing
undoing.ROWS = {SMALL_STEPS}
undoing.remove_rows(int(sys.argv[1]), life_s=600, resumed=True)
"""


@pytest.fixture
def upload(transactional_db: None) -> AudienceUpload:
    upload = uploaded(messy_csv(GOOD))
    AudienceUpload.objects.filter(pk=upload.pk).update(group=Group.objects.create(name="June"), state="importing")
    finish(upload)
    Group.objects.create(name="Others").contacts.set(Contact.objects.order_by("pk")[:: GOOD // KNOWN])
    load("Name,Phone", *people(3), group=upload.group)
    undoing.start(upload)
    return upload


def test_taking_back_that_is_killed_again_and_again_ends_like_any_other(upload: AudienceUpload) -> None:
    random = Random(20261121)  # noqa: S311
    places = sorted(random.sample(range(1, GOOD - 500), KILLS), reverse=True)
    left = [die_at(upload, place, after_s=random.uniform(0, STEP_TAKES_S)) for place in places]
    assert left == sorted(left, reverse=True)
    assert 0 < left[-1] < GOOD
    undoing.remove_rows(upload.pk, life_s=600, resumed=True)
    upload.refresh_from_db()
    assert (upload.state, upload.removed, upload.file.name) == ("undone", GOOD - KNOWN, "")
    assert (Contact.objects.count(), AudienceRow.objects.count()) == (KNOWN + 3, 3)
    members = {group.name: group.contacts.count() for group in Group.objects.all()}
    assert members == {"June": 3, "Others": KNOWN}


def die_at(upload: AudienceUpload, place: int, *, after_s: float) -> int:
    """Let a process take back until so many rows are left, and kill it in a later step; how many were left."""
    killed_work.die_at(WORK, upload.pk, is_there=lambda: left_of(upload) <= place, after_s=after_s)
    return left_of(upload)


def left_of(upload: AudienceUpload) -> int:
    return AudienceRow.objects.filter(upload=upload).count()

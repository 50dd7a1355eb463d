"""Every file of the matrix, through the whole way in: exactly these people, exactly these reasons."""

from pathlib import Path

import pytest
from django.conf import LazySettings

from broadcaster.models import Contact
from tests.audience.matrix import text_cases, workbook_cases
from tests.audience.matrix.audience import PEOPLE, Case
from tests.audience.matrix.importing import adds_up, people, refused, run

pytestmark = pytest.mark.django_db
CASES = {**text_cases.CASES, **workbook_cases.CASES}


@pytest.fixture(autouse=True)
def own_folder(settings: LazySettings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_these_people_come_out_and_these_reasons(case: Case) -> None:
    upload = run(case)
    assert (upload.state, upload.error) == ("imported", "")
    assert (people(upload), refused(upload)) == (case.people, dict(case.refused))
    assert adds_up(upload)


def test_most_files_give_the_identical_audience() -> None:
    assert sum(case.people is PEOPLE for case in CASES.values()) >= 40


def test_the_same_people_in_another_file_change_nothing() -> None:
    first, second = run(CASES["semicolon"]), run(CASES["zip of a workbook"])
    assert (first.new, second.new, second.unchanged, Contact.objects.count()) == (4, 0, 4, 4)

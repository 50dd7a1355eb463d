"""Every file that must be refused: with this sentence, and with nothing of it kept."""

import tracemalloc
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile

from broadcaster.audience import uploads
from broadcaster.audience.spreadsheets import UnreadableFile
from broadcaster.models import AudienceUpload
from tests.audience.matrix.refused_cases import CASES, Refused

pytestmark = pytest.mark.django_db
MOST_BYTES = 6_000_000  # half of what the cells have, and they would be held more than once


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_cannot_be_read_is_refused_with_one_sentence(
    case: Refused, settings: LazySettings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    file = SimpleUploadedFile(case.name, case.build())
    with pytest.raises(UnreadableFile) as caught:
        uploads.receive(file, region="ID")
    assert caught.value.sentence == case.sentence
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert not AudienceUpload.objects.exists()


@pytest.mark.parametrize("label", [label for label in CASES if "megabytes" in label or "endless" in label])
def test_what_is_too_large_is_refused_before_it_fills_the_memory(
    label: str, settings: LazySettings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    file = SimpleUploadedFile(CASES[label].name, CASES[label].build())
    tracemalloc.start()
    with pytest.raises(UnreadableFile):
        uploads.receive(file, region="ID")
    _now, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < MOST_BYTES

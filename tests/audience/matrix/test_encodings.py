"""An encoding that was guessed wrong can be chosen anew, and nothing is dropped without a word."""

from pathlib import Path

import pytest
from django.conf import LazySettings

from broadcaster.audience.spreadsheets import UnreadableFile
from broadcaster.models import Contact
from tests.audience.matrix.importing import import_file
from tests.audience.matrix.writers import text

pytestmark = pytest.mark.django_db
TABLE = [["Nama", "HP"], ["Иван Петров", "081234567890"]]
SENTENCE = "The file is not written in {} throughout. Choose another encoding, or save it anew."


@pytest.fixture(autouse=True)
def own_folder(settings: LazySettings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def test_a_wrong_guess_is_shown_as_it_is_and_another_choice_mends_it() -> None:
    content = text(TABLE, encoding="cp1251")
    import_file(content, "a.csv")
    assert Contact.objects.get().name == "Èâàí Ïåòðîâ"
    import_file(content, "a.csv", {"encoding": "cp1251"})
    assert Contact.objects.get().name == "Иван Петров"


@pytest.mark.parametrize(
    ("encoding", "label"),
    [
        ("utf-8", "Unicode (UTF-8)"),
        ("cp932", "Japanese (Shift JIS)"),
        ("gb18030", "Chinese, simplified (GB 18030)"),
        ("cp950", "Chinese, traditional (Big5)"),
    ],
)
def test_what_a_chosen_encoding_cannot_read_is_never_dropped(encoding: str, label: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        import_file(b"Nama,HP\nZo\xeb\xff\n,081234567890\n", "a.csv", {"encoding": encoding})
    assert caught.value.sentence == SENTENCE.format(label)


def test_a_byte_far_down_stops_the_import_and_keeps_the_rows_before() -> None:
    rows = "".join(f"Ann {number},0812{number:08d}\n" for number in range(40_00))
    upload = import_file(f"Nama,HP\n{rows}Zoë,081299999999\n".encode("cp1252"), "a.csv", {"encoding": "utf-8"})
    assert (upload.state, upload.error) == (
        "failed", SENTENCE.format("Unicode (UTF-8)") + " Rows before that are imported.",
    )  # fmt: skip
    assert upload.new == Contact.objects.count() > 3_000

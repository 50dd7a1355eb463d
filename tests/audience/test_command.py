"""`manage.py import_audience`: what a script gives and gets."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from broadcaster.audience import chunks, importing, uploads
from broadcaster.management.commands import import_audience
from broadcaster.management.commands.import_audience import progress
from broadcaster.models import AudienceUpload, Contact, Group
from tests.audiences import messy_csv

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "pelanggan.csv"
    path.write_bytes(messy_csv(50, duplicates=7, junk=10))
    return path


def run(*arguments: object) -> tuple[int, dict[str, Any], str]:
    """(Exit code, the summary, what was said on stderr)."""
    output, errors = StringIO(), StringIO()
    code = 0
    try:
        call_command("import_audience", *map(str, arguments), stdout=output, stderr=errors)
    except SystemExit as end:
        code = int(end.code or 0)
    return code, json.loads(output.getvalue() or "{}"), errors.getvalue()


def kept_files() -> set[Path]:
    return set(Path(settings.MEDIA_ROOT).rglob("*.csv"))


def test_the_summary_accounts_for_every_row(file: Path) -> None:
    code, summary, said = run(file, "--group", "June", "--region", "ID")
    seconds = summary.pop("seconds")
    assert (code, said) == (0, "")
    assert seconds >= 0
    assert summary == {
        "rows": 67,
        "new": 50,
        "updated": 0,
        "unchanged": 0,
        "duplicate": 7,
        "invalid": 10,
        "suppressed": 0,
        "rejected_file": f"{file}.rejected.csv",
    }
    assert Group.objects.get().contacts.count() == 50
    assert len(Path(summary["rejected_file"]).read_text(encoding="utf-8-sig").splitlines()) == 1 + 17


def test_a_group_of_this_name_is_joined_and_not_made_again(file: Path) -> None:
    Group.objects.create(name="June")
    run(file, "--group", " june ", "--region", "id")
    assert Group.objects.get().contacts.count() == 50


def test_a_column_is_what_it_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("Phone,Mobile,Town\n+628121111111,+628122222222,Bogor\n", encoding="utf-8")
    code, *_ = run(path, "--mapping", "Mobile=phone", "--mapping", "Town=field:city")
    assert code == 0
    assert Contact.objects.get().phone == "+628122222222"
    assert Contact.objects.get().fields == {"city": "Bogor"}


def test_a_trial_counts_and_leaves_nothing(file: Path) -> None:
    before = kept_files()
    code, summary, _ = run(file, "--group", "June", "--region", "ID", "--dry-run")
    assert (code, summary["new"], summary["invalid"]) == (0, 50, 10)
    assert [model.objects.count() for model in (Contact, AudienceUpload, Group)] == [0, 0, 0]
    assert kept_files() == before


def test_a_file_without_refused_rows_has_no_file_of_them(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(messy_csv(3))
    assert run(path, "--region", "ID")[1]["rejected_file"] is None


@pytest.mark.parametrize(
    ("content", "arguments", "words"),
    [
        (b"", [], "The file is empty"),
        (b"Phone\n+628121111111\n", ["--region", "XX"], "There is no country XX"),
        (b"Phone\n+628121111111\n", ["--mapping", "HP=phone"], "has no column “HP”; it has: Phone."),
        (b"Phone\n+628121111111\n", ["--mapping", "Phone=telephone"], "is not what a column can hold"),
        (b"City,Age\nBogor,5\n", [], "No column holds the phone numbers"),
    ],
    ids=["empty", "country", "column", "role", "no phones"],
)
def test_what_cannot_be_read_at_all_ends_with_two_and_a_sentence(
    tmp_path: Path, content: bytes, arguments: list[str], words: str
) -> None:
    before = kept_files()
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    code, summary, said = run(path, "--group", "June", *arguments)
    assert (code, summary) == (2, {})
    assert words in said
    assert [model.objects.count() for model in (AudienceUpload, Group)] == [0, 0]
    assert kept_files() == before


def test_a_file_that_is_not_there_ends_with_two(tmp_path: Path) -> None:
    code, _, said = run(tmp_path / "missing.csv")
    assert code == 2
    assert "No such file or directory" in said


def test_a_column_may_be_a_field_of_a_kind(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("Phone,Born\n+628121111111,03/06/1990\n")
    code, summary, _ = run(path, "--mapping", "Born=field:birthday:date")
    assert (code, summary["new"]) == (0, 1)
    assert Contact.objects.get().fields == {"birthday": "1990-06-03"}


def test_a_kind_that_nobody_knows_is_told(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("Phone,Born\n+628121111111,03/06/1990\n")
    code, summary, said = run(path, "--mapping", "Born=field:birthday:moment")
    assert (code, summary) == (2, {})
    assert "Say one of: text, number" in said


def other_worker(upload: AudienceUpload) -> None:
    """Does what is left of the file."""
    importing.import_rows(upload.pk, life_s=60, resumed=True)


def take_over(monkeypatch: pytest.MonkeyPatch, then: Callable[[AudienceUpload], object]) -> None:
    """Let another worker take the file first; `then` is what happens while the command waits."""
    start = importing.start

    def started(upload: AudienceUpload) -> bool:
        moved = start(upload)
        AudienceUpload.objects.update(touched_at=timezone.now())
        return moved

    monkeypatch.setattr(importing, "start", started)
    monkeypatch.setattr(import_audience, "sleep", lambda _: then(AudienceUpload.objects.get()))


def test_it_waits_for_a_worker_that_took_the_file_first(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take_over(monkeypatch, other_worker)
    code, summary, said = run(file, "--region", "ID")
    assert (code, summary["rows"], summary["new"], said) == (0, 67, 50, "")


def test_it_goes_on_where_the_other_worker_fell_silent(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long_ago = timezone.now() - timedelta(minutes=2)
    take_over(monkeypatch, lambda _: AudienceUpload.objects.update(touched_at=long_ago))
    code, summary, _ = run(file, "--region", "ID")
    assert (code, summary["rows"]) == (0, 67)


HAPPENS: dict[str, Callable[[AudienceUpload], object]] = {
    "Cancelled. The rows before that are imported.": importing.cancel,
    "its state is “Being taken back”": lambda _: AudienceUpload.objects.update(state="undoing"),
    "Its record was deleted meanwhile": lambda upload: upload.delete(),
}


@pytest.mark.parametrize("sentence", HAPPENS)
def test_whatever_ends_the_import_before_its_end_is_said_with_two(
    file: Path, monkeypatch: pytest.MonkeyPatch, sentence: str
) -> None:
    take_over(monkeypatch, HAPPENS[sentence])
    code, _, said = run(file, "--region", "ID")
    assert code == 2
    assert sentence in said


def test_an_import_that_is_cancelled_in_a_page_keeps_its_partial_totals(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 20)
    at_the_second_chunk(monkeypatch, lambda: importing.cancel(AudienceUpload.objects.get()))
    code, summary, said = run(file, "--region", "ID")
    assert (code, summary["rows"], said) == (2, 20, "Cancelled. The rows before that are imported.\n")


def interrupt() -> None:
    raise KeyboardInterrupt


def test_an_interrupt_cancels_the_import_and_says_so(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 20)
    at_the_second_chunk(monkeypatch, interrupt)
    code, summary, said = run(file, "--region", "ID")
    assert (code, summary["rows"], said) == (130, 20, "Cancelled. The rows before that are imported.\n")
    assert AudienceUpload.objects.get().state == "cancelled"


def test_an_interrupt_before_the_import_leaves_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = kept_files()
    monkeypatch.setattr(uploads, "configure", lambda *_args, **_named: interrupt())
    code, summary, said = run(file, "--region", "ID")
    assert (code, summary, said) == (130, {}, "Interrupted.\n")
    assert (AudienceUpload.objects.count(), kept_files()) == (0, before)


def test_an_interrupted_trial_leaves_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = kept_files()
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 20)
    at_the_second_chunk(monkeypatch, interrupt)
    code, _, said = run(file, "--region", "ID", "--dry-run")
    assert code == 130
    assert "This was a trial, so nothing is kept." in said
    assert [model.objects.count() for model in (Contact, AudienceUpload)] == [0, 0]
    assert kept_files() == before


def at_the_second_chunk(monkeypatch: pytest.MonkeyPatch, do: Callable[[], object]) -> None:
    """Do it once the first chunk of rows is saved."""
    read = chunks.read

    def reading(upload: AudienceUpload, **options: Any) -> Iterator[chunks.Chunk]:
        for place, chunk in enumerate(read(upload, **options)):
            if place == 1:
                do()
            yield chunk

    monkeypatch.setattr(chunks, "read", reading)


def test_a_long_import_is_one_turn_and_tells_how_far_it_is(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 20)
    errors = Terminal()
    call_command("import_audience", str(file), "--region", "ID", stdout=StringIO(), stderr=errors)
    assert re.findall(r"([0-9]+) rows", errors.getvalue()) == ["20", "40", "60", "67"]


class Terminal(StringIO):
    """Where a person looks on."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("rows", "expected", "line"),
    [
        (0, 100, "0 rows, 0 a second"),
        (50, 0, "50 rows, 5 a second"),
        (50, 100, "[##########..........]  50%  50 rows, 5 a second, 10 s left"),
        (100, 100, "[####################] 100%  100 rows, 10 a second, 0 s left"),
        (120, 100, "[####################] 100%  120 rows, 12 a second, 0 s left"),
    ],
)
def test_progress_is_a_bar_where_the_rows_are_known(rows: int, expected: int, line: str) -> None:
    assert progress(rows, expected, seconds=10) == line

"""`manage.py import_audience`: what a script gives and gets."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

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

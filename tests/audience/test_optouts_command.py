"""`manage.py import_optouts`: what a script gives and gets."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from broadcaster.models import Suppression
from tests.content.conftest import make_channel

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "stop.csv"
    path.write_text("No. HP;Kota\n081211111111;Solo\n081222222222;\n12;=1+1\n", encoding="utf-8")
    return path


def run(*arguments: object) -> tuple[int, dict[str, Any], str]:
    """(Exit code, the summary, what was said on stderr)."""
    output, errors = StringIO(), StringIO()
    code = 0
    try:
        call_command("import_optouts", *map(str, arguments), stdout=output, stderr=errors)
    except SystemExit as end:
        code = int(end.code or 0)
    return code, json.loads(output.getvalue() or "{}"), errors.getvalue()


def test_the_summary_accounts_for_every_row(file: Path) -> None:
    code, summary, said = run(file, "--region", "ID", "--reason", "Old system")
    assert (code, said) == (0, "")
    assert summary.pop("seconds") >= 0
    assert summary == {"rows": 3, "new": 2, "known": 0, "invalid": 1, "rejected_file": f"{file}.rejected.csv"}
    assert set(Suppression.objects.values_list("reason", "source")) == {("Old system", "file")}
    assert Suppression.objects.filter(channel=None).count() == 2


def test_the_refused_rows_open_in_excel_and_run_nothing(file: Path) -> None:
    _, summary, _ = run(file, "--region", "ID")
    lines = Path(summary["rejected_file"]).read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "Why it was refused,Row,No. HP,Kota"
    assert lines[1].endswith(",4,12,'=1+1")


def test_where_nothing_is_refused_there_is_no_file(file: Path) -> None:
    file.write_text("Phone\n+6281211111111\n", encoding="utf-8")
    assert run(file)[1]["rejected_file"] is None
    assert [path.name for path in file.parent.iterdir()] == ["stop.csv"]


def test_it_may_concern_one_channel(file: Path) -> None:
    channel = make_channel(name="SMS")
    run(file, "--region", "id", "--channel", "SMS")
    assert set(Suppression.objects.values_list("channel", flat=True)) == {channel.pk}


def test_a_trial_writes_nothing_into_the_database(file: Path) -> None:
    assert run(file, "--region", "ID", "--dry-run")[1]["new"] == 2
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--region", "XX"], "There is no country XX."),
        (["--channel", "Pigeon"], "There is no channel Pigeon."),
    ],
)
def test_what_does_not_exist_is_said(file: Path, arguments: list[str], sentence: str) -> None:
    code, summary, said = run(file, *arguments)
    assert (code, summary) == (2, {})
    assert sentence in said


def test_a_file_that_is_none_is_said(tmp_path: Path) -> None:
    code, _, said = run(tmp_path / "nothing.csv")
    assert code == 2
    assert "cannot be read" in said

"""Which settings of a checkout the launcher sees."""

from pathlib import Path

import pytest

from broadcaster.bootstrap.project import Project


def test_the_process_environment_wins_over_the_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("PUBLIC_URL=https://file.example\nTIME_ZONE=UTC\n")
    monkeypatch.setenv("PUBLIC_URL", "https://process.example")
    settings = Project.at(tmp_path).settings

    assert (settings["PUBLIC_URL"], settings["TIME_ZONE"]) == ("https://process.example", "UTC")


def test_data_stands_in_the_checkout_and_is_closed_to_others(tmp_path: Path) -> None:
    data = Project(tmp_path).data

    assert data == tmp_path / "data"
    assert data.stat().st_mode & 0o777 == 0o700


def test_data_dir_moves_the_data(tmp_path: Path) -> None:
    elsewhere = tmp_path / "deep" / "elsewhere"

    assert Project(tmp_path, {"DATA_DIR": str(elsewhere)}).logs == elsewhere / "logs"
    assert (elsewhere / "logs").is_dir()


def test_only_what_nobody_has_set_is_passed_on(tmp_path: Path) -> None:
    project = Project(tmp_path, {"PUBLIC_URL": "https://own.example", "ALLOWED_HOSTS": ""})

    assert project.unless_set({"PUBLIC_URL": "x", "ALLOWED_HOSTS": "y"}) == {"ALLOWED_HOSTS": "y"}

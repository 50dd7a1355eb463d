"""The `.env` file and the keys in it."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from broadcaster.bootstrap import env_file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def test_a_missing_file_has_no_settings(path: Path) -> None:
    assert env_file.read(path) == {}


@pytest.mark.parametrize(
    ("line", "settings"),
    [
        ("PUBLIC_URL=https://a.example", {"PUBLIC_URL": "https://a.example"}),
        ("export PUBLIC_URL = https://a.example ", {"PUBLIC_URL": "https://a.example"}),
        ("PUBLIC_URL='https://a.example'", {"PUBLIC_URL": "https://a.example"}),
        ("SECRET_KEY=a=b=", {"SECRET_KEY": "a=b="}),
        ("PUBLIC_URL=", {}),
        ("# PUBLIC_URL=https://a.example", {}),
        ("not a setting", {}),
    ],
)
def test_a_line_is_read(path: Path, line: str, settings: dict[str, str]) -> None:
    path.write_text(f"{line}\n")

    assert env_file.read(path) == settings


def test_the_first_run_writes_both_keys(path: Path) -> None:
    assert env_file.ensure_keys(path) == ["SECRET_KEY", "CHANNEL_KEYS"]

    keys = env_file.read(path)
    assert len(keys["SECRET_KEY"]) >= 50
    assert Fernet(keys["CHANNEL_KEYS"])


def test_keys_are_readable_by_their_owner_only(path: Path) -> None:
    env_file.ensure_keys(path)

    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_others_could_read_is_closed_when_a_key_is_added(path: Path) -> None:
    path.write_text("DEBUG=on\n")
    path.chmod(0o644)
    env_file.ensure_keys(path)

    assert path.stat().st_mode & 0o777 == 0o600


def test_two_machines_get_different_keys(tmp_path: Path) -> None:
    env_file.ensure_keys(tmp_path / "one")
    env_file.ensure_keys(tmp_path / "two")

    assert not env_file.read(tmp_path / "one").items() & env_file.read(tmp_path / "two").items()


def test_the_second_run_changes_nothing(path: Path) -> None:
    env_file.ensure_keys(path)
    before = path.read_bytes()

    assert env_file.ensure_keys(path) == []
    assert path.read_bytes() == before


def test_a_missing_key_is_added_and_everything_else_stays(path: Path) -> None:
    path.write_text("# ours\nSECRET_KEY=mine\nTIME_ZONE=Asia/Jakarta\n")

    assert env_file.ensure_keys(path) == ["CHANNEL_KEYS"]
    assert path.read_text().startswith("# ours\nSECRET_KEY=mine\nTIME_ZONE=Asia/Jakarta\nCHANNEL_KEYS=")


def test_an_empty_assignment_is_replaced_because_the_first_one_of_a_name_counts(path: Path) -> None:
    path.write_text("SECRET_KEY=\nCHANNEL_KEYS=kept\n")
    env_file.ensure_keys(path)

    assert path.read_text().count("SECRET_KEY=") == 1
    assert env_file.read(path)["CHANNEL_KEYS"] == "kept"


def test_nothing_is_left_beside_a_private_file(path: Path) -> None:
    env_file.write_private(path, "secret")

    assert [file.name for file in path.parent.iterdir()] == [".env"]

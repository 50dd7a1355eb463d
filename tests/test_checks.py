"""Wrong settings fail at `manage.py check`, with an id and a hint."""

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings
from django.core.checks import run_checks

KEY = Fernet.generate_key().decode()
POSTGRESQL = {"default": {"ENGINE": "django.db.backends.postgresql"}}
SQLITE = {"default": {"ENGINE": "django.db.backends.sqlite3"}}


def ids(*, deploy: bool = False) -> list[str]:
    """The ids of our own checks that found something; each comes with a hint."""
    ours = [found for found in run_checks(include_deployment_checks=deploy) if str(found.id).startswith("broadcaster.")]
    assert all(found.hint for found in ours)
    return sorted(str(found.id) for found in ours)


def test_the_settings_as_they_come_are_right() -> None:
    assert ids() == []


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"CHANNEL_KEYS": []}, ["broadcaster.E001"]),
        ({"CHANNEL_KEYS": ["short"]}, ["broadcaster.E002"]),
        ({"CHANNEL_KEYS": [KEY, "ü" * 44, "x"]}, ["broadcaster.E002", "broadcaster.E002"]),
        ({"CHANNEL_KEYS": [KEY, KEY]}, []),
        ({"PUBLIC_URL": ""}, ["broadcaster.E003"]),
        ({"PUBLIC_URL": "broadcasts.example.com"}, ["broadcaster.E003"]),
        ({"PUBLIC_URL": "ftp://example.com"}, ["broadcaster.E003"]),
        ({"PUBLIC_URL": "https://example.com/path"}, []),
        ({"PUMP_LIFE_S": 119}, ["broadcaster.E004"]),
        ({"LEASE_S": 44}, ["broadcaster.E005"]),
        ({"LEASE_S": 45}, []),
    ],
)
def test_a_wrong_setting_is_found(settings: LazySettings, changes: dict[str, Any], found: list[str]) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)
    assert ids() == found


@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
@pytest.mark.parametrize(("databases", "found"), [(SQLITE, ["broadcaster.W001"]), (POSTGRESQL, [])])
def test_sqlite_is_pointed_out_where_it_is_run_for_real(
    settings: LazySettings, databases: dict[str, Any], found: list[str]
) -> None:
    settings.DATABASES = databases
    assert ids(deploy=True) == found
    assert "broadcaster.W001" not in ids()

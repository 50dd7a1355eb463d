"""Wrong settings fail here, at `manage.py check` and at every start, with an id and a hint."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004  Django's name for it


@register
def check_channel_keys(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Channel secrets can be encrypted: there is a key, and each is a Fernet key."""
    if not settings.CHANNEL_KEYS:
        hint = "Run `python3 run.py setup`, which writes one to .env, or set CHANNEL_KEYS yourself."
        return [
            Error("CHANNEL_KEYS is empty, so channel credentials cannot be stored.", hint=hint, id="broadcaster.E001")
        ]
    hint = "A key is 32 random bytes in URL-safe base64; several are separated by commas, the newest first."
    return [
        Error(f"Key number {number} of CHANNEL_KEYS is not a Fernet key.", hint=hint, id="broadcaster.E002")
        for number, key in enumerate(settings.CHANNEL_KEYS, start=1)
        if not _is_fernet_key(key)
    ]


@register
def check_public_url(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """PUBLIC_URL is an address: providers post receipts to it."""
    parts = urlsplit(settings.PUBLIC_URL)
    if parts.scheme in ("http", "https") and parts.hostname:
        return []
    hint = "Set it to the address that people and providers use, such as https://broadcasts.example.com"
    return [Error(f"PUBLIC_URL is not a web address: {settings.PUBLIC_URL!r}.", hint=hint, id="broadcaster.E003")]


@register
def check_queue_times(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """A pump ends before the queue would kill its task, and a lease outlives the longest call."""
    problems: list[CheckMessage] = []
    if settings.Q_CLUSTER["timeout"] < settings.PUMP_LIFE_S + settings.LEASE_S:
        hint = "Lower PUMP_LIFE_S or LEASE_S; together they must fit into the queue's 120 s."
        problems.append(Error("A pump would live longer than its task may.", hint=hint, id="broadcaster.E004"))
    if settings.LEASE_S < 45:  # noqa: PLR2004  connect and read time-outs, and the time to record
        hint = "Set LEASE_S to 45 or more."
        problems.append(Error("LEASE_S is shorter than one slow call.", hint=hint, id="broadcaster.E005"))
    return problems


@register(deploy=True)
def check_database(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """SQLite serves one machine."""
    if settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3":
        return []
    hint = "Fine on one machine; set DATABASE_URL to a PostgreSQL server for more. Silence broadcaster.W001 to keep it."
    return [Warning("The database is SQLite.", hint=hint, id="broadcaster.W001")]


def _is_fernet_key(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True

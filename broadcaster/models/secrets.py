"""A field whose values are encrypted at rest; the database, its backups and its logs hold only the ciphertext."""

import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


class Unreadable(dict[str, Any]):
    """Secrets that no present key opens: empty to look at, and saved as they were found, for the key may come back.

    Reading a row must not fail for its secrets, or one channel would stop the others that are read with it.
    """

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token


class EncryptedJSONField(models.TextField):  # type: ignore[type-arg]  # generic only in the stubs
    """JSON encrypted by the first of `settings.CHANNEL_KEYS`; any of them decrypts, so keys can be rotated."""

    def get_prep_value(self, value: Any) -> str:
        """The Fernet token of the value."""
        if isinstance(value, Unreadable):
            return value.token
        return _cipher().encrypt(json.dumps(value).encode()).decode()

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Any:
        """The value again, or Unreadable where no key fits."""
        if value is None:
            return None
        try:
            return json.loads(_cipher().decrypt(value.encode()))
        except InvalidToken:
            return Unreadable(value)


def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.CHANNEL_KEYS])

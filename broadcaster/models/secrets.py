"""A field whose values are encrypted at rest; the database, its backups and its logs hold only the ciphertext."""

import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


class EncryptedJSONField(models.TextField):  # type: ignore[type-arg]  # generic only in the stubs
    """JSON encrypted by the first of `settings.CHANNEL_KEYS`; any of them decrypts, so keys can be rotated."""

    def get_prep_value(self, value: Any) -> str:
        """The Fernet token of the value."""
        return _cipher().encrypt(json.dumps(value).encode()).decode()

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Any:
        """The value again. Raises ImproperlyConfigured where no key fits."""
        if value is None:
            return None
        try:
            return json.loads(_cipher().decrypt(value.encode()))
        except InvalidToken as error:
            raise ImproperlyConfigured(
                "No key in CHANNEL_KEYS opens the stored channel credentials; add the key they were stored with."
            ) from error


def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.CHANNEL_KEYS])

"""A channel's settings: each adapter names its own, the product draws a form from them and a client checks them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from providers.errors import ConfigurationError

HEADER_SAFE = re.compile(r"[\x20-\x7e]*\Z")  # RFC 9110, 5.5: what a field value may hold without encoding


@dataclass(frozen=True, slots=True)
class ConfigField:
    """One setting of a channel, drawn as a form field. A `secret` is stored encrypted and never shown again."""

    name: str
    label: str
    kind: Literal["text", "url", "choice", "integer", "boolean"] = "text"
    help: str = ""
    default: str | int | bool = ""
    required: bool = True
    secret: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    minimum: int = 0
    maximum: int | None = None
    group: Literal["account", "receipts"] = "account"  # what it belongs to, on the page of a channel

    def clean(self, value: object) -> str | int | bool:
        """The value in the field's type, or its default. Raises ConfigurationError with one sentence."""
        given = self.default if value in (None, "") else value
        if given == "":
            return self._nothing()
        return self._typed(given)

    def _nothing(self) -> str:
        if self.required:
            raise ConfigurationError(f"{self.label} is missing.")
        return ""

    def _typed(self, value: object) -> str | int | bool:
        match self.kind:
            case "integer":
                return self._integer(value)
            case "boolean":
                return value is True or str(value).lower() in {"true", "on", "yes", "1"}
            case "url":
                return self._url(str(value).strip())
            case "choice":
                return self._choice(str(value))
            case _:
                return self._text(str(value).strip())

    def _integer(self, value: object) -> int:
        text = str(value).strip()
        number = int(text) if text.isdecimal() and len(text) <= 18 else -1  # noqa: PLR2004  fits any database
        if number < self.minimum or (self.maximum is not None and number > self.maximum):
            upper = f"at most {self.maximum}" if self.maximum is not None else "no more than 18 digits"
            raise ConfigurationError(f"{self.label} must be a whole number, at least {self.minimum} and {upper}.")
        return number

    def _url(self, value: str) -> str:
        try:
            parts = urlsplit(value)
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if (
            not usable
            or parts.query
            or parts.fragment
            or parts.username
            or not HEADER_SAFE.match(value)
            or " " in value
        ):
            raise ConfigurationError(f"{self.label} must be a web address such as https://api.example.com.")
        return value.rstrip("/")

    def _choice(self, value: str) -> str:
        if value not in {choice for choice, _ in self.choices}:
            names = ", ".join(choice for choice, _ in self.choices)
            raise ConfigurationError(f"{self.label} must be one of {names}.")
        return value

    def _text(self, value: str) -> str:
        # The value of a secret stands in no message, so that it cannot reach a log.
        if self.secret and not HEADER_SAFE.match(value):
            raise ConfigurationError(f"{self.label} may only hold plain letters, digits and signs; copy it again.")
        return value


BATCH_SIZE = "batch_size"


def batch_size_field(*, default: int, maximum: int, explanation: str) -> ConfigField:
    """The setting by which every batching adapter lets an operator choose how many recipients share a request."""
    return ConfigField(
        BATCH_SIZE, "Recipients per request", "integer", explanation, default, minimum=1, maximum=maximum
    )


def cleaned(fields: tuple[ConfigField, ...], values: Mapping[str, Any], *, secret: bool) -> dict[str, Any]:
    """The values of the fields that are secret, or of those that are not. Raises ConfigurationError."""
    return {field.name: field.clean(values.get(field.name)) for field in fields if field.secret is secret}

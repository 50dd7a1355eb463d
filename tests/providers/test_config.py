"""A setting is usable, or refused in one sentence that names it."""

import pytest

from providers import ConfigField, ConfigurationError
from providers.config import cleaned

NUMBER = ConfigField("n", "Count", "integer", default=3, minimum=1, maximum=9)
FLAG = ConfigField("f", "Flag", "boolean", default=False)
CHOICE = ConfigField("c", "Pod", "choice", default="IN", choices=(("IN", "India"), ("EU", "Europe")))
URL = ConfigField("u", "Base URL", "url", default="https://api.example.com")
TEXT = ConfigField("t", "Name")
OPTIONAL = ConfigField("o", "Extra", required=False)
KEY = ConfigField("k", "Key", secret=True)


@pytest.mark.parametrize(
    ("field", "value", "cleaned_value"),
    [
        (NUMBER, None, 3),
        (NUMBER, "", 3),
        (NUMBER, " 9 ", 9),
        (NUMBER, 1, 1),
        (FLAG, None, False),
        (FLAG, "on", True),
        (FLAG, "True", True),
        (FLAG, True, True),
        (FLAG, "off", False),
        (CHOICE, None, "IN"),
        (CHOICE, "EU", "EU"),
        (URL, "", "https://api.example.com"),
        (URL, " http://127.0.0.1:9000/kaleyra/ ", "http://127.0.0.1:9000/kaleyra"),
        (URL, "https://[::1]:8000", "https://[::1]:8000"),
        (TEXT, "  Nur ", "Nur"),
        (TEXT, 534, "534"),
        (OPTIONAL, None, ""),
        (KEY, "abc", "abc"),
    ],
)
def test_usable_value(field: ConfigField, value: object, cleaned_value: object) -> None:
    assert field.clean(value) == cleaned_value


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        (NUMBER, "0", "Count must be a whole number, at least 1 and at most 9."),
        (NUMBER, "10", "Count must be a whole number, at least 1 and at most 9."),
        (NUMBER, "٣.5", "Count must be a whole number, at least 1 and at most 9."),
        (CHOICE, "US", "Pod must be one of IN, EU."),
        (TEXT, "", "Name is missing."),
        (TEXT, None, "Name is missing."),
        (KEY, "", "Key is missing."),
        (KEY, "abc\n", None),
        (KEY, "a\nb", "Key may only hold plain letters, digits and signs; copy it again."),
        (KEY, "schlüssel", "Key may only hold plain letters, digits and signs; copy it again."),
        *[
            (URL, url, "Base URL must be a web address such as https://api.example.com.")
            for url in (
                *("api.example.com", "ftp://example.com", "https://", "https://user:pass@example.com"),
                *("https://example.com?a=b", "https://example.com#a", "https://example.com:0", "https://example.com:x"),
                *("https://exa mple.com", "https://exämple.com", "http://[", "javascript:alert(1)", "https://a\nb"),
            )
        ],
    ],
)
def test_unusable_value(field: ConfigField, value: object, sentence: str | None) -> None:
    if sentence is None:
        assert field.clean(value) == "abc"
        return
    with pytest.raises(ConfigurationError) as refusal:
        field.clean(value)
    assert str(refusal.value) == sentence


def test_settings_and_secrets_are_kept_apart() -> None:
    values = {"t": "Nur", "k": "secret", "unknown": "x"}
    assert cleaned((TEXT, KEY), values, secret=False) == {"t": "Nur"}
    assert cleaned((TEXT, KEY), values, secret=True) == {"k": "secret"}

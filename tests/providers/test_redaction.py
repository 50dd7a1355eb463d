"""A secret is found however it is written; nothing else is touched."""

import json
from urllib.parse import quote, quote_plus

import pytest

from providers.redaction import Redaction

SECRETS = ["abc123", 'a"b\\c/d', "p/ss+w&rd=", "two words", "k<e>y'%"]
WRITINGS = {
    "as it is": lambda secret: secret,
    "JSON": json.dumps,
    "JSON that escapes slashes": lambda secret: json.dumps(secret).replace("/", "\\/"),
    "JSON that escapes what HTML minds": lambda secret: (
        json.dumps(secret).replace("&", "\\u0026").replace("<", "\\u003C").replace("+", "\\u002b")
    ),
    "JSON in JSON": lambda secret: json.dumps(json.dumps({"key": secret})),
    "a path": lambda secret: f"/{quote(secret, safe='')}/",
    "a path in small letters": lambda secret: quote(secret, safe="").replace("%2F", "%2f"),
    "a query": lambda secret: f"?key={quote_plus(secret)}&ok=%20",
}


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("written", WRITINGS.values(), ids=WRITINGS)
def test_secret_is_found_however_it_is_written(secret: str, written: object) -> None:
    assert callable(written)
    text = Redaction([secret])(f"before {written(secret)} after")
    assert "[redacted]" in text
    assert written(secret).strip('"') not in text
    assert (text[:7], text[-6:]) == ("before ", " after")


def test_longer_secret_goes_first() -> None:
    assert Redaction(["key", "key-of-mine"])("key-of-mine, key") == "[redacted], [redacted]"


@pytest.mark.parametrize("text", ["", "a\\nb", "100 %", '{"a": "\\u00e9"}', "abc12 3"])
def test_other_text_stays(text: str) -> None:
    assert Redaction([*SECRETS, ""])(text) == text

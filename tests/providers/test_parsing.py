"""Reading without believing: any JSON value goes in, our own types come out."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from providers import DeliveryStatus, parsing
from tests.providers.junk import JSON, any_answer

AT = datetime(2024, 8, 5, 5, 11, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("path", "found"),
    [(("a", 0, "b"), 1), (("a", 1), None), (("a", "b"), None), ((0,), None), (("x",), None), ((), {"a": [{"b": 1}]})],
)
def test_dig(path: tuple[str | int, ...], found: Any) -> None:
    assert parsing.dig({"a": [{"b": 1}]}, *path) == found


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"),
        (5, "5"),
        (1.5, "1.5"),
        (True, ""),
        (None, ""),
        ([], ""),
        ("a\x00b\nc", "a b c"),
        ("\ud800", "?"),
        ("x" * 301, "x" * 300),
    ],
)
def test_phrase(value: object, text: str) -> None:
    assert parsing.phrase(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(" A1 ", "A1"), (14528583, "14528583"), ("x" * 128, "x" * 128), ("x" * 129, ""), (1.5, ""), (False, ""), ({}, "")],
)
def test_identifier(value: object, text: str) -> None:
    assert parsing.identifier(value) == text


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (191, 191),
        (" 191 ", 191),
        ("0", 0),
        ("-1", None),
        ("1.0", None),
        (1.0, None),
        ("²", None),
        ("\u0661", None),
        (None, None),
    ],
)
def test_whole_number(value: object, number: int | None) -> None:
    assert parsing.whole_number(value) == number


@pytest.mark.parametrize(
    ("value", "phone"),
    [
        *[("62815-2797 5868", "+6281527975868"), (6281527975868, "+6281527975868"), ("9" * 20, "+" + "9" * 20)],
        *[("abc", ""), ("", ""), (None, ""), ("9" * 21, ""), ("9" * 128, "")],
    ],
)
def test_phone(value: object, phone: str) -> None:
    assert parsing.phone(value) == phone


@pytest.mark.parametrize(
    ("value", "at"),
    [
        *[("1722834665", AT), (1722834665, AT), ("1722834665000", AT), ("2024-08-05T05:11:05Z", AT)],
        *[("2024-08-05T12:11:05+07:00", AT), ("2024-08-05T05:11:05", AT), ("2024-08-05T05:11:05.000000+0000", AT)],
        *[("yesterday", None), ("", None), (None, None), ("9" * 40, None), ("-1", None), ("99999-01-01", None)],
    ],
)
def test_moment(value: object, at: datetime | None) -> None:
    assert parsing.moment(value) == at


@pytest.mark.parametrize(
    ("query", "body", "payload"),
    [
        ({"status": "sent"}, b"", {"status": "sent"}),
        ({"status": "sent"}, b" ", {"status": "sent"}),
        ({"a": "1"}, b'{"b": 2}', {"b": 2}),
        ({"a": "1"}, b"b=2&c=%2B62", {"a": "1", "b": "2", "c": "+62"}),
        ({}, b"[1]", [1]),
        ({}, b"\xff", {}),
    ],
)
def test_payload(query: dict[str, str], body: bytes, payload: Any) -> None:
    assert parsing.payload(query, body) == payload


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ({"detail": "Invalid token"}, ["Invalid token"]),
        ({"urns": {"0": ["bad", "worse"]}}, ["urns.0: bad", "urns.0: worse"]),
        ({"non_field_errors": ["Must provide"]}, ["Must provide"]),
        (["a", {"b": "c"}], ["a", "b: c"]),
        ({"status": 422, "errors": {"message": "no such phone"}}, ["no such phone"]),
        ({"code": "x", "error": {"phone": "bad"}}, ["phone: bad"]),
        ("plain", ["plain"]),
        (None, []),
        ([str(number) for number in range(20)], [str(number) for number in range(10)]),
    ],
)
def test_texts(value: Any, texts: list[str]) -> None:
    assert parsing.texts(value) == texts


@any_answer
@given(value=JSON)
def test_no_value_makes_reading_raise(value: Any) -> None:
    assert all(len(text) <= 128 for text in (parsing.identifier(value), parsing.phone(value)))
    assert parsing.moment(value) is None or parsing.moment(value)
    assert isinstance(parsing.texts(value), list)
    assert isinstance(parsing.items(value), list)


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"9" * 5_000, b"\xff", b"NaN,"])
def test_what_is_no_json_is_nothing(body: bytes) -> None:
    assert parsing.parsed(body) is None


def test_header_is_found_whatever_its_case() -> None:
    assert parsing.header({"X-Hub-Signature": "x"}, "x-hub-signature") == "x"
    assert parsing.header({}, "x-hub-signature") == ""


def test_unknown_status_is_cut_short_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    assert parsing.status("x" * 500, {}, "Odd") is DeliveryStatus.UNKNOWN
    assert caplog.messages == [f"Odd used an unknown delivery status: {'x' * 40!r}"]

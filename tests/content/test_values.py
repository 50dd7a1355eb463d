"""Field values: what is typed and what an API client sends mean the same, and junk gets a sentence."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.content import values
from broadcaster.content.values import Widget

READ: dict[str, tuple[Widget, Any, Any]] = {
    "text is stripped": ("text", " a\nb \n", "a\nb"),
    "number as text": ("line", 172, "172"),
    "no text": ("line", None, ""),
    "typed lines": ("lines", "a\r\n\r\n b \n", ("a", "b")),
    "lines of JSON": ("lines", ["a", 2, ""], ("a", "2")),
    "no lines": ("lines", None, ()),
    "typed pairs": ("pairs", "a = 1\nb=x = y\n", (("a", "1"), ("b", "x = y"))),
    "pairs as an object": ("pairs", {"a": 1}, (("a", "1"),)),
    "pairs as lists": ("pairs", [["url", "x"], ["url", "y"]], (("url", "x"), ("url", "y"))),
    "pair without a value": ("pairs", "a =", (("a", ""),)),
    "typed number": ("integer", " 172 ", 172),
    "number": ("integer", 172, 172),
    "no number": ("integer", "", None),
    "typed object": ("json", '{"a": [1, "@row.x"]}', {"a": [1, "@row.x"]}),
    "object": ("json", {"a": 1}, {"a": 1}),
    "no object": ("json", " ", {}),
}

UNREADABLE: dict[str, tuple[Widget, Any, str]] = {
    "list for a text": ("text", ["a"], "Give a text."),
    "object for a line": ("line", {"a": 1}, "Give a text."),
    "object for lines": ("lines", {"a": 1}, "Give one item a line."),
    "list in lines": ("lines", [["a"]], "Give a text."),
    "line without =": ("pairs", "a = 1\nb", "this one is not: b"),
    "pair without a name": ("pairs", "= 1", "this one is not: = 1"),
    "pair of three": ("pairs", [["a", "b", "c"]], "as name = value"),
    "number for pairs": ("pairs", 5, "as name = value"),
    "word for a number": ("integer", "many", "Give a whole number."),
    "fraction": ("integer", 1.5, "Give a whole number."),
    "endless number": ("integer", "9" * 5000, "Give a whole number."),
    "broken JSON": ("json", "{a: 1}", "Write a JSON object"),
    "bottomless JSON": ("json", "[" * 100_000, "Write a JSON object"),
    "list for an object": ("json", "[1]", "Write a JSON object"),
}


@pytest.mark.parametrize(("widget", "given_value", "expected"), READ.values(), ids=READ)
def test_read(widget: Widget, given_value: Any, expected: Any) -> None:
    assert values.read(widget, given_value) == expected


@pytest.mark.parametrize(("widget", "given_value", "sentence"), UNREADABLE.values(), ids=UNREADABLE)
def test_junk_gets_a_sentence(widget: Widget, given_value: Any, sentence: str) -> None:
    with pytest.raises(values.Unreadable, match=sentence.replace("{", r"\{")):
        values.read(widget, given_value)


def test_every_text_is_found_and_changed_however_deep() -> None:
    value = {"a": ("x", [1, {"b": "y"}]), "c": None}
    assert list(values.each_text(value)) == ["x", "y"]
    assert values.map_texts(value, str.upper) == {"a": ("X", [1, {"b": "Y"}]), "c": None}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@given(widget=st.sampled_from(sorted(values.READERS)), stored=json_values)
def test_any_json_is_read_or_refused(widget: Widget, stored: Any) -> None:
    with contextlib.suppress(values.Unreadable):
        value = values.read(widget, stored)
        assert values.map_texts(value, lambda text: text) == value

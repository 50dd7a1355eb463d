"""What the cells of a typed column become, or why not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.audience import values
from broadcaster.audience.values import Unreadable

GOOD = [
    ("text", "1,5", "1,5"),
    ("number", "12", 12),
    ("number", "-0.50", -0.5),
    ("number", "+7", 7),
    ("number", "1,234,567.89", 1234567.89),
    ("number", "1 234", 1234),
    ("number", "1'234", 1234),
    ("number", "\u22125", -5),
    ("number", "0.00000000000000000001", 1e-20),
    ("number_comma", "1.234,5", 1234.5),
    ("number_comma", "12,5", 12.5),
    ("date", "2026-06-03", "2026-06-03"),
    ("date", "2026-6-3", "2026-06-03"),
    ("date", "2026-06-03T10:00:00", "2026-06-03"),
    ("date", "03/06/2026", "2026-06-03"),
    ("date", "3.6.2026", "2026-06-03"),
    ("date", "3-6-2026", "2026-06-03"),
    ("date_month_first", "06/03/2026", "2026-06-03"),
    ("date_month_first", "2026-06-03", "2026-06-03"),
]
BAD = [
    ("number", "abc", "“abc” is not a number. Write it as 1234.56, without words or currency."),
    ("number", "1,5", "“1,5” is not a number. Write it as 1234.56, without words or currency."),
    ("number", "1e5", "“1e5” is not a number. Write it as 1234.56, without words or currency."),
    ("number", "nan", "“nan” is not a number. Write it as 1234.56, without words or currency."),
    ("number", "१२", "“१२” is not a number. Write it as 1234.56, without words or currency."),
    ("number", "1234567890123456", "“1234567890123456” has more than 15 digits. Keep it as text."),
    ("number_comma", "1,234.5", "“1,234.5” is not a number. Write it as 1234,56, without words or currency."),
    ("date", "03/06/26", "“03/06/26” is not a date. Write it as 2026-06-30 or 30/06/2026."),
    ("date", "3/6-2026", "“3/6-2026” is not a date. Write it as 2026-06-30 or 30/06/2026."),
    ("date", "06/30/2026", "There is no such date as “06/30/2026”, read with the day first."),
    ("date_month_first", "30/06/2026", "There is no such date as “30/06/2026”, read with the month first."),
    ("date_month_first", "soon", "“soon” is not a date. Write it as 2026-06-30 or 06/30/2026."),
    ("date", "0000-01-01", "There is no such date as “0000-01-01”, read with the day first."),
]


@pytest.mark.parametrize(("kind", "text", "value"), GOOD)
def test_a_cell_has_the_value_of_its_kind(kind: str, text: str, value: object) -> None:
    found = values.read(kind, text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(("kind", "text", "sentence"), BAD)
def test_a_cell_of_another_kind_is_told_in_a_sentence(kind: str, text: str, sentence: str) -> None:
    assert values.read(kind, text) == Unreadable(sentence)


def test_a_long_cell_is_quoted_in_short() -> None:
    found = values.read("number", "x" * 5_000)
    assert isinstance(found, Unreadable)
    assert len(found.sentence) < 150


@given(st.sampled_from(sorted(values.KINDS)), st.text(min_size=1))
def test_any_text_is_read_or_told(kind: str, text: str) -> None:
    assert isinstance(values.read(kind, text), str | int | float | Unreadable)

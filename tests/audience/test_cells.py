"""Cells that leave for a spreadsheet program: nothing runs there, and what comes back is what went out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.audience.cells import bare, inert


@pytest.mark.parametrize("first", [*"=+-@\t\r\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_nothing_that_begins_a_formula_is_left_at_the_beginning(first: str) -> None:
    assert inert(f"{first}1+1") == f"'{first}1+1"


@pytest.mark.parametrize("text", ["+A1", "+62 =1"])
def test_a_plus_is_a_formula_where_no_phone_number_follows(text: str) -> None:
    assert inert(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Ann", "+6281234567890", "a=b", "1-2"])
def test_what_is_no_formula_stays(text: str) -> None:
    assert inert(text) == text


def test_an_apostrophe_that_was_there_is_told_from_one_that_was_added() -> None:
    assert bare(inert("'=1+1")) == "'=1+1"


@given(st.text(alphabet="'=+-@\t\r\n1a ", max_size=6))
def test_what_was_made_inert_comes_back_as_it_was(text: str) -> None:
    assert bare(inert(text)) == text


@pytest.mark.parametrize("text", ["'s-Hertogenbosch", "'Ann'", "", "'"])
def test_an_apostrophe_before_anything_else_belongs_to_the_text(text: str) -> None:
    assert (inert(text), bare(text)) == (text, text)

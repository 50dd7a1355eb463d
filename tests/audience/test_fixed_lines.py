"""Landlines are told from mobile phones as phonenumbers tells them, and quickly."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import NumberParseException, PhoneNumberType

from broadcaster.audience.numbering import quick_is_fixed_line
from broadcaster.audience.phones import is_fixed_line
from tests.audience.numbers import REGIONS, e164, examples


def is_fixed_line_by_phonenumbers(number: str) -> bool:
    """The truth."""
    try:
        return phonenumbers.number_type(phonenumbers.parse(number, None)) == PhoneNumberType.FIXED_LINE
    except NumberParseException:
        return False


LANDLINES = {
    "Jakarta": "+622112345678",
    "Saint Petersburg, where 8 is dialled before other towns": "+78121234567",
    "Grenada, which shares America's code": "+14732691234",
}
OTHERS = {
    "mobile": "+6281234567890",
    "America, whose plan does not part the two": "+12025550123",
    "neither, in Grenada": "+14735551234",
    "free of charge, in no country": "+80012345678",
    "no such country": "+999123",
    "a word": "budi",
    "nothing": "",
}


@pytest.mark.parametrize("number", LANDLINES.values(), ids=LANDLINES.keys())
def test_a_landline_is_one(number: str) -> None:
    assert is_fixed_line(number)


@pytest.mark.parametrize("number", OTHERS.values(), ids=OTHERS.keys())
def test_what_may_be_a_mobile_phone_or_is_no_number_is_no_landline(number: str) -> None:
    assert not is_fixed_line(number)


@pytest.mark.parametrize("region", REGIONS)
def test_example_numbers_of_every_kind_and_their_neighbours(region: str) -> None:
    for example in map(e164, examples(region)):
        for number in (example, example + "0", example[:-1], example[:-1] + "0", example[:-4] + "9999"):
            assert is_fixed_line(number) is is_fixed_line_by_phonenumbers(number), number


@given(st.sampled_from(REGIONS), st.data())
def test_digits_near_a_real_number(region: str, data: st.DataObject) -> None:
    example = data.draw(st.sampled_from(examples(region)))
    digits = list(phonenumbers.national_significant_number(example))
    for place in data.draw(st.sets(st.integers(0, len(digits) - 1), max_size=5)):
        digits[place] = data.draw(st.sampled_from("0123456789"))
    number = f"+{example.country_code}{''.join(digits)}"
    assert is_fixed_line(number) is is_fixed_line_by_phonenumbers(number)


@given(st.text("0123456789", max_size=17))
def test_any_digits(digits: str) -> None:
    assert is_fixed_line(f"+{digits}") is is_fixed_line_by_phonenumbers(f"+{digits}")


def test_nearly_every_example_is_told_without_asking_phonenumbers() -> None:
    numbers = [e164(example) for region in REGIONS for example in examples(region)]
    asked = [number for number in numbers if quick_is_fixed_line(number) is None]
    assert len(asked) < len(numbers) / 50

"""The quick way through phone numbers against phonenumbers itself: it may give up, it may never differ."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from broadcaster.audience.numbering import quick_e164
from tests.audience.numbers import REGIONS, examples


def slow_e164(number: str, region: str | None) -> str | None:
    """The truth: what phonenumbers makes of it, premium numbers left out."""
    try:
        parsed = phonenumbers.parse(number, region)
    except NumberParseException:
        return None
    premium = phonenumbers.number_type(parsed) == PhoneNumberType.PREMIUM_RATE
    valid = phonenumbers.is_valid_number(parsed) and not premium
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164) if valid else None


def prefixes(region: str) -> list[str]:
    """What people put in front of a subscriber's number, rightly or not."""
    code = str(phonenumbers.country_code_for_region(region))
    trunk = phonenumbers.ndd_prefix_for_region(region, strip_non_digits=True) or ""
    return ["", trunk, "0", "1", code, f"+{code}", f"+{code}{trunk}", f"+{code}0", f"00{code}", f"011{code}"]


def assert_never_different(number: str, region: str | None) -> None:
    quick = quick_e164(number, region)
    assert quick in (None, slow_e164(number, region)), number


@pytest.mark.parametrize("region", REGIONS)
def test_neighbours_of_numbers_of_every_kind_written_in_every_way(region: str) -> None:
    for example in examples(region):
        subscriber = phonenumbers.national_significant_number(example)
        for prefix in prefixes(region):
            for wrong in (subscriber + "0", subscriber[:-1], "9" + subscriber):
                assert_never_different(prefix + wrong, region)


@pytest.mark.parametrize("code", sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS))
def test_example_numbers_of_worldwide_services(code: int) -> None:
    example = phonenumbers.example_number_for_non_geo_entity(code)
    assert example
    assert_never_different(phonenumbers.format_number(example, PhoneNumberFormat.E164), "ID")


@given(st.sampled_from(REGIONS), st.data())
def test_digits_near_a_real_number(region: str, data: st.DataObject) -> None:
    digits = list(phonenumbers.national_significant_number(data.draw(st.sampled_from(examples(region)))))
    for place in data.draw(st.sets(st.integers(0, len(digits) - 1), max_size=5)):
        digits[place] = data.draw(st.sampled_from("0123456789"))
    assert_never_different(data.draw(st.sampled_from(prefixes(region))) + "".join(digits), region)


@given(st.text("+0123456789", max_size=20), st.sampled_from([*REGIONS, None]))
def test_any_digits(number: str, region: str | None) -> None:
    assert_never_different(number, region)


def test_the_common_shape_takes_the_quick_way_in_every_region() -> None:
    mobiles = {region: phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE) for region in REGIONS}
    numbers = {
        region: phonenumbers.format_number(mobile, PhoneNumberFormat.E164)
        for region, mobile in mobiles.items()
        if mobile
    }
    assert len(numbers) > 240
    assert [region for region, number in numbers.items() if quick_e164(number, region) != number] == []


@pytest.mark.parametrize(
    ("dialled", "region"),
    [("081234567890", "ID"), ("6281234567890", "ID"), ("00919876543210", "GB"), ("07400123456", "GB")],
)
def test_numbers_as_dialled_at_home_take_the_quick_way(dialled: str, region: str) -> None:
    assert quick_e164(dialled, region) == slow_e164(dialled, region) is not None


@pytest.mark.parametrize(
    ("dialled", "region"),
    [
        ("4915123456789", "DE"),  # a landline in town 4915..., and not 0151... with the country's code before it
        ("61212375688", "CX"),  # which shares Australia's code, and has no such number of its own
        ("01124124106041235", "GA"),  # a rule rewrites what follows the code
        ("00494930143456", "DE"),  # of a possible length for a landline, but not for its town
    ],
)
def test_numbers_that_only_look_plain_are_left_to_phonenumbers(dialled: str, region: str) -> None:
    assert_never_different(dialled, region)

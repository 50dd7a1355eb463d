"""Numbers of every region and kind, as people write them: `normalise` reads what phonenumbers alone would read."""

from collections.abc import Iterator

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType

from broadcaster.audience.phones import Refusal, normalise
from tests.audience.numbers import REGIONS, examples

STYLES = (
    PhoneNumberFormat.E164,
    PhoneNumberFormat.INTERNATIONAL,
    PhoneNumberFormat.NATIONAL,
    PhoneNumberFormat.RFC3966,
)
SEPARATORS = ("-", ".", " ", "/", "\u00a0", "\u2013")


def read(written: str, region: str | None) -> str | None:
    answer = normalise(written, region)
    return None if isinstance(answer, Refusal) else answer


def read_by_phonenumbers(written: str, region: str | None) -> str | None:
    """The truth, with our two rules: 00 is a plus where it is no number else, and premium numbers are refused."""
    number = _parsed(written, region)
    if number is None and written.lstrip("+").startswith("00"):
        number = _parsed("+" + written.lstrip("+0"), None)
    if number is None or phonenumbers.number_type(number) == PhoneNumberType.PREMIUM_RATE:
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _parsed(written: str, region: str | None) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(written, region)
    except NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def all_of(region: str) -> list[PhoneNumber]:
    invalid = phonenumbers.invalid_example_number(region)
    return [*examples(region), *([invalid] if invalid else [])]


def writings(number: PhoneNumber, region: str) -> Iterator[str]:
    for style in STYLES:
        yield phonenumbers.format_number(number, style)
    yield phonenumbers.format_out_of_country_calling_number(number, "DE")
    code, subscriber = str(number.country_code), phonenumbers.national_significant_number(number)
    trunk = phonenumbers.ndd_prefix_for_region(region, strip_non_digits=True) or "0"
    yield from (subscriber, trunk + subscriber, code + subscriber, f"00{code}{subscriber}", f"+00{code}{subscriber}")
    yield f"+{code} ({trunk}) {subscriber}"
    separator = SEPARATORS[len(subscriber) % len(SEPARATORS)]
    yield separator.join((f"+{code}", subscriber[:3], subscriber[3:]))


@pytest.mark.parametrize("region", REGIONS)
def test_every_writing_of_every_kind_of_number(region: str) -> None:
    for number in all_of(region):
        for written in writings(number, region):
            assert read(written, region) == read_by_phonenumbers(written, region), written


@pytest.mark.parametrize("region", REGIONS)
def test_every_writing_in_a_file_of_another_country(region: str) -> None:
    abroad = REGIONS[REGIONS.index(region) - 1]
    for written in writings(all_of(region)[0], region):
        assert read(written, abroad) == read_by_phonenumbers(written, abroad), written


@given(st.text("0123456789", min_size=5, max_size=15), st.sampled_from(REGIONS), st.sampled_from(["", "+", "00", "0"]))
def test_any_digits_in_any_region(digits: str, region: str, prefix: str) -> None:
    assert read(prefix + digits, region) == read_by_phonenumbers(prefix + digits, region)


@given(st.sampled_from(REGIONS), st.sampled_from(REGIONS), st.data())
def test_a_number_near_a_real_one_written_abroad(region: str, abroad: str, data: st.DataObject) -> None:
    written = data.draw(st.sampled_from(list(writings(data.draw(st.sampled_from(all_of(region))), region))))
    places = [place for place, character in enumerate(written) if character.isdecimal()]
    place = data.draw(st.sampled_from(places))
    changed = written[:place] + data.draw(st.sampled_from("0123456789")) + written[place + 1 :]
    assert read(changed, abroad) == read_by_phonenumbers(changed, abroad)

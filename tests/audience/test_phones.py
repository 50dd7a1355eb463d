"""Cells as operators type them, and what becomes of them."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from broadcaster.audience import phones
from broadcaster.audience.phones import Refusal, normalise, regions
from tests.audience.numbers import REGIONS

BUDI = "+6281234567890"

WAYS_TO_WRITE_BUDI = {
    "local": "081234567890",
    "without the zero that a spreadsheet ate": "81234567890",
    "with the calling code": "6281234567890",
    "international": "+6281234567890",
    "two pluses": "++6281234567890",
    "00 instead of the plus": "006281234567890",
    "00 after the plus": "+006281234567890",
    "trunk zero kept": "+62 (0)812-3456-7890",
    "spaces": " 0812 3456 7890 ",
    "hyphens": "0812-3456-7890",
    "a typographer's hyphens": "0812\u20133456\u22127890",
    "dots": "0812.3456.7890",
    "slashes": "0812/3456/7890",
    "brackets": "(0812) 3456-7890",
    "a full stop at the end": "081234567890.",
    "full-width": "＋６２８１２（３４５６）７８９０",  # noqa: RUF001
    "Arabic-Indic digits": "٠٨١٢٣٤٥٦٧٨٩٠",
    "Devanagari digits": "०८१२३४५६७८९०",
    "Bengali digits": "০৮১২৩৪৫৬৭৮৯০",
    "no-break and zero-width spaces": "0812\u00a03456\u200b7890",
    "right-to-left marks": "\u200f\u202a081234567890\u202c",
    "a byte order mark": "\ufeff081234567890",
    "leading apostrophe": "'081234567890",
    "text formula": '="081234567890"',
    "a float": "6281234567890.0",
    "thousands": "6,281,234,567,890",
    "a URN": "tel:+6281234567890",
    "a WhatsApp URN": "whatsapp:6281234567890",
}

REFUSED = {
    "nothing": ("", "empty"),
    "spaces only": (" \u00a0\u200b", "empty"),
    "a dash": ("-", "empty"),
    "words": ("ask Budi", "not_a_number"),
    "letter O for a zero": ("O81234567890", "not_a_number"),
    "masked digits": ("0812****7890", "not_a_number"),
    "a footnote": ("081234567890²", "not_a_number"),
    "a fraction": ("628123456789.5", "not_a_number"),
    "a plus inside": ("0812+34567890", "not_a_number"),
    "scientific": ("6.28E+12", "spoilt_by_spreadsheet"),
    "scientific with a comma": ("6,28123E+12", "spoilt_by_spreadsheet"),
    "scientific without a plus": ("6e12", "spoilt_by_spreadsheet"),
    "scientific after a plus": ("+6.28E+12", "spoilt_by_spreadsheet"),
    "scientific in full width": ("６．２８Ｅ＋１２", "spoilt_by_spreadsheet"),  # noqa: RUF001
    "column too narrow": ("########", "spoilt_by_spreadsheet"),
    "an error value": ("#N/A", "spoilt_by_spreadsheet"),
    "two numbers, slash": ("081234567890/081234567891", "several_numbers"),
    "two numbers, comma": ("081234567890, 081234567891", "several_numbers"),
    "two numbers, line break": ("081234567890\n081234567891", "several_numbers"),
    "two numbers, a word": ("081234567890 atau 081234567891", "several_numbers"),
    "two numbers by their last digit": ("081234567890/1", "several_numbers"),
    "extension": ("02112345678 ext. 12", "extension"),
    "extension by x": ("02112345678x12", "extension"),
    "extension by hash": ("02112345678 #12", "extension"),
    "extension by commas": ("02112345678,,12", "extension"),
    "unknown calling code": ("+999 1234567", "unknown_country"),
    "plus before a local number": ("+081234567890", "unknown_country"),
    "one digit": ("8", "too_short"),
    "too few digits": ("08123", "too_short"),
    "too many digits": ("+1 202 555 0123 4", "too_long"),
    "endless digits": ("8" * 300, "too_long"),
    "no such prefix": ("+1 111 555 0123", "invalid"),
    "premium rate": ("0809 1234567", "premium"),
}


@pytest.mark.parametrize("raw", WAYS_TO_WRITE_BUDI.values(), ids=WAYS_TO_WRITE_BUDI.keys())
def test_one_number_written_in_many_ways_is_one_number(raw: str) -> None:
    assert normalise(raw, "ID") == BUDI


@pytest.mark.parametrize(("raw", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_one_persons_number_is_refused_with_its_reason(raw: str, code: str) -> None:
    refusal = normalise(raw, "ID")
    assert isinstance(refusal, Refusal)
    assert refusal.code == code


REFUSED_WITHOUT_A_COUNTRY = {
    "local": ("081234567890", "needs_country"),
    "local, with separators": ("(0812) 3456-7890", "needs_country"),
    "a country code without its plus": ("6281234567890", "needs_plus"),
    "no zero, but a number of Japan with a plus": ("81234567890", "needs_plus"),
    "no zero, and no number of any country": ("8123456789", "lost_zero"),
    "no zero, and no country's code": ("21012345678", "lost_zero"),
    "premium rate without its plus": ("628091234567", "needs_plus"),
    "too few digits for any country": ("812", "too_short"),
    "too many digits for any country": ("8" * 18, "too_long"),
}


@pytest.mark.parametrize(("raw", "code"), REFUSED_WITHOUT_A_COUNTRY.values(), ids=REFUSED_WITHOUT_A_COUNTRY.keys())
def test_what_is_sure_of_a_number_without_a_country_is_its_reason(raw: str, code: str) -> None:
    assert normalise(raw, None) == phones.REFUSALS[code]


def test_no_country_has_shorter_or_longer_numbers() -> None:
    metadata = [phonenumbers.PhoneMetadata.metadata_for_region(region) for region in REGIONS]
    lengths = {
        length for each in metadata if each and each.general_desc for length in each.general_desc.possible_length
    }
    assert (min(lengths), max(lengths)) == (phones.SHORTEST, phones.LONGEST)


def test_every_reason_has_a_test() -> None:
    tested = {code for _raw, code in (*REFUSED.values(), *REFUSED_WITHOUT_A_COUNTRY.values())}
    assert set(phones.REFUSALS) == tested


def test_every_reason_is_a_sentence_for_people_that_fits_its_column() -> None:
    for refusal in phones.REFUSALS.values():
        assert refusal.sentence[0].isupper()
        assert refusal.sentence.endswith(".")
        assert "phonenumbers" not in refusal.sentence
        assert len(refusal.sentence) <= 300


@pytest.mark.parametrize("raw", ["+6281234567890", "006281234567890", "+62 (0)812 3456 7890"])
def test_an_international_number_needs_no_country(raw: str) -> None:
    assert normalise(raw, None) == BUDI


def test_an_international_number_keeps_its_own_country() -> None:
    assert normalise("+44 20 7946 0000", "ID") == "+442079460000"


@pytest.mark.parametrize(
    ("raw", "region", "e164"),
    [
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("089/1234567", "DE", "+49891234567"),
        ("(202) 555-0123", "US", "+12025550123"),
        ("1-204-234-5678", "CA", "+12042345678"),
        ("06 6982 0000", "IT", "+390669820000"),  # Italy keeps the zero
        ("011 15 2345-6789", "AR", "+5491123456789"),  # Argentina moves the mobile prefix
        ("0 15 11 96123-4567", "BR", "+5511961234567"),  # Brazil dials the carrier's code
        ("8 912 345-67-89", "RU", "+79123456789"),
        ("00 44 20 7946 0000", "US", "+442079460000"),  # where 00 is not how one dials abroad
    ],
)
def test_local_habits_are_understood(raw: str, region: str, e164: str) -> None:
    assert normalise(raw, region) == e164


@pytest.mark.parametrize("style", [PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.E164])
@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_a_mobile_number_of_any_region_as_it_is_printed_there(region: str, style: int) -> None:
    example = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
    if example:  # a few islands have none of their own
        e164 = phonenumbers.format_number(example, PhoneNumberFormat.E164)
        assert normalise(phonenumbers.format_number(example, style), region) == e164


@pytest.mark.parametrize("region", ["ID", "IN", "BR", "GB", "DE", "FR", "ES", "JP", "ZA", "AU"])
def test_a_premium_number_is_refused_in_every_country(region: str) -> None:
    example = phonenumbers.example_number_for_type(region, PhoneNumberType.PREMIUM_RATE)
    assert example
    printed = phonenumbers.format_number(example, PhoneNumberFormat.INTERNATIONAL)
    assert normalise(printed, None) == phones.REFUSALS["premium"]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("0812345678,0812345679 dan 0812345670", "several_numbers"),
        ("8" * 32_000, "too_long"),
        ("1." * 16_000, "too_long"),
        ("081234567 or " * 2_000, "several_numbers"),
        ("0812345678" + "e" * 20_000, "not_a_number"),
    ],
    ids=["three numbers", "digits", "dots", "many numbers", "letters"],
)
def test_a_cell_full_of_anything_is_answered(raw: str, code: str) -> None:
    assert normalise(raw, "ID") == phones.REFUSALS[code]


def test_a_region_that_does_not_exist_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="Unknown region 'XX'"):
        normalise("0812", "XX")


@given(st.text(), st.sampled_from(["ID", "US", "AR", None]))
def test_any_text_gives_a_number_or_a_reason(raw: str, region: str | None) -> None:
    answer = normalise(raw, region)
    assert isinstance(answer, Refusal) or answer.removeprefix("+").isdecimal()


@given(st.text(alphabet="0123456789+ -./()ex,E*#;\n'=", max_size=24), st.sampled_from(["ID", "DE", None]))
def test_an_accepted_number_is_accepted_again_unchanged(raw: str, region: str | None) -> None:
    answer = normalise(raw, region)
    if isinstance(answer, str):
        assert normalise(answer, region) == normalise(answer, None) == answer


def test_regions_are_named_and_sorted_for_a_form() -> None:
    labels = [label for _code, label in regions()]
    assert ("ID", "Indonesia (+62)") in regions()
    assert ("XK", "Kosovo (+383)") in regions()
    assert labels == sorted(labels)

"""The SMS counter: alphabets, limits, and characters that must not be torn at the end of a part."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.content import sms_parts
from broadcaster.content.sms_parts import Parts

COUNTED = {
    "empty": ("", Parts("GSM-7", 0, 0, 160)),
    "one character": ("a", Parts("GSM-7", 1, 1, 160)),
    "a full single SMS": ("a" * 160, Parts("GSM-7", 160, 1, 160)),
    "one more": ("a" * 161, Parts("GSM-7", 161, 2, 153)),
    "two full parts": ("a" * 306, Parts("GSM-7", 306, 2, 153)),
    "three parts": ("a" * 307, Parts("GSM-7", 307, 3, 153)),
    "accents of the basic table": ("àéùìòÇñÑ¿¡§", Parts("GSM-7", 11, 1, 160)),
    "line break": ("a\r\nb", Parts("GSM-7", 4, 1, 160)),
    "extension characters are two": ("€[]{}~^|\\", Parts("GSM-7", 18, 1, 160)),
    "eighty of them fill an SMS": ("€" * 80, Parts("GSM-7", 160, 1, 160)),
    "an escape is not torn": ("a" * 152 + "€" + "a" * 152, Parts("GSM-7", 306, 3, 153)),
    "lower c with cedilla is not in the table": ("ç", Parts("UCS-2", 1, 1, 70)),
    "typographic quote": ("\u2019" + "a" * 69, Parts("UCS-2", 70, 1, 70)),
    "one more in UCS-2": ("ж" * 71, Parts("UCS-2", 71, 2, 67)),
    "an emoji is two": ("😀", Parts("UCS-2", 2, 1, 70)),
    "extension characters are one in UCS-2": ("ж€", Parts("UCS-2", 2, 1, 70)),
    "a surrogate pair is not torn": ("ж" * 66 + "😀" + "ж" * 66, Parts("UCS-2", 134, 3, 67)),
    "the last character below the pairs": ("\uffff", Parts("UCS-2", 1, 1, 70)),
    "lone surrogate": ("\ud83d", Parts("UCS-2", 1, 1, 70)),
}


@pytest.mark.parametrize(("text", "expected"), COUNTED.values(), ids=COUNTED)
def test_count(text: str, expected: Parts) -> None:
    assert sms_parts.count(text) == expected


def test_one_emoji_turns_a_single_sms_into_three_parts() -> None:
    text = "a" * 158
    assert sms_parts.count(text).parts == 1
    assert sms_parts.count(text + "😀") == Parts("UCS-2", 160, 3, 67)


@given(text=st.text(alphabet="a€ж😀[", max_size=500))
def test_parts_hold_all_units_and_none_is_needless(text: str) -> None:
    counted = sms_parts.count(text)
    assert counted.units <= counted.parts * counted.per_part
    assert counted.parts <= 1 or counted.units > (counted.parts - 1) * (counted.per_part - 1)


@given(text=st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_ucs2_units_are_those_of_utf16(text: str) -> None:
    counted = sms_parts.count("ж" + text)
    assert counted.units == len(("ж" + text).encode("utf-16-be")) // 2

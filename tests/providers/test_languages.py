"""Three letters to two: ISO 639-3 to ISO 639-1."""

import pytest

from providers import languages


@pytest.mark.parametrize(
    ("code", "two"),
    [("ind", "id"), ("eng", "en"), ("arb", "ar"), ("cmn", "zh"), ("fr", "fr"), ("ban", ""), ("xx", ""), ("", "")],
)
def test_two_letters(code: str, two: str) -> None:
    assert languages.two_letters(code) == two


def test_table_is_whole() -> None:
    assert len(languages.TWO_LETTERS) == 184 + 11
    assert all((len(three), len(two)) == (3, 2) for three, two in languages.TWO_LETTERS.items())
    assert len(set(languages.TWO_LETTERS.values())) == 184


@pytest.mark.parametrize(
    ("code", "language"),
    [
        *(("id", "ind"), ("en_US", "eng"), ("zh-HK", "zho"), ("ET", "est"), ("fil", "fil"), ("ne", "nep")),
        *(("", ""), ("xx", ""), ("english", ""), ("x1y", "")),
    ],
)
def test_a_provider_s_code_is_a_language_in_three_letters(code: str, language: str) -> None:
    assert languages.three_letters(code) == language

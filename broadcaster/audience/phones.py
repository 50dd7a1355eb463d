"""Phones: the first thing that happens to an imported row: whatever an operator's file holds becomes E.164 or a reason.

`phonenumbers` decides; nothing is ever guessed. It drops letters and asterisks without a word ("0812****5678" would
become another person's number), so only digits and separators reach it, and all else is refused here.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib import resources

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType, ValidationResult

from broadcaster.audience.numbering import quick_e164, quick_is_fixed_line


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a phone number was not taken: a code to count by, and a sentence for the operator."""

    code: str
    sentence: str


REFUSALS = {
    code: Refusal(code, sentence)
    for code, sentence in {
        "empty": "The phone number is missing.",
        "not_a_number": "This is not a phone number: only digits, spaces, dots, hyphens, brackets and a leading + "
        "can be read.",
        "spoilt_by_spreadsheet": "The spreadsheet program has replaced this number by a rounded or an error value, so "
        "its digits are lost. Format the column as text and enter the number again.",
        "several_numbers": "The cell holds more than one number. Keep one of them.",
        "extension": "A number with an extension cannot receive messages. Give a direct number.",
        "needs_country": "The number has no country code. Write it with + and the country code, or choose the country "
        "of the file.",
        "needs_plus": "Without a + nobody can tell whether the number begins with a country code or has lost its "
        "leading zero. Write + before the country code, or choose the country of the file.",
        "lost_zero": "The number begins with no country code and no zero; spreadsheet programs take leading zeros "
        "away. Choose the country of the file, then the number is read as if the zero were there.",
        "unknown_country": "No country has this country code. Check the digits after the +.",
        "too_short": "The number is too short: digits or the area code are missing.",
        "too_long": "The number is too long. Check it for digits that do not belong to it.",
        "invalid": "No such number exists in this country. Check the digits; a number of another country needs + and "
        "its country code.",
        "premium": "Messages are not sent to premium-rate numbers.",
    }.items()
}
WITHOUT_COUNTRY = frozenset({REFUSALS["needs_country"], REFUSALS["needs_plus"], REFUSALS["lost_zero"]})

_PARSE_CODES = {
    NumberParseException.INVALID_COUNTRY_CODE: "unknown_country",
    NumberParseException.NOT_A_NUMBER: "too_short",  # only digits are ever parsed, so there are too few of them
    NumberParseException.TOO_SHORT_AFTER_IDD: "too_short",
    NumberParseException.TOO_SHORT_NSN: "too_short",
    NumberParseException.TOO_LONG: "too_long",
}
SHORTEST, LONGEST = 4, 17  # digits that a number has in any country; phonenumbers takes more than E.164's 15
_LENGTH_CODES = {
    ValidationResult.TOO_SHORT: "too_short",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "too_short",
    ValidationResult.TOO_LONG: "too_long",
}

_IGNORED = frozenset({"Zs", "Cf", "Cc", "Pd"})  # spaces, invisible characters, hyphens
_BRACKETS = "()[]\uff08\uff09\uff3b\uff3d"
_ALIKE = {
    "\r": "\r",  # a line break parts two numbers, so it stays
    "\n": "\n",
    "\uff0b": "+",  # full-width forms
    "\uff25": "E",  # as in 6.28E+12
    "\uff0e": ".",
    "\uff0f": "/",
    "\u30fc": "",  # used as hyphens in Japan and by word processors
    "\u2212": "",
    "\u2018": "'",
    "\u2019": "'",
} | dict.fromkeys(_BRACKETS, "")

_QUOTES = "'\"`=.,;/\r\n"  # '0812, ="0812": the ways to make a spreadsheet keep a number as text
_SCHEME = re.compile(r"\A(?:tel:|(whatsapp:)\+?)", re.IGNORECASE)
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
_WHOLE_DECIMAL = re.compile(r"(\+?\d{7,})[.,]0{1,2}")
_WRITTEN = re.compile(r"\+*\d[\d./]*")
_FRACTION = re.compile(r".*\d{7}\.\d{1,2}")
_SPOILT = re.compile(r"\+?\d+(?:[.,]\d+)?e\+?\d+|#+|#(?:ref!|n/a|value!|name\?|num!|null!|div/0!)", re.IGNORECASE)
_SEVERAL = re.compile(
    r"\+?[\d.]{7,}(?:/\d{1,3}|(?:[/,;&|\r\n]|and|or|dan|atau|y|o|et|ou|e|und|oder)+\+?[\d.]{7,}.*)",
    re.IGNORECASE | re.DOTALL,
)
_EXTENSION = re.compile(
    r"\+?[\d./]{5,}[,;]*(?:e?xt(?:e?nsi[oó]?n?)?|x|#|int|доб|anexo|ramal|poste|,)[.:=]*\d{1,9}#?", re.IGNORECASE
)


class _Characters(dict[int, str]):
    """A table for `str.translate` that learns each character once: any script's digits become ASCII."""

    def __missing__(self, code: int) -> str:
        self[code] = _plain(chr(code))
        return self[code]


def _plain(character: str) -> str:
    if character in _ALIKE:
        return _ALIKE[character]
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    return "" if category in _IGNORED else character


_CHARACTERS = _Characters()


def normalise(raw: str, region: str | None) -> str | Refusal:
    """Return the E.164 form (+62812...) of a cell's text, or why it is refused; never raises for any text.

    `region` is the ISO 3166 alpha-2 code of the country whose local numbers the file holds, None where each number
    carries its country code. Raises ValueError for a region that does not exist.
    """
    text = raw if raw.isascii() and raw.removeprefix("+").isdecimal() else raw.translate(_CHARACTERS)
    return quick_e164(text, region) or _read(text, region)


def _read(text: str, region: str | None) -> str | Refusal:
    text = _SCHEME.sub(lambda scheme: "+" if scheme[1] else "", text.strip(_QUOTES))
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    if whole := _WHOLE_DECIMAL.fullmatch(text):
        text = whole[1]
    if code := _obstacle(text):
        return REFUSALS[code]
    number = text.replace(".", "").replace("/", "")
    found = quick_e164(number, region) or _judge(number, region)
    # 00 stands for + wherever the region's own reading finds no number: a file travels, dialling habits stay.
    if isinstance(found, Refusal) and number.lstrip("+").startswith("00"):
        return _judge("+" + number.lstrip("+0"), None)
    return found


def _obstacle(text: str) -> str | None:
    """Return the code of what makes the text unreadable as one plain number, or None."""
    if not text:
        return "empty"
    if _SPOILT.fullmatch(text):
        return "spoilt_by_spreadsheet"
    if _SEVERAL.fullmatch(text):
        return "several_numbers"
    if _WRITTEN.fullmatch(text):
        return "not_a_number" if _FRACTION.fullmatch(text) else None
    return "extension" if _EXTENSION.fullmatch(text) else "not_a_number"


def _judge(number: str, region: str | None) -> str | Refusal:
    """Let phonenumbers decide on digits with an optional leading plus."""
    if region is None and not number.startswith("+"):
        return REFUSALS[_lack_of_country(number)]
    try:
        parsed = phonenumbers.parse(number, region)
    except NumberParseException as error:
        return REFUSALS[_PARSE_CODES[error.error_type]]
    if not phonenumbers.is_valid_number(parsed):
        length = phonenumbers.is_possible_number_with_reason(parsed)
        return REFUSALS[_LENGTH_CODES.get(length, "invalid")]
    if phonenumbers.number_type(parsed) == PhoneNumberType.PREMIUM_RATE:
        return REFUSALS["premium"]
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)


def _lack_of_country(digits: str) -> str:
    """Return the code of what keeps digits without a plus from being a number where no country is known."""
    if len(digits) < SHORTEST:
        return "too_short"
    if len(digits) > LONGEST:
        return "too_long"
    if digits.startswith("0"):
        return "needs_country"
    with_plus = _judge("+" + digits, None)
    return "needs_plus" if isinstance(with_plus, str) or with_plus == REFUSALS["premium"] else "lost_zero"


def is_fixed_line(e164: str) -> bool:
    """Whether an E.164 number is a landline; False where it may be a mobile one too, and for what is no number."""
    quick = quick_is_fixed_line(e164)
    return _is_fixed_line(e164) if quick is None else quick


def _is_fixed_line(e164: str) -> bool:
    try:
        return phonenumbers.number_type(phonenumbers.parse(e164, None)) == PhoneNumberType.FIXED_LINE
    except NumberParseException:
        return False


@cache
def regions() -> tuple[tuple[str, str], ...]:
    """Return (ISO 3166 code, "Indonesia (+62)") for each region with phone numbers, sorted by name."""
    names = _country_names()
    labels = ((code, f"{names[code]} (+{phonenumbers.country_code_for_region(code)})") for code in names)
    return tuple(
        sorted((pair for pair in labels if pair[0] in phonenumbers.SUPPORTED_REGIONS), key=lambda pair: pair[1])
    )


def _country_names() -> dict[str, str]:
    """Return English names by ISO 3166 code from IANA's table; phonenumbers' own names cost seconds to load."""
    table = resources.files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text(encoding="utf-8")
    rows = (line.split("\t", maxsplit=1) for line in table.splitlines() if not line.startswith("#"))
    # Codes that phonenumbers knows but ISO 3166 has only reserved.
    return {"AC": "Ascension Island", "TA": "Tristan da Cunha", "XK": "Kosovo"} | dict(rows)

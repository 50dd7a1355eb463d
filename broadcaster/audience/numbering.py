"""Numbering plans: the quick way for phone numbers in common shapes, compiled from phonenumbers' own metadata.

It says what number is written, and whether it is a landline. It answers only where its answer is certain to be that of
`phonenumbers`, and leaves the rest to it (`phones.py`). The steps are those of `phonenumbers.parse`, `is_valid_number`
and `number_type`; each step that is not plain ends the quick way.
"""

import re
from dataclasses import dataclass
from functools import cache

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    SUPPORTED_REGIONS,
    PhoneMetadata,
    PhoneNumberDesc,
    country_code_for_region,
)

_NEVER = r"(?!)"
# The kinds of lines that phonenumbers asks about beside the fixed ones: a number of two kinds is no mere landline.
_NOT_FIXED = (
    "mobile",
    "premium_rate",
    "toll_free",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)
_REGIONS_BY_CODE: dict[str, tuple[str, ...]] = {
    str(code): tuple(regions) for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()
}


@dataclass(frozen=True, slots=True)
class Trunk:
    """The prefix that is dialled only inside a country, and what numbers of the country look like without it."""

    prefix: re.Pattern[str]
    shape: re.Pattern[str]
    possible: re.Pattern[str]

    def off(self, number: str) -> str | None:
        """Return the number without its trunk prefix if it has one, or None where only phonenumbers can tell."""
        prefix = self.prefix.match(number)
        if not prefix:
            return number
        if prefix.lastindex:  # a carrier's code, or a rule that rewrites the number
            return None
        rest = number[prefix.end() :]
        if self.shape.fullmatch(number) and not self.shape.fullmatch(rest):
            return number  # it only begins with the same digits
        return rest if self.possible.match(rest) else None


@dataclass(frozen=True, slots=True)
class CallingCode:
    """What may follow one calling code.

    `subscriber` are mobile and fixed lines, `fixed` those that are certainly no mobile ones.
    """

    digits: str
    trunk: Trunk
    subscriber: re.Pattern[str]
    fixed: re.Pattern[str]

    def e164(self, dialled: str) -> str | None:
        """Return the whole number, unless the part after the code is invalid or not plain."""
        subscriber = self.trunk.off(dialled)
        return f"+{self.digits}{subscriber}" if subscriber and self.subscriber.match(subscriber) else None

    def is_fixed_line(self, dialled: str) -> bool | None:
        """Whether the part after the code is a landline's; None where it is not plain."""
        subscriber = self.trunk.off(dialled)
        return None if subscriber is None else self.fixed.match(subscriber) is not None


@dataclass(frozen=True, slots=True)
class Plan:
    """How people in one region dial: `abroad` leads out of the country, `trunk` to another place inside it."""

    code: CallingCode
    abroad: re.Pattern[str]
    trunk: Trunk

    def e164(self, dialled: str) -> str | None:
        """Return the whole number for digits dialled in this region, or None where the quick way ends."""
        abroad = self.abroad.match(dialled)
        if abroad and abroad.end():
            return international(dialled[abroad.end() :])
        if dialled.startswith(self.code.digits) and not self.trunk.shape.fullmatch(dialled):
            return self._without_code(dialled[len(self.code.digits) :])
        subscriber = self.trunk.off(dialled)
        if not subscriber or not self.code.subscriber.match(subscriber):
            return None
        return f"+{self.code.digits}{subscriber}"

    def _without_code(self, dialled: str) -> str | None:
        """Return the number for 62812..., written with the calling code but without a plus."""
        if self.trunk.off(dialled) != dialled or not self.trunk.possible.match(dialled):
            return None
        return self.code.e164(dialled)


def quick_e164(number: str, region: str | None) -> str | None:
    """Return the E.164 form of ASCII digits with an optional leading plus, or None where only phonenumbers can tell.

    Raises ValueError for a region that phonenumbers does not know.
    """
    if number.startswith("+"):
        return international(number[1:])
    return plan(region).e164(number) if region else None


def quick_is_fixed_line(e164: str) -> bool | None:
    """Whether +62... is a landline, and no mobile phone either; None where only phonenumbers can tell."""
    code, subscriber = _parted(e164[1:])
    return code.is_fixed_line(subscriber) if code else None


def international(digits: str) -> str | None:
    """Return the E.164 form of digits that begin with a calling code, or None where the quick way ends."""
    code, subscriber = _parted(digits)
    return code.e164(subscriber) if code else None


def _parted(digits: str) -> tuple[CallingCode | None, str]:
    """Part a calling code from what follows it (no calling code begins another one)."""
    for length in (2, 1, 3):
        if (code := digits[:length]) in _REGIONS_BY_CODE:
            return calling_code(code), digits[length:]
    return None, digits


@cache
def plan(region: str) -> Plan:
    """Return the numbering plan of an ISO 3166 region."""
    if region not in SUPPORTED_REGIONS:
        raise ValueError(f"Unknown region {region!r}.")
    code = country_code_for_region(region)
    metadata = _metadata(code, region)
    return Plan(
        code=calling_code(str(code)),
        abroad=re.compile(metadata.international_prefix or _NEVER),
        trunk=_trunk(metadata),
    )


@cache
def calling_code(digits: str) -> CallingCode:
    """Return what phonenumbers knows about a calling code; the first region is the main one of those that share it."""
    regions = _REGIONS_BY_CODE[digits]
    plans = [_metadata(int(digits), region) for region in regions]
    return CallingCode(
        digits=digits,
        trunk=_trunk(plans[0]),
        subscriber=re.compile(_subscriber(plans)),
        fixed=re.compile(_fixed_line(plans)),
    )


def _metadata(code: int, region: str) -> PhoneMetadata:
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    if metadata is None:
        raise LookupError(f"phonenumbers has no metadata for +{code} in {region}.")
    return metadata


def _trunk(metadata: PhoneMetadata) -> Trunk:
    general = metadata.general_desc
    return Trunk(
        prefix=re.compile(metadata.national_prefix_for_parsing or _NEVER),
        shape=re.compile((general and general.national_number_pattern) or _NEVER),
        possible=re.compile(_exactly(general)),
    )


def _subscriber(plans: list[PhoneMetadata]) -> str:
    """Return the regex of mobile and fixed lines, in the order in which phonenumbers asks the regions.

    A region claims a number by its leading digits where it has any, else by validity. So each choice is barred from
    what an earlier region would have claimed by its leading digits, or as a premium number (which is refused).
    """
    choices, barred = [], ""
    for metadata in plans:
        own = f"(?={metadata.leading_digits})" if metadata.leading_digits else ""
        barred += f"(?!{_exactly(metadata.premium_rate)})"
        lines = f"(?:{_exactly(metadata.mobile)}|{_exactly(metadata.fixed_line)})"
        choices.append(f"{barred}{own}(?={_exactly(metadata.general_desc)}){lines}")
        barred += f"(?!{metadata.leading_digits})" if metadata.leading_digits else ""
    return "|".join(choices)


def _fixed_line(plans: list[PhoneMetadata]) -> str:
    """Return the regex of what phonenumbers calls a fixed line, and no mobile or other line.

    Each choice is barred from what an earlier region claims: by its leading digits where it has any, else by validity.
    What fails most numbers stands first.
    """
    choices, barred = [], ""
    for metadata in plans:
        claim = metadata.leading_digits if len(plans) > 1 else ""
        general = f"(?={_exactly(metadata.general_desc)})"
        if not metadata.same_mobile_and_fixed_line_pattern:
            own = f"(?={claim})" if claim else ""
            others = "".join(f"(?!{_exactly(getattr(metadata, kind))})" for kind in _NOT_FIXED)
            choices.append(f"{own}(?={_exactly(metadata.fixed_line)}){general}{others}{barred}")
        valid = "|".join(_exactly(getattr(metadata, kind)) for kind in ("fixed_line", *_NOT_FIXED))
        barred += f"(?!{claim or f'{general}(?:{valid})'})"
    return "|".join(choices) or _NEVER


def _exactly(kind: PhoneNumberDesc | None) -> str:
    """Return the regex that matches a whole number exactly when phonenumbers counts it as of this kind."""
    if kind is None or not kind.national_number_pattern:
        return _NEVER
    lengths = "|".join(rf"\d{{{length}}}" for length in kind.possible_length)
    return rf"(?=(?:{lengths})\Z)(?:{kind.national_number_pattern})\Z"

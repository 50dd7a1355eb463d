"""Numbering plans: the quick way for phone numbers in common shapes, compiled from phonenumbers' own metadata.

It answers only where its answer is certain to be that of `phonenumbers`, and leaves the rest to it (`phones.py`).
The steps are those of `phonenumbers.parse` and `is_valid_number`; each step that is not plain ends the quick way.
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
_REGIONS_BY_CODE: dict[str, tuple[str, ...]] = {
    str(code): tuple(regions) for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()
}


@dataclass(frozen=True, slots=True)
class CallingCode:
    """What may follow one calling code: `trunk` is the prefix that is dialled only inside the country."""

    digits: str
    trunk: re.Pattern[str]
    subscriber: re.Pattern[str]

    def e164(self, subscriber: str) -> str | None:
        """Return the whole number, unless the part after the code is invalid or begins with a trunk prefix."""
        trunk = self.trunk.match(subscriber)
        if (trunk and trunk.end()) or not self.subscriber.match(subscriber):
            return None
        return f"+{self.digits}{subscriber}"


@dataclass(frozen=True, slots=True)
class Plan:
    """How people in one region dial: `abroad` leads out of the country, `trunk` to another place inside it."""

    code: CallingCode
    abroad: re.Pattern[str]
    trunk: re.Pattern[str]
    shape: re.Pattern[str]
    possible: re.Pattern[str]

    def e164(self, dialled: str) -> str | None:
        """Return the whole number for digits dialled in this region, or None where the quick way ends."""
        abroad = self.abroad.match(dialled)
        if abroad and abroad.end():
            return international(dialled[abroad.end() :])
        if dialled.startswith(self.code.digits) and not self.shape.fullmatch(dialled):
            return self._without_code(dialled[len(self.code.digits) :])
        trunk = self.trunk.match(dialled)
        if trunk and trunk.lastindex:  # a carrier's code, or a rule that rewrites the number
            return None
        subscriber = dialled[trunk.end() :] if trunk else dialled
        if not self.possible.match(subscriber) or not self.code.subscriber.match(subscriber):
            return None
        return f"+{self.code.digits}{subscriber}"

    def _without_code(self, subscriber: str) -> str | None:
        """Return the number for 62812..., written with the calling code but without a plus."""
        trunk = self.trunk.match(subscriber)
        if (trunk and trunk.end()) or not self.possible.match(subscriber):
            return None
        return self.code.e164(subscriber)


def quick_e164(number: str, region: str | None) -> str | None:
    """Return the E.164 form of ASCII digits with an optional leading plus, or None where only phonenumbers can tell.

    Raises ValueError for a region that phonenumbers does not know.
    """
    if number.startswith("+"):
        return international(number[1:])
    return plan(region).e164(number) if region else None


def international(digits: str) -> str | None:
    """Return the E.164 form of digits that begin with a calling code (no calling code begins another one)."""
    for length in (2, 1, 3):
        code = digits[:length]
        if code in _REGIONS_BY_CODE:
            return calling_code(code).e164(digits[length:])
    return None


@cache
def plan(region: str) -> Plan:
    """Return the numbering plan of an ISO 3166 region."""
    if region not in SUPPORTED_REGIONS:
        raise ValueError(f"Unknown region {region!r}.")
    code = country_code_for_region(region)
    metadata = _metadata(code, region)
    general = metadata.general_desc
    return Plan(
        code=calling_code(str(code)),
        abroad=re.compile(metadata.international_prefix or _NEVER),
        trunk=re.compile(metadata.national_prefix_for_parsing or _NEVER),
        shape=re.compile((general and general.national_number_pattern) or _NEVER),
        possible=re.compile(_exactly(general)),
    )


@cache
def calling_code(digits: str) -> CallingCode:
    """Return what phonenumbers knows about a calling code; the first region is the main one of those that share it."""
    regions = _REGIONS_BY_CODE[digits]
    plans = [_metadata(int(digits), region) for region in regions]
    return CallingCode(
        digits=digits,
        trunk=re.compile(plans[0].national_prefix_for_parsing or _NEVER),
        subscriber=re.compile(_subscriber(plans)),
    )


def _metadata(code: int, region: str) -> PhoneMetadata:
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    if metadata is None:
        raise LookupError(f"phonenumbers has no metadata for +{code} in {region}.")
    return metadata


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


def _exactly(kind: PhoneNumberDesc | None) -> str:
    """Return the regex that matches a whole number exactly when phonenumbers counts it as of this kind."""
    if kind is None or not kind.national_number_pattern:
        return _NEVER
    lengths = "|".join(rf"\d{{{length}}}" for length in kind.possible_length)
    return rf"(?=(?:{lengths})\Z)(?:{kind.national_number_pattern})\Z"

"""Example numbers of every region, as phonenumbers has them."""

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
KINDS = PhoneNumberType.values()


def examples(region: str) -> list[phonenumbers.PhoneNumber]:
    """One number of each kind that the region has."""
    found = (phonenumbers.example_number_for_type(region, kind) for kind in KINDS)
    return [example for example in found if example]


def e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)

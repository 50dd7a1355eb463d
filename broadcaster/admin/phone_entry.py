"""A phone as a person types it into a form or a search box: 0812..., spaces and brackets become E.164."""

import re

from django.core.exceptions import ValidationError

from broadcaster.audience import phones, regions

DIGITS_ONLY = re.compile(r"[+()\d\s./-]{5,}")


def looks_like_phone(text: str) -> bool:
    """Whether this is meant as a phone: digits and what people put between them."""
    return bool(DIGITS_ONLY.fullmatch(text))


def typed_phone(text: str) -> str:
    """The phone in E.164. A local number needs a country that all channels share. Raises ValidationError."""
    return read_phone(text, regions.home())


def read_phone(text: str, region: str | None) -> str:
    """The phone in E.164, a local number as this country's. Raises ValidationError."""
    found = phones.normalise(text, region)
    if isinstance(found, phones.Refusal):
        raise ValidationError(found.sentence, code=found.code)
    return found


def possible_phones(text: str) -> set[str]:
    """Every number that the text can stand for, in the world and in each channel's country."""
    found = (phones.normalise(text, region) for region in (None, *regions.all_of_them()))
    return {phone for phone in found if isinstance(phone, str)}

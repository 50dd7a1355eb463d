"""URNs, RapidPro's way to write an address: `tel:+628123456789` is a phone, `ext:C-1042` an identifier.

Whoever is named by a URN becomes a contact, if there is none yet: every recipient is one.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q

from broadcaster.audience import erasure, phones, segments, staging
from broadcaster.models import Contact

TEL, WHATSAPP, EXT = "tel", "whatsapp", "ext"
IDENTIFIER_CHARACTERS = 128
INVALID = "Invalid URN: {}. Ensure phone numbers contain country codes."


class InvalidUrn(ValueError):  # noqa: N818
    """The text is no URN of anybody that we can reach; the sentence says so as RapidPro does."""


class Erased(ValueError):  # noqa: N818
    """Some of the people, who are at `urns`, were erased on request."""

    def __init__(self, urns: set["Urn"]) -> None:
        super().__init__(urns)
        self.urns = urns


class Urn(NamedTuple):
    """An address: the column of the contact in which it stands, and what stands there."""

    column: str
    address: str

    @classmethod
    def read(cls, given: str) -> "Urn":
        """The address that a URN names. Raises InvalidUrn."""
        scheme, _, path = given.strip().partition(":")
        scheme, path = scheme.lower(), path.strip()
        if scheme in (TEL, WHATSAPP):
            return cls("phone", _phone(path if scheme == TEL else f"+{path.removeprefix('+')}", given))
        if scheme != EXT or not _is_identifier(path):
            raise InvalidUrn(INVALID.format(given))
        return cls("identifier", path)


def _phone(path: str, given: str) -> str:
    phone = phones.normalise(path, None) if path.startswith("+") else None
    if not isinstance(phone, str):
        raise InvalidUrn(INVALID.format(given))
    return phone


def _is_identifier(path: str) -> bool:
    """Whether it can be somebody's identifier; a provider's own group or contact is chosen in the browser."""
    is_scoped = path.startswith((segments.GROUP, segments.PERSON))
    return 0 < len(path) <= IDENTIFIER_CHARACTERS and path.isprintable() and not is_scoped


def of(contact: Contact) -> list[str]:
    """The contact's URNs; the first is the one that it is written to at."""
    return [
        *([f"{TEL}:{contact.phone}"] if contact.phone else []),
        *([f"{EXT}:{contact.identifier}"] if contact.identifier else []),
    ]


def find(urns: Iterable[Urn]) -> dict[Urn, Contact]:
    """The contacts that are known under these URNs."""
    listed = list(urns)
    wanted = Q(phone__in=[urn.address for urn in listed if urn.column == "phone"]) | Q(
        identifier__in=[urn.address for urn in listed if urn.column == "identifier"]
    )
    known = Contact.objects.filter(wanted)
    found = {Urn(column, getattr(contact, column)): contact for contact in known for column in ("phone", "identifier")}
    return {urn: found[urn] for urn in listed if urn in found}


@transaction.atomic
def find_or_make(urns: Sequence[Urn]) -> dict[Urn, Contact]:
    """A contact for each URN. Raises Erased where nothing of somebody may be stored."""
    found = find(urns)
    lacking = [urn for urn in dict.fromkeys(urns) if urn not in found]
    if not lacking:
        return found
    staging.one_at_a_time()  # an import could make the same people at this moment, and whoever erases them waits
    if gone := erased(urns):  # while this waited
        raise Erased(gone)
    Contact.objects.bulk_create([Contact(**{urn.column: urn.address}) for urn in lacking], ignore_conflicts=True)
    return find(urns)


def erased(urns: Iterable[Urn]) -> set[Urn]:
    """Those of the URNs that are of people who were erased on request: nothing of theirs may be stored."""
    listed = list(urns)
    known = erasure.erased([urn.address for urn in listed])
    return {urn for urn in listed if urn.address in known}

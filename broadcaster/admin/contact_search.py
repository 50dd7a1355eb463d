"""How contacts are found, in their list and to choose from while one types: with the address, as names are not unique.

Each search reads a part of one index, in its order: the first page costs the same whatever the number of contacts.
"""

import re
from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.db.models import Q, QuerySet, Value

from broadcaster.admin import phone_entry
from broadcaster.admin.base import CappedPaginator
from broadcaster.admin.widgets import LABELLED_SEARCH
from broadcaster.models import Contact, Group
from broadcaster.models.contact import NameKey

URL_NAME = "broadcaster_contact_search"
LONGEST_PHONE = 16  # E.164: a plus and fifteen digits
LAST = "\U0010ffff"  # follows every character


def matching(contacts: QuerySet[Contact], term: str) -> QuerySet[Contact]:
    """Those whom the term means: a phone in any form, an identifier, the beginning of an E.164 number or of a name."""
    is_phone = phone_entry.looks_like_phone(term)
    exact = Q(identifier=term)
    if is_phone:
        exact |= Q(phone__in=phone_entry.possible_phones(term))
    known = list(Contact.objects.filter(exact).values_list("pk", flat=True))
    if not is_phone:
        return _named(contacts, term, known)
    if known or not term.startswith("+"):
        return contacts.filter(pk__in=known)
    first = "+" + re.sub(r"\D", "", term)
    # Digits only, since languages disagree on what follows "9".
    return contacts.filter(phone__gte=first, phone__lte=first.ljust(LONGEST_PHONE, "9")).order_by("phone")


def _named(contacts: QuerySet[Contact], term: str, known: list[int]) -> QuerySet[Contact]:
    first, last = NameKey(Value(term)), NameKey(Value(term + LAST))
    keyed = contacts.alias(key=NameKey("name"))
    named = Q(key__gte=first, key__lte=last)
    return keyed.filter(Q(pk__in=known) | named if known else named).order_by("key", "-pk")


def in_words(contact: Contact) -> str:
    """The name and the address, once each."""
    return f"{contact.name} ({contact.address})" if contact.name else contact.address


class ChoicePaginator(CappedPaginator):
    """Whoever sees hundreds of people types another letter."""

    most = 200


class ContactSearchView(AutocompleteJsonView):
    """Django's view, with a text that tells two people of one name apart."""

    def get_paginator(self, *args: Any, **kwargs: Any) -> ChoicePaginator:
        """The first few pages."""
        return ChoicePaginator(*args, **kwargs)

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        """One contact."""
        return super().serialize_result(obj, to_field_name) | {"text": in_words(obj)}


class ContactSearch(AutocompleteSelectMultiple):
    """The box that asks the view."""

    url_name = f"%s:{URL_NAME}"

    def __init__(self, site: AdminSite) -> None:
        """Search all contacts, as one may who chooses a group's members."""
        super().__init__(Group._meta.get_field("contacts"), site)  # noqa: SLF001  Django's documented API

    @property
    def media(self) -> forms.Media:
        """With the script that names the box."""
        return super().media + LABELLED_SEARCH

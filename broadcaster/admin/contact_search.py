"""Contacts to choose from while one types: with the address, since names are not unique."""

from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admin.widgets import AutocompleteSelectMultiple

from broadcaster.admin.widgets import LABELLED_SEARCH
from broadcaster.models import Contact, Group

URL_NAME = "broadcaster_contact_search"


def in_words(contact: Contact) -> str:
    """The name and the address, once each."""
    return f"{contact.name} ({contact.address})" if contact.name else contact.address


class ContactSearchView(AutocompleteJsonView):
    """Django's view, with a text that tells two people of one name apart."""

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

"""Their addresses."""

from django.urls import URLPattern

from broadcaster.api.addresses import resource
from broadcaster.api.people.contact_fields import ContactFields
from broadcaster.api.people.contacts import Contacts
from broadcaster.api.people.groups import Groups
from broadcaster.api.people.workspace import Workspace

addresses: list[URLPattern] = [
    resource("contacts", Contacts),
    resource("groups", Groups),
    resource("fields", ContactFields),
    resource("workspace", Workspace),
    resource("org", Workspace),  # as RapidPro's own client calls it
]

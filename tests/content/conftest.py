"""Broadcasts as an operator composes them: a channel, a template, a file with two people in it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

import providers
from broadcaster.models import AudienceRow, AudienceUpload, Broadcast, Channel, Contact, Template

SEND_AT = datetime(2030, 1, 1, 9, tzinfo=UTC)
MAPPING = {
    "Phone": {"role": "phone"},
    "Total": {"role": "row", "key": "amount"},
    "City": {"role": "field", "key": "city"},
    "Remarks": {"role": "ignore"},
}


def make_channel(kind: str = "kaleyra", name: str = "WhatsApp", **fields: Any) -> Channel:
    """A channel whose required settings are all given."""
    settings = providers.client_class(kind).config_fields if kind in providers.kinds() else ()
    given = {each.name: "+911234567890" for each in settings if each.required and each.default == ""}
    secret = {each.name for each in settings if each.secret}
    account = {
        "config": {name: value for name, value in given.items() if name not in secret},
        "secrets": {name: value for name, value in given.items() if name in secret},
    }
    return Channel.objects.create(kind=kind, name=name, **account | fields)


def make_template(kind: str = "text", name: str = "Reminder", **translations: Any) -> Template:
    template = Template.objects.create(kind=kind, name=name)
    for language, content in (translations or {"eng": {"text": "Hello @contact.name"}}).items():
        template.translations.create(language=language, content=content)
    return template


def make_upload(*people: Contact, state: str = "imported", **fields: Any) -> AudienceUpload:
    upload = AudienceUpload.objects.create(
        filename="june.csv", state=state, mapping=MAPPING, new=len(people), rows=len(people), **fields
    )
    for number, person in enumerate(people, start=1):
        row = {"amount": f"{number}0", "city": person.fields.get("city", "")}
        AudienceRow.objects.create(upload=upload, contact=person, number=number, variables=row)
    return upload


@pytest.fixture
def ann(db: None) -> Contact:
    return Contact.objects.create(name="Ann Lee", phone="+628111111111", fields={"city": "Bogor"})


@pytest.fixture
def budi(db: None) -> Contact:
    return Contact.objects.create(name="Budi", phone="+628122222222", language="ind")


Compose = Callable[..., Broadcast]


@pytest.fixture
def compose(ann: Contact, budi: Contact) -> Compose:
    """A draft with which nothing is wrong, changed in what is given."""

    def draft(text: str = "Hello @contact.name", **fields: Any) -> Broadcast:
        if "channel" not in fields:
            fields["channel"] = make_channel()
        if "template" not in fields:
            fields["template"] = make_template(eng={"text": text})
        if "upload" not in fields:
            fields["upload"] = make_upload(ann, budi)
        return Broadcast.objects.create(name="June", **fields)

    return draft

"""What a newcomer finds after the first start: a channel and a template for each provider, some people, and a draft.

The channels point at the simulator on this machine, over real HTTP; nothing leaves it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from broadcaster.models import (
    Broadcast,
    Channel,
    Contact,
    ContactField,
    Group,
    Membership,
    Template,
    TemplateTranslation,
)

GROUP = "Demo customers"
PEOPLE = (
    "Ayu Lestari", "Budi Santoso", "Citra Dewi", "Dimas Pratama", "Eka Putri", "Fajar Nugroho", "Gita Anggraini",
    "Hadi Wijaya", "Indah Permata", "Joko Susilo", "Kartika Sari", "Lukman Hakim", "Maya Kusuma", "Nadia Rahma",
    "Oscar Tan", "Putri Ananda", "Rizky Ramadhan", "Sari Wulandari", "Teguh Prasetyo", "Umar Faruq", "Vina Melati",
    "Wahyu Hidayat", "Yuni Astuti", "Zahra Amalia",
)  # fmt: skip
CITIES = ("Jakarta", "Bandung", "Surabaya", "Medan")
FIRST_NUMBER = 1001
RATE_PER_SECOND = 5  # slow enough to watch the bar grow
REFUSED_NUMBER = "+6281210000001"  # the simulator refuses it, so that a newcomer sees a reason in the log


@dataclass(frozen=True, slots=True)
class DemoChannel:
    """A channel against the simulator, and the template that goes with it.

    `listing` is what the account needs besides to list its templates.
    """

    kind: str
    name: str
    config: Mapping[str, Any]
    secrets: Mapping[str, str]
    template: str
    content_kind: str
    content: Mapping[str, Any] = field(default_factory=dict)
    listing: Mapping[str, Any] = field(default_factory=dict)


CHANNELS = (
    DemoChannel(
        kind="kaleyra",
        name="Demo WhatsApp (Kaleyra)",
        config={"pod": "IN", "sid": "HXDEMO", "sender": "+6281110000000"},
        secrets={"api_key": "demo-key"},
        template="Welcome (Kaleyra)",
        content_kind="template",
        content={"name": "welcome", "language": "en", "variables": ["@contact.first_name", "@fields.city"]},
        listing={"waba_id": "101110000000"},
    ),
    DemoChannel(
        kind="rapidpro",
        name="Demo SMS (RapidPro)",
        config={},
        secrets={"api_token": "0123456789abcdef0123456789abcdef01234567"},
        template="Opening hours (text)",
        content_kind="text",
        content={"text": "Hello @contact.first_name, our shop in @fields.city is open from 9 to 18 on Saturday."},
    ),
    DemoChannel(
        kind="qiscus",
        name="Demo WhatsApp (Qiscus)",
        config={"app_id": "demo-app", "channel_id": 534},
        secrets={"secret_key": "demo-secret"},
        template="Invoice (Qiscus)",
        content_kind="template",
        content={
            "name": "invoice_update",
            "language": "id",
            "namespace": "6616bb93_d895_41e7_8bbe_2c528219e56e",
            "template_id": 172,
            "variables": ["@contact.name", "@fields.city"],
        },
    ),
    DemoChannel(
        kind="khoros",
        name="Demo WhatsApp (Khoros Flow)",
        config={"channel_name": "whatsapp", "external_id": "+12345678902"},
        secrets={"api_key": "demo-key"},
        template="Start the welcome bot (Khoros)",
        content_kind="event",
        content={"name": "Send template"},
    ),
    DemoChannel(
        kind="imiconnect",
        name="Demo voice call (IMIconnect)",
        config={"caller_id": "0453745878"},
        secrets={"service_key": "demo-key"},
        template="Reminder call (IMIconnect)",
        content_kind="voice",
        content={"flow_id": "184"},
    ),
)


def ensure_demo(*, simulator_url: str, author: User) -> None:
    """Make the demo once; on later starts only tell its channels where the simulator is now."""
    if Channel.objects.exists():
        move_simulator(simulator_url)
        return
    with transaction.atomic():
        channels = {demo.kind: make_channel(demo, simulator_url, lists=True) for demo in CHANNELS}
        templates = {demo.kind: make_template(demo) for demo in CHANNELS}
        broadcast = Broadcast.objects.create(
            name="My first broadcast", channel=channels["kaleyra"], template=templates["kaleyra"], author=author
        )
        broadcast.groups.set([_people()])


def move_simulator(simulator_url: str) -> None:
    """Point the demo's channels at the simulator's address of this start."""
    for demo in CHANNELS:
        for channel in Channel.objects.filter(kind=demo.kind, name=demo.name):
            channel.config["base_url"] = f"{simulator_url}/{demo.kind}"
            channel.save(update_fields=["config"])


def make_channel(demo: DemoChannel, simulator_url: str, *, lists: bool = False) -> Channel:
    """The channel, pointed at the simulator; it `lists` its templates where its provider can."""
    config = {**demo.config, **demo.listing} if lists else demo.config
    return Channel.objects.create(
        kind=demo.kind,
        name=demo.name,
        config={**config, "base_url": f"{simulator_url}/{demo.kind}"},
        secrets=dict(demo.secrets),  # type: ignore[misc]  # a JSON field over text: any JSON goes in
        default_region="ID",
        rate_per_second=RATE_PER_SECOND,
    )


def make_template(demo: DemoChannel) -> Template:
    """The template that goes with the channel."""
    template = Template.objects.create(name=demo.template, kind=demo.content_kind, base_language="eng")
    TemplateTranslation.objects.create(template=template, language="eng", content=dict(demo.content))
    return template


def _people() -> Group:
    ContactField.objects.get_or_create(key="city", defaults={"label": "City"})
    group = Group.objects.create(name=GROUP)
    contacts = [
        Contact(
            name=name,
            phone=f"+628121000{number}",
            language="ind" if number % 2 else "eng",
            fields={"city": CITIES[number % len(CITIES)]},
        )
        for number, name in enumerate(PEOPLE, start=FIRST_NUMBER)
    ]
    contacts.append(Contact(name="Nobody Home", phone=REFUSED_NUMBER, fields={"city": CITIES[0]}))
    Contact.objects.bulk_create(contacts, ignore_conflicts=True)
    members = Contact.objects.filter(phone__in=[contact.phone for contact in contacts])
    Membership.objects.bulk_create(Membership(group=group, contact=contact) for contact in members)
    return group

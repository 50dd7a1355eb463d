"""What the stages are played on: people, and a broadcast to them that is about to be expanded."""

from functools import cache

from django.utils import timezone

from broadcaster.content.rendering import freeze
from broadcaster.models import Broadcast, Channel, Contact, Group, Membership, Template
from tests.audiences import phone

MOST_PEOPLE = 50_000


@cache
def people(count: int) -> Group:
    """A group of so many contacts; made once."""
    group = Group.objects.create(name=f"{count} people")
    numbers = [phone(number) for number in range(100, 100 + count)]
    everyone = [Contact(phone=number, name="Ann Lee", fields={"city": "Bandung"}) for number in numbers]
    Contact.objects.bulk_create(everyone, ignore_conflicts=True)
    contacts = Contact.objects.filter(phone__in=numbers) if count < MOST_PEOPLE else Contact.objects.all()
    Membership.objects.bulk_create([Membership(group=group, contact=contact) for contact in contacts])
    return group


def prepared(channel: Channel, template: Template, count: int) -> Broadcast:
    """A broadcast to so many people that is about to be expanded."""
    broadcast = Broadcast.objects.create(
        name="Bench",
        channel=channel,
        template=template,
        content=freeze(template),
        state="preparing",
        send_at=timezone.now(),
    )
    broadcast.groups.set([people(count)])
    return broadcast


def clear(channel: Channel, template: Template) -> None:
    """Leave only the people."""
    Broadcast.objects.all().delete()
    template.delete()
    channel.delete()

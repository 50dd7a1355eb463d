"""A look at the first recipients before anything is sent: who they are, what each would get, whether it can be sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import providers
from broadcaster import gateway
from broadcaster.audience import consent, segments
from broadcaster.content import media
from broadcaster.content.rendering import NoBaseTranslation, Renderer, freeze, own_content, variables_of
from broadcaster.content.values import Unreadable
from broadcaster.models import AudienceRow, Broadcast, Contact

SPREAD = 10  # recipients that are looked at first, for each that is wanted
CHECKED = 1_000  # enough to notice a column with gaps, few enough for a page that is drawn again and again


@dataclass(frozen=True, slots=True)
class Person:
    """One recipient with all variables that a template may use."""

    contact: Contact
    variables: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sample:
    """What one recipient would get; `errors` says why the channel could not send it."""

    name: str
    address: str
    language: str
    content: providers.Content
    errors: tuple[providers.FieldError, ...]


def content_of(broadcast: Broadcast) -> dict[str, Any]:
    """What the broadcast says: a draft follows its template, anything later says what was frozen."""
    content: dict[str, Any] = broadcast.content
    if broadcast.is_editable and broadcast.template:
        return freeze(broadcast.template) | own_content(broadcast)
    return content if "kind" in content else {}


def client_of(broadcast: Broadcast) -> providers.Client | None:
    """The client that will send it, or None where there is no usable channel, which pre-flight explains."""
    try:
        return gateway.connect(broadcast.channel) if broadcast.channel else None
    except providers.ConfigurationError:
        return None


def reachable(broadcast: Broadcast, limit: int = CHECKED) -> list[Person]:
    """The first of the audience (a new file's people in its order), without those whom expansion will skip.

    They are among the first CHECKED. For a few of them a few are looked at, and the others only if these do not do.
    """
    few = _reachable_of(broadcast, limit, limit * SPREAD) if limit * SPREAD < CHECKED else []
    return few if len(few) == limit else _reachable_of(broadcast, limit, CHECKED)


def _reachable_of(broadcast: Broadcast, limit: int, looked_at: int) -> list[Person]:
    client = client_of(broadcast)
    contacts = list(segments.recipients(broadcast).order_by("pk")[:looked_at])
    if client:
        contacts = [contact for contact in contacts if _is_known(contact, client.capabilities)]
    if broadcast.channel:
        addresses = {address for each in contacts for address in (each.phone, each.identifier) if address}
        opted_out = consent.suppressed(addresses, broadcast.channel)
        contacts = [each for each in contacts if opted_out.isdisjoint((each.phone, each.identifier))]
    rows = _rows(broadcast, contacts[:limit])
    return [Person(contact, variables_of(contact, rows.get(contact.pk, {}))) for contact in contacts[:limit]]


def _is_known(contact: Contact, capabilities: providers.Capabilities) -> bool:
    """Whether the provider could know this recipient at all, as expansion decides it."""
    if capabilities.recipient_key == "phone":
        return bool(contact.phone)
    return capabilities.groups or not segments.is_scoped(contact)


def samples(broadcast: Broadcast, limit: int = 5) -> list[Sample]:
    """What the first recipients would get; nothing where the content cannot be rendered, which pre-flight explains."""
    return rendered(broadcast, reachable(broadcast, limit))


def rendered(broadcast: Broadcast, people: Iterable[Person]) -> list[Sample]:
    """What these people would get; nothing where the content cannot be rendered."""
    content = content_of(broadcast)
    try:
        shown, sent = Renderer(content), Renderer(_as_sent(content))
    except (NoBaseTranslation, Unreadable):
        return []
    client = client_of(broadcast)
    return [_sample(broadcast, person, shown, sent, client) for person in people]


def messages(broadcast: Broadcast, limit: int = CHECKED) -> list[providers.OutboundMessage]:
    """What the first recipients would be sent, to ask the provider about; nothing where it cannot be rendered."""
    try:
        renderer = Renderer(_as_sent(content_of(broadcast)))
    except (NoBaseTranslation, Unreadable):
        return []
    people = enumerate(reachable(broadcast, limit), start=1)
    return [_message(broadcast, person, renderer, number) for number, person in people]


def _as_sent(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """The content with our own UUID where the provider's id of a file will stand: both look alike."""
    return media.with_ids(content, {key: key for key in media.referenced(content)})


def _sample(
    broadcast: Broadcast, person: Person, shown: Renderer, sent: Renderer, client: providers.Client | None
) -> Sample:
    contact = person.contact
    errors = tuple(client.validate(_message(broadcast, person, sent))) if client else ()
    content = shown.render(contact.language, person.variables)
    return Sample(contact.name, contact.address, contact.language, content, errors)


def _message(broadcast: Broadcast, person: Person, renderer: Renderer, number: int = 0) -> providers.OutboundMessage:
    contact = person.contact
    recipient = providers.Recipient(
        phone=contact.phone or "", identifier=contact.identifier or "", name=contact.name, language=contact.language
    )
    content = renderer.render(contact.language, person.variables)
    return gateway.outbound(broadcast, message_id=number, recipient=recipient, content=content, notify_url="")


def _rows(broadcast: Broadcast, contacts: Sequence[Contact]) -> dict[int, dict[str, Any]]:
    """What the broadcast's file says of these people."""
    if broadcast.upload_id is None:
        return {}
    rows = AudienceRow.objects.filter(upload=broadcast.upload_id, contact__in=contacts)
    return dict(rows.values_list("contact_id", "variables"))

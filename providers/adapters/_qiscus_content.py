"""What Qiscus wants of a template message, one by one and by file, and how one of them is written.

Sources: the gist "Send Outbound Message" for the fields, and Qiscus' help for what is mandatory and how long it may be:
"How to Hide Message Variable(s) in Qiscus Omnichannel Dashboard" (name, namespace, language, variables and phone are
required; `header_value`, `button_params` where the template has such parts), "Creating WhatsApp Broadcast Message
Templates via API" (15 variables; header 60 characters and body 1,024, each with its variables).
"""

from collections.abc import Iterator
from typing import Any

from providers import limits, writing
from providers.errors import MessageRejected
from providers.messages import OutboundMessage, TemplateMessage
from providers.outcomes import FieldError

VARIABLES = 15
BODY_CHARACTERS = 1_024
HEADER_CHARACTERS = 60


def template_of(message: OutboundMessage) -> TemplateMessage:
    """The message's template. Raises MessageRejected for content of another kind."""
    if isinstance(message.content, TemplateMessage):
        return message.content
    raise MessageRejected(f"Qiscus cannot send content of the kind {message.content.kind}.")


def shape(template: TemplateMessage) -> object:
    """What the rows of one file have in common."""
    return template.template_id, len(template.variables), template.header is None


def problems(template: TemplateMessage) -> Iterator[FieldError]:
    """What is wrong with a template whichever way it goes."""
    yield from limits.filled("name", "The template's name", template.name)
    yield from limits.filled("language", "The template's language", template.language)
    if len(template.variables) > VARIABLES:
        yield FieldError(
            "variables", f"Qiscus takes at most {VARIABLES} variables; there are {len(template.variables)}."
        )
    yield from limits.within("variables", "The text of all variables", "".join(template.variables), BODY_CHARACTERS)
    if template.header and template.header.kind == "text":
        yield from limits.within("header", "The header's text", template.header.value, HEADER_CHARACTERS)


def problems_alone(template: TemplateMessage) -> Iterator[FieldError]:
    """What is wrong with a template that goes out one by one."""
    if not template.namespace.strip():
        yield FieldError("namespace", "The template's namespace is missing; Qiscus shows it on the template's page.")
    if template.header and template.header.kind != "text":
        yield FieldError("header", "Qiscus documents headers other than text for CSV files only; send by file.")


def problems_in_file(template: TemplateMessage) -> Iterator[FieldError]:
    """What is wrong with a template that goes out by file."""
    if template.template_id is None:
        yield FieldError("template_id", "The template's ID is missing; a CSV file needs it.")
    if template.buttons:
        yield FieldError("buttons", "A CSV file takes no button parameters; send one by one.")


def payload(message: OutboundMessage, *, channel_id: int, is_hidden: bool) -> dict[str, Any]:
    """One template to one recipient, as `broadcast/client` takes it."""
    template = template_of(message)
    return {
        "channel_id": channel_id,
        "name": _name(message),
        "template_name": template.name,
        **writing.given(template_detail_id=template.template_id),
        "namespace": template.namespace,
        "language": template.language,
        "variables": list(template.variables),
        "phone_number": message.recipient.phone.removeprefix("+"),
        **writing.given(
            header_value={"type": "text", "text": template.header.value} if template.header else None,
            button_params=[
                {"type": button.kind, "values": button.value, "index": button.index} for button in template.buttons
            ],
            hide_variables=is_hidden,
        ),
        **_schedule(message),
    }


def order(first: OutboundMessage, *, file_id: int, separator: str) -> dict[str, Any]:
    """What sends an uploaded file, as `send_broadcast` takes it; its recipients have these things in common."""
    return {
        "template_detail_id": template_of(first).template_id,
        "broadcast_file_id": file_id,
        "name": _name(first),
        "separator": separator,
        **_schedule(first),
    }


def _name(message: OutboundMessage) -> str:
    """What Qiscus' own users see the broadcast as."""
    return message.campaign or template_of(message).name


def _schedule(message: OutboundMessage) -> dict[str, str]:
    """When it goes out, where that is not at once."""
    return {"started_at": writing.utc(message.send_at)} if message.send_at else {}

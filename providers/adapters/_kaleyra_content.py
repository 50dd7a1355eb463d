"""What a message says, as Kaleyra wants it, and what Kaleyra or WhatsApp would refuse of it.

Sources: the "Send Flow Messages" page for the frame of a flow, Meta's pages "Flow Messages" and "Interactive object"
for its parameters and limits, Kaleyra's pages on text and template messages for theirs.
"""

from collections.abc import Iterator
from typing import Any

from providers import limits, whatsapp_templates, writing
from providers.errors import MessageRejected
from providers.messages import Content, Flow, OutboundMessage, TemplateMessage, Text
from providers.outcomes import FieldError

CTA_CHARACTERS = 20  # Meta, "Flow Messages": and no emoji
HEADER_CHARACTERS, FOOTER_CHARACTERS = 60, 60  # Meta, "Interactive object"
BODY_CHARACTERS = 1024
TEXT_CHARACTERS = 4096
MODES = frozenset({"draft", "published"})
ACTIONS = frozenset({"navigate", "data_exchange"})


def written(message: OutboundMessage) -> dict[str, Any]:
    """The part of `messaging_object` that depends on the content. Raises MessageRejected."""
    match message.content:
        case Flow() as flow:
            return {"type": "interactive", "interactive": _interactive(flow, message.reference)}
        case TemplateMessage() as template:
            return {"type": "template", "template": _template(template)}
        case Text(base=base):
            return {"type": "text", "text": {"preview_url": "false", "body": base.text}}
        case content:
            raise MessageRejected(f"Kaleyra cannot send content of the kind {content.kind}.")


def problems(content: Content) -> Iterator[FieldError]:
    """What would be refused, whoever it is for."""
    match content:
        case Flow() as flow:
            yield from _flow_problems(flow)
        case TemplateMessage() as template:
            yield from whatsapp_templates.problems(template)
        case Text() as text:
            yield from _text_problems(text)


def _interactive(flow: Flow, reference: str) -> dict[str, Any]:
    return {
        "type": "flow",
        **writing.given(header=flow.header and {"type": "text", "text": flow.header}),
        "body": {"text": flow.body},
        **writing.given(footer=flow.footer and {"text": flow.footer}),
        "action": {"name": "flow", "parameters": _parameters(flow, reference)},
    }


def _parameters(flow: Flow, reference: str) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "flow_message_version": "3",
        "flow_token": flow.token or reference,  # it comes back with the person's answers
        **writing.given(flow_id=flow.flow_id, flow_name=flow.flow_name),
        "flow_cta": flow.cta,
        "mode": flow.mode,
        "flow_action": flow.action,
    }
    if flow.action == "navigate":
        # Meta refuses an empty `data`.
        parameters["flow_action_payload"] = {"screen": flow.screen, **writing.given(data=dict(flow.data))}
    return parameters


def _template(template: TemplateMessage) -> dict[str, Any]:
    return {
        "name": template.name,
        "language": {"code": template.language},
        **writing.given(components=whatsapp_templates.components(template)),
    }


def _flow_problems(flow: Flow) -> Iterator[FieldError]:
    yield from limits.filled("body", "The body", flow.body)
    yield from limits.filled("cta", "The button's text", flow.cta)
    yield from limits.within("cta", "The button's text", flow.cta, CTA_CHARACTERS)
    yield from limits.without_emoji("cta", "The button's text", flow.cta)
    yield from limits.within("header", "The header", flow.header, HEADER_CHARACTERS)
    yield from limits.within("body", "The body", flow.body, BODY_CHARACTERS)
    yield from limits.within("footer", "The footer", flow.footer, FOOTER_CHARACTERS)
    yield from limits.exactly_one("flow_id", "flow ID and flow name", flow.flow_id, flow.flow_name)
    yield from limits.one_of("mode", "The mode", flow.mode, MODES)
    yield from limits.one_of("action", "The action", flow.action, ACTIONS)
    if flow.action == "navigate":
        yield from limits.filled("screen", "The first screen", flow.screen)
    if flow.action == "data_exchange":  # Meta: the payload must be omitted, for the flow's endpoint answers with it
        yield from limits.empty("screen", "The first screen", flow.screen)
        yield from limits.empty("data", "The data of the first screen", flow.data)


def _text_problems(text: Text) -> Iterator[FieldError]:
    yield from limits.filled("text", "The text", text.base.text)
    yield from limits.within("text", "The text", text.base.text, TEXT_CHARACTERS)
    if text.base.attachments:
        yield FieldError("attachments", "Kaleyra takes files in a template's header only.")

"""What Kaleyra's V2 documents allow in a request: the tables of "Send Flow Messages", and the text and template pages.

Where the document lists all fields, any other field is refused; where it refers to Meta ("See links to Meta
documentation"), unknown fields pass and only those that Meta documents are checked.
"""

import re
from collections.abc import Mapping
from typing import Any

from providers.simulator.shapes import (
    Breach,
    Rule,
    ShapeError,
    anything,
    array,
    fields,
    mapping,
    one_of,
    pattern,
    satisfies,
    string,
    text,
)

# The table: country code prefixed, E164, several recipients separated by a comma. The sample shows the plus sign.
_E164 = r"\+[1-9][0-9]{6,14}"
RECIPIENTS = pattern(rf"{_E164}( *, *{_E164})*")
# Meta: "20 characters (no emoji)" for the button, and the limits of its interactive object.
FLOW_CTA_LIMIT = 20
HEADER_LIMIT, BODY_LIMIT, FOOTER_LIMIT = 60, 1024, 60
_PICTURES = re.compile("[\u2600-\u27bf\U0001f300-\U0001faff\ufe0f]")

_ENVELOPE: Mapping[str, Rule] = {"messaging_product": one_of("whatsapp"), "to": RECIPIENTS}
_ENVELOPE_OPTIONAL: Mapping[str, Rule] = {"recipient_type": one_of("individual")}


def _short(limit: int) -> Rule:
    return satisfies(lambda value: isinstance(value, str) and len(value) <= limit)


_FLOW_DATA = satisfies(lambda value: isinstance(value, dict) and len(value) > 0)
_FLOW_PARAMETERS = fields(
    {
        "flow_message_version": one_of("3"),
        "flow_cta": satisfies(
            lambda value: (
                isinstance(value, str) and 0 < len(value) <= FLOW_CTA_LIMIT and _PICTURES.search(value) is None
            )
        ),
    },
    {
        "flow_token": string,
        "flow_id": text,
        "flow_name": text,
        "mode": one_of("draft", "published"),
        "flow_action": one_of("navigate", "data_exchange"),
        "flow_action_payload": fields({"screen": text}, {"data": _FLOW_DATA}),
    },
    closed=False,
)
_INTERACTIVE = fields(
    {"type": one_of("flow"), "action": fields({"name": one_of("flow"), "parameters": mapping})},
    {
        "header": fields({"type": one_of("text")}, {"text": _short(HEADER_LIMIT)}),
        "body": fields({}, {"text": _short(BODY_LIMIT)}),
        "footer": fields({}, {"text": _short(FOOTER_LIMIT)}),
    },
)
_TEXT = fields({"body": text}, {"preview_url": satisfies(lambda value: value in ("true", "false", True, False))})
# Components and their parameters are Meta's; Kaleyra's page shows these fields and refers there for the others.
# "Param text cannot have new-line/tab characters or more than 4 consecutive spaces", nor may it be empty.
_PARAMETER_TEXT = satisfies(
    lambda value: isinstance(value, str) and value.strip() != "" and not re.search(r"[\n\t]| {5}", value)
)
_COMPONENT = fields(
    {"type": one_of("header", "body", "footer", "button", "carousel", "limited_time_offer")},
    {
        "parameters": array(fields({"type": text}, {"text": _PARAMETER_TEXT}, closed=False)),
        "sub_type": text,
        "index": anything,
    },
    closed=False,
)
_TEMPLATE = fields({"name": text, "language": fields({"code": text}, closed=False)}, {"components": array(_COMPONENT)})

_MESSAGES: Mapping[str, Rule] = {
    "interactive": fields({**_ENVELOPE, "type": anything, "interactive": _INTERACTIVE}, _ENVELOPE_OPTIONAL),
    "text": fields({**_ENVELOPE, "text": _TEXT}, {**_ENVELOPE_OPTIONAL, "type": anything}),
    "template": fields({**_ENVELOPE, "type": anything, "template": _TEMPLATE}, _ENVELOPE_OPTIONAL),
}


def _message(value: object, path: str) -> None:
    """The messaging object; "If omitted, [type] defaults to text"."""
    kind = value.get("type", "text") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(kind, str) or kind not in _MESSAGES:
        raise ShapeError(Breach.WRONG, f"{path}.type")
    _MESSAGES[kind](value, path)
    if kind == "interactive":
        _flow_parameters(value["interactive"]["action"]["parameters"], f"{path}.interactive.action.parameters")


def _flow_parameters(value: dict[str, object], path: str) -> None:
    """Meta's rules: one of id and name; `navigate` (the default) may name its screen, `data_exchange` must not."""
    _FLOW_PARAMETERS(value, path)
    if ("flow_id" in value) == ("flow_name" in value):
        raise ShapeError(Breach.WRONG, f"{path}.flow_id")
    exchange = value.get("flow_action") == "data_exchange"
    if exchange == ("flow_action_payload" in value) and "flow_action" in value:
        raise ShapeError(Breach.WRONG, f"{path}.flow_action_payload")


# References longer than 255 characters are cut and an unknown wa_source is overridden: both are accepted.
REQUEST = fields(
    {"messaging_object": _message},
    {"extra_info": fields({}, {"ref": string, "ref1": string, "ref2": string, "wa_source": string})},
)


def content_of(message: Mapping[str, Any]) -> tuple[str, dict[str, object]]:
    """What the phone shows of a valid message: the kind of bubble, and its words."""
    if "interactive" in message:
        return "flow", _flow_content(message["interactive"])
    if "template" in message:
        return "template", _template_content(message["template"])
    return "text", {"text": message["text"]["body"]}


def _flow_content(interactive: Mapping[str, Any]) -> dict[str, object]:
    parameters = interactive["action"]["parameters"]
    return {
        "header": interactive.get("header", {}).get("text", ""),
        "text": interactive.get("body", {}).get("text", ""),
        "footer": interactive.get("footer", {}).get("text", ""),
        "buttons": [parameters["flow_cta"]],
        "flow": parameters.get("flow_id") or parameters.get("flow_name"),
        "parameters": parameters,
    }


def _template_content(template: Mapping[str, Any]) -> dict[str, object]:
    components = template.get("components", [])
    variables = [
        parameter.get("text", parameter["type"])
        for component in components
        if component["type"] in {"header", "body"}
        for parameter in component.get("parameters", [])
    ]
    return {
        "template": template["name"],
        "language": template["language"]["code"],
        "variables": variables,
        "components": components,
    }

"""The fields of each content kind: the form of a translation is drawn from this table, and its JSON is read by it."""

from dataclasses import dataclass

from broadcaster.content.values import Widget


@dataclass(frozen=True, slots=True)
class ContentField:
    """One field of a translation's JSON. Only where `placeholders` is set may it differ from person to person.

    `longest` is how many characters a text of it may have, whoever reads it; 0 where that is the provider's business.
    Where `listed` is set, the templates of the accounts offer values for it.
    """

    name: str
    label: str
    widget: Widget = "line"
    help: str = ""
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    placeholders: bool = False
    default: str = ""
    longest: int = 0
    listed: bool = False


FIELDS: dict[str, tuple[ContentField, ...]] = {
    "text": (
        ContentField(
            "text",
            "Text",
            "text",
            "Placeholders: @contact.name, @fields.city, @row.amount. Write @@ for a plain @.",
            placeholders=True,
        ),
        ContentField(
            "attachments",
            "Attachments",
            "files",
            "One a line: an address, or the ID of a file that the provider has already.",
            placeholders=True,
        ),
        ContentField(
            "quick_replies",
            "Quick replies",
            "lines",
            "Answers to tap, one a line: at most 10 of up to 64 characters. RapidPro sends them since version 10.1.54.",
            placeholders=True,
            longest=64,
        ),
    ),
    "template": (
        ContentField("name", "Template name", help="As the provider has approved it.", required=True, listed=True),
        ContentField(
            "language",
            "Template language",
            help="The provider's code, such as id or en_US.",
            required=True,
            listed=True,
        ),
        ContentField("namespace", "Namespace", help="Where the provider shows one; Qiscus needs it, except in files."),
        ContentField("template_id", "Template ID", "integer", "Qiscus: the template_detail_id."),
        ContentField(
            "variables", "Variables", "lines", "One a line, in the order of {{1}}, {{2}} ...", placeholders=True
        ),
        ContentField(
            "header_kind",
            "Header",
            "choice",
            "Only where the template has a header that varies.",
            choices=(("", "None"), ("text", "Text"), ("image", "Image"), ("video", "Video"), ("document", "Document")),
        ),
        ContentField("header", "Header content", help="The text, or the file's address.", placeholders=True),
        ContentField(
            "buttons",
            "Buttons",
            "pairs",
            "One a line, only those that vary: url = @row.code. The first is button 0; "
            "for another place write it down, as in: url 1 = @row.code.",
            placeholders=True,
        ),
    ),
    "event": (
        ContentField("name", "Event name", help="The event that starts the bot's flow.", required=True),
        ContentField("language", "Language", help="The provider's code, such as id; may be empty."),
        ContentField("params", "Parameters", "pairs", "One a line: customer = @row.customer_no.", placeholders=True),
        ContentField("timezone", "Hours from UTC", help="What the bot reckons with, such as 7 or -2; may be empty."),
    ),
    # The limits are Meta's ("Flow Messages", "Interactive object"): only WhatsApp has flows.
    "flow": (
        ContentField(
            "body",
            "Body",
            "text",
            "The text above the button; at most 1,024 characters.",
            required=True,
            placeholders=True,
            longest=1024,
        ),
        ContentField("cta", "Button text", help="At most 20 characters, no emoji.", required=True, longest=20),
        ContentField("flow_id", "Flow ID", help="Either this or the flow's name."),
        ContentField("flow_name", "Flow name", help="Must be changed here whenever the flow is renamed."),
        ContentField(
            "token",
            "Flow token",
            help="Comes back with the answers; left empty, it is the message's own reference.",
            placeholders=True,
        ),
        ContentField("header", "Header", help="At most 60 characters.", placeholders=True, longest=60),
        ContentField("footer", "Footer", help="At most 60 characters.", placeholders=True, longest=60),
        ContentField(
            "mode",
            "Mode",
            "choice",
            "Draft is for trying out a flow that is not published.",
            choices=(("published", "Published"), ("draft", "Draft")),
            default="published",
        ),
        ContentField(
            "action",
            "Opens",
            "choice",
            choices=(("navigate", "A screen"), ("data_exchange", "What the flow's endpoint says")),
            default="navigate",
        ),
        ContentField("screen", "First screen", help="Its ID, such as START; needed where a screen opens."),
        ContentField(
            "data",
            "Data",
            "json",
            'What the first screen is given, as in {"city": "@fields.city"}; may be empty.',
            placeholders=True,
        ),
    ),
    "voice": (
        ContentField("flow_id", "Call flow ID", help="The flow that leads the call. Either this or a prompt."),
        ContentField("prompt_id", "Prompt ID", help="The recording that is played. Either this or a call flow."),
        ContentField("caller_id", "Caller ID", help="The number that the phone shows; empty for the channel's own."),
    ),
}

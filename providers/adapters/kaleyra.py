"""Kaleyra: WhatsApp flows, templates and texts through its V2 API, one recipient a request.

    POST https://api.in.kaleyra.io/v2/HXAP16XXXXXX97IN/whatsapp/+91XXXXXXXXXX/messages
    api-key: Axxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx3
    {"messaging_object": {"messaging_product": "whatsapp", "recipient_type": "individual", "to": "+91XXXXXXXXX",
       "type": "interactive", "interactive": {"type": "flow", "header": {"type": "text", "text": "..."},
         "body": {"text": "..."}, "footer": {"text": "..."}, "action": {"name": "flow", "parameters": {...}}}},
     "extra_info": {"ref": "customer1", "ref1": "marketing", "ref2": "dictionary", "wa_source": "api"}}
    202 {"code": "WA202", "message": "Request Accepted", "data": {"message_id": "AXXXXXXXXXXXXXXXXXXX"}, "error": {}}
    401 {"code": "WA401", "message": "Phone number is not ...", "data": {}, "error": {"phone_number": "..."}}

    GET https://api.in.kaleyra.io/v2/HXAP16XXXXXX97IN/whatsapp/xxxxx48869xxxxx/message_templates
    {"data": [{"name": "order_ready", "language": "en_US", "status": "APPROVED", "category": "UTILITY",
       "components": [...]}], "paging": {"cursors": {"after": "MjQZD"}, "next": "https://..."}}

Sources: the "Send Flow Messages" page for the endpoint, its pods, errors and flows; Kaleyra's pages on text and
template messages, and "Get Templates" for the list; Meta's samples for what stands inside a flow, a header, a button
or a list [I], whose path and account ID are Meta's.

The page says that the path's number is the customer's, but its error WA401 ("does not belong to the account") shows
that it is the sender. It allows several recipients with commas, which give one id for all: so never more than one here.
Nobody documents whether a receipt's id is the answer's, so receipts are matched by our `ref`. `ref1` is the broadcast's
name; `ref2` is left out, for all else that could help in Kaleyra's report is a person's own.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import quote

from providers import client, parsing, webhooks, whatsapp_templates, writing
from providers.adapters import _kaleyra_callbacks, _kaleyra_content
from providers.adapters._kaleyra_callbacks import STATUSES
from providers.adapters._kaleyra_errors import ERRORS, refusal
from providers.capabilities import Capabilities
from providers.config import ConfigField
from providers.errors import AnswerUnreadable, ChannelRejected, ConfigurationError, ProviderError
from providers.http import Answer, Request
from providers.listings import ListedTemplate
from providers.messages import Content, OutboundMessage
from providers.outcomes import FieldError, Health, ReceiptEvent, SendResult

__all__ = ["ERRORS", "STATUSES", "Client"]

# "API Domain and Value".
PODS = {
    "IN": "https://api.in.kaleyra.io",
    "SG": "https://api.ap.kaleyra.io",
    "EU": "https://api.eu.kaleyra.io",
}
# From other pages of Kaleyra; the first two are both given for one pod.
OTHER_HOSTS = "https://api.na.kaleyra.ai or https://api.na.kaleyra.io (NA pod), https://api.kaleyra.io (older SG pod)"
# "Supported values for wa_source"; any other is overridden with api.
SOURCES = (
    *("api", "clevertap", "zoho", "webengage", "shopify", "leadsquared", "responsys", "braze"),
    *("hubspot", "salesforce", "zapier", "eloqua", "moengage"),
)
REFERENCE_CHARACTERS = 255  # longer ones are truncated without a word
LAST_PAGE = 200  # of templates; Meta's pages hold 25
NO_ACCOUNT_ID = "Enter the WhatsApp Business account ID (WABA ID) among the channel's settings to list its templates."


class Client(client.Client):
    """One WhatsApp number of a Kaleyra account."""

    label = "Kaleyra"
    capabilities = Capabilities(
        content_kinds=frozenset({"flow", "template", "text"}),
        channels=("WhatsApp",),
        correlation_bytes=REFERENCE_CHARACTERS,
        receipts="webhook",
        inbound=True,
        templates=True,
    )
    config_fields = (
        ConfigField("pod", "Pod", "choice", default="IN", choices=tuple((pod, f"{pod} pod") for pod in PODS)),
        ConfigField(
            "base_url", "Base URL", "url", f"Only instead of the pod's, such as {OTHER_HOSTS}.", required=False
        ),
        ConfigField("sid", "Account SID"),
        ConfigField("sender", "WhatsApp number", help="The business number that sends, such as +919812345678."),
        ConfigField(
            "waba_id",
            "WhatsApp Business account ID",
            help="The WABA ID in Kaleyra's console: to list the account's templates and to test the key.",
            required=False,
        ),
        ConfigField("wa_source", "Source", "choice", default="api", choices=tuple((name, name) for name in SOURCES)),
        ConfigField("api_key", "API key", secret=True),
        *webhooks.BASIC_FIELDS,
        *webhooks.HEADER_FIELDS,
    )

    def settle(self) -> None:
        """The number stands in each address, so it must be one."""
        if not client.E164.match(self.config["sender"]):
            raise ConfigurationError("The WhatsApp number must be in the international form, such as +919812345678.")

    @property
    def base_url(self) -> str:
        """The pod's, or the operator's own."""
        return str(self.config["base_url"] or PODS[self.config["pod"]])

    @cached_property
    def messages_url(self) -> str:
        """Where this number's messages are posted; the plus sign stays, as in the sample."""
        return self.url(f"/v2/{self._sid}/whatsapp/{self.config['sender']}/messages")

    @cached_property
    def headers(self) -> dict[str, str]:
        """The key of the account."""
        return {"api-key": self.secrets["api_key"]}

    def content_problems(self, content: Content) -> list[FieldError]:
        """Meta's limits, and Kaleyra's for the words that come back in receipts."""
        return list(_kaleyra_content.problems(content))

    def build(self, messages: Sequence[OutboundMessage]) -> Request:
        """One message to one recipient."""
        [message] = messages
        payload = {
            "messaging_object": {
                "messaging_product": "whatsapp",
                "recipient_type": "individual",
                "to": message.recipient.phone,
                **_kaleyra_content.written(message),
            },
            "extra_info": self._extra_info(message),
        }
        return Request.json(self.messages_url, payload, headers=self.headers)

    def read(self, answer: Answer, messages: Sequence[OutboundMessage]) -> list[SendResult]:
        """An id, or an error by its code before its HTTP status."""
        message_id = parsing.identifier(parsing.dig(answer.value, "data", "message_id"))
        if answer.ok and message_id:
            return [SendResult.accepted(message_id)]
        raise refusal(answer)

    def parse_receipts(
        self, method: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> list[ReceiptEvent]:
        """Statuses and replies, by any method and in any form: a user of Kaleyra's console chooses both."""
        return list(_kaleyra_callbacks.events(query, body))

    def check(self) -> Health:
        """Ask for templates, which sends nothing; of the account, or without its ID of the first version's API.

        There the key is checked before anything else, and what else it says does not concern the second version.
        """
        try:
            answer = self.door.call(self._listing() if self.config["waba_id"] else self._older_listing())
        except ProviderError as error:
            return self.unanswered(error)
        if answer.ok:
            return Health(True, f"{self.label} knows the account and takes its key.")
        refused = refusal(answer)
        if refused.code in ERRORS and isinstance(refused, ChannelRejected):
            return Health(False, refused.sentence)
        if self.config["waba_id"]:
            return Health(False, f"{self.label} does not list the templates of this WABA ID. {refused.sentence}")
        return Health(None, f"{self.label} answers, but does not say whether the key works; send a test message.")

    def templates(self) -> list[ListedTemplate]:
        """The templates of the WhatsApp Business account, by pages."""
        if not self.config["waba_id"]:
            raise ProviderError(NO_ACCOUNT_ID, code="waba_id")
        found = [whatsapp_templates.listed(item) for item in self._listed_items()]
        return [template for template in found if template]

    def _listed_items(self) -> Iterator[Any]:
        after, seen = "", set[str]()
        while after not in seen and len(seen) < LAST_PAGE:
            seen.add(after)
            page = self._page(after)
            yield from page["data"]
            after = parsing.identifier(parsing.dig(page, "paging", "cursors", "after"))
            if not after or not parsing.dig(page, "paging", "next"):  # Meta's last page has a cursor, but no next
                return

    def _page(self, after: str) -> dict[str, Any]:
        answer = self.door.call(self._listing(**writing.given(after=after)))
        if not answer.ok:
            raise refusal(answer)
        for page in (answer.value, parsing.dig(answer.value, "data")):  # Kaleyra wraps its other answers
            if isinstance(parsing.dig(page, "data"), list):
                return dict(page)
        raise AnswerUnreadable("Kaleyra's list of templates cannot be read; look at them in its console.")

    def _listing(self, **query: str) -> Request:
        path = f"/v2/{self._sid}/whatsapp/{quote(self.config['waba_id'], safe='')}/message_templates"
        headers = {"Content-Type": "application/json", **self.headers}
        return Request.get(self.url(path), headers=headers, **query)

    def _older_listing(self) -> Request:
        # Kaleyra's page "Get a WhatsApp Template Status", of the first version.
        return Request.get(self.url(f"/v1/{self._sid}/whatsapp/templates/status"), headers=self.headers)

    @property
    def _sid(self) -> str:
        return quote(self.config["sid"], safe="")

    def _extra_info(self, message: OutboundMessage) -> dict[str, str]:
        return {
            "ref": message.reference,
            **writing.given(ref1=message.campaign[:REFERENCE_CHARACTERS]),
            "wa_source": self.config["wa_source"],
        }

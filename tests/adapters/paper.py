"""An adapter for tests alone: a provider that lists templates and tells a balance, in the plainest words there are.

GET /check    200
GET /balance  {"left": "857"}
GET /templates  [{"name": "welcome", "language": "id", "approval": "approved", "variables": 2}]
"""

from collections.abc import Sequence

from providers.capabilities import Capabilities
from providers.client import Client as Base
from providers.config import ConfigField
from providers.http import Answer, Request
from providers.listings import Approval, ListedTemplate
from providers.messages import OutboundMessage
from providers.outcomes import Balance, Health, SendResult


class Client(Base):
    """An account at the paper mill."""

    label = "Paper"
    capabilities = Capabilities(
        content_kinds=frozenset({"template", "text"}), channels=("Paper",), balance=True, templates=True
    )
    config_fields = (
        ConfigField("base_url", "Base URL", "url", default="https://paper.example"),
        ConfigField("key", "Key", secret=True),
        ConfigField("stamp", "Stamp", secret=True, required=False),
    )

    def check(self) -> Health:
        """Whether the mill turns."""
        self.ask(Request.get(self.url("/check"), headers={}))
        return Health(True, "The mill turns.")

    def balance(self) -> Balance | None:
        """What is left, where the mill tells it."""
        left = self.ask(Request.get(self.url("/balance"), headers={})).value["left"]
        return Balance(left, "sheets") if left else None

    def templates(self) -> list[ListedTemplate]:
        """All of them."""
        listed = self.ask(Request.get(self.url("/templates"), headers={})).value
        return [ListedTemplate(**item | {"approval": Approval(item["approval"])}) for item in listed]

    def build(self, messages: Sequence[OutboundMessage]) -> Request:
        """One request for each."""
        return Request.json(self.url("/messages"), {"to": messages[0].recipient.phone}, headers={})

    def read(self, answer: Answer, messages: Sequence[OutboundMessage]) -> list[SendResult]:
        """Everything is taken."""
        return [SendResult.accepted("sheet") for _ in messages]

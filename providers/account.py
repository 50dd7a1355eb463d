"""One account at a provider: its settings, what can be asked there, and what the provider tells by itself.

Every method that asks raises ProviderError where the provider does not answer; the defaults are those of a provider
that offers nothing, so that an adapter writes only what its own document has.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from providers import webhooks
from providers.capabilities import Capabilities
from providers.config import ConfigField, cleaned
from providers.errors import OutcomeUnknown, ProviderError
from providers.http import Answer, Door, Request
from providers.listings import ListedGroup, ListedTemplate
from providers.outcomes import Balance, Estimate, Health, ReceiptEvent
from providers.statuses import error_for_status

if TYPE_CHECKING:
    from providers.messages import OutboundMessage


class Account:
    """The settings of one channel, and its one door out. Subclasses fill the class attributes."""

    label: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    config_fields: ClassVar[tuple[ConfigField, ...]]

    def __init__(
        self,
        *,
        config: Mapping[str, Any],
        secrets: Mapping[str, str],
        pool_size: int = 32,
        rate_per_second: int | None = None,
    ) -> None:
        """Raise ConfigurationError where a setting is missing or cannot be used."""
        self.config = cleaned(self.config_fields, config, secret=False)
        self.secrets: dict[str, str] = cleaned(self.config_fields, secrets, secret=True)
        self.rate_per_second = rate_per_second
        self.door = Door(secrets=self._posted(), pool_size=pool_size)
        webhooks.check_fields(self.config, self.secrets)
        self.settle()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.label}>"

    def _posted(self) -> Iterator[str]:
        # The secrets that an answer may hold. Those of receipts go out in no request, and the operator chose them: a
        # password such as "status" would be taken out of every answer before it is read.
        for field in self.config_fields:
            if field.secret and field.group == "account":
                yield self.secrets[field.name]

    def settle(self) -> None:
        """Make of the settings what sending needs. Raises ConfigurationError where they do not fit together."""

    def reaches_mobile_only(self) -> bool:
        """Whether no landline gets what goes out here; an adapter fills it whose settings decide."""
        return self.capabilities.mobile_only == "yes"

    # -- what can be asked -----------------------------------------------------------------------------------------

    def check(self) -> Health:
        """Ask the provider, cheaply, whether this account works; here, no more than whether somebody answers."""
        try:
            self.door.call(Request.get(self.base_url, headers={}))
        except ProviderError as error:
            return self.unanswered(error)
        sentence = f"{self.label} answers at {self.host}, but cannot be asked about the key; send a test message."
        return Health(None, sentence)

    def unanswered(self, error: ProviderError) -> Health:
        """What it says about the account that a call of `check` was not answered."""
        if isinstance(error, OutcomeUnknown):
            return Health(False, f"{self.label} takes connections at {self.host}, but does not answer.")
        return Health(False, f"{self.label} cannot be reached at {self.host}. {error.sentence}")

    def balance(self) -> Balance | None:
        """What is left on the account, or None where the provider does not tell."""
        return None

    def estimate(self, messages: Sequence["OutboundMessage"]) -> Estimate | None:
        """What these messages would cost and whether the account can pay; None where nobody can tell. Sends nothing."""
        return None

    def templates(self) -> list[ListedTemplate]:
        """Every template of the account with its state of approval, one item a language."""
        return []

    def groups(self) -> list[ListedGroup]:
        """The groups of people that the provider keeps and can send to."""
        return []

    def upload(self, name: str, content_type: str, content: bytes) -> str:
        """Give the provider a file; its id, by which messages refer to it. Sends nothing, so it may be tried again."""
        raise NotImplementedError

    # -- what became of messages -----------------------------------------------------------------------------------

    @classmethod
    def asks_for_proof(cls, config: Mapping[str, Any], secrets: Mapping[str, str] | None) -> bool:
        """Whether calls must show who posts them, as settings have it that need not be usable; None: not readable."""
        return webhooks.asks_for_proof(cls.config_fields, config, secrets)

    def authenticate(self, headers: Mapping[str, str], body: bytes) -> None:
        """Raise InvalidSignature where a call to our receipts address lacks what the channel asks of its provider."""
        webhooks.verify_basic(self.config, self.secrets, headers)
        webhooks.verify_header(self.config, self.secrets, headers)

    def kept(self, body: bytes) -> bytes:
        """What of a call that passed may be stored: all but a secret that shows who posts it."""
        return body

    def parse_receipts(
        self, method: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> list[ReceiptEvent]:
        """The events in one call of the provider to our receipts address; junk gives none. Never raises."""
        return []

    def poll(
        self, references: Sequence[str], *, since: datetime, cursor: str = ""
    ) -> Iterator[tuple[list[ReceiptEvent], str]]:
        """Ask for news about these provider ids, the oldest of which was accepted at `since`.

        One (events, cursor) for each answer, so that what was heard is kept where a later one fails; the cursor is
        where the next call may go on.
        """
        yield from ()

    def lookup(self, messages: Sequence["OutboundMessage"], since: datetime, until: datetime) -> list[list[str]]:
        """Ask whether the provider has these messages, posted between two times, although no answer came.

        For each message, in order, the provider's ids of what says exactly this to exactly this recipient, the oldest
        first. Empty: it cannot tell. Equal messages get equal ids: each id stands for one post to each of its
        recipients, so the caller gives it to at most one message of a recipient.
        """
        return [[] for _ in messages]

    # -- the way there ---------------------------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        """Where the account lives, without a slash at the end."""
        return str(self.config["base_url"])

    @property
    def host(self) -> str:
        """The name in the base URL."""
        return urlsplit(self.base_url).hostname or ""

    def url(self, path: str) -> str:
        """An address at the account's base URL."""
        return f"{self.base_url}{path}"

    def ask(self, request: Request) -> Answer:
        """Make a call that posts nothing. Raises ProviderError unless the provider says yes."""
        answer = self.door.call(request)
        if not answer.ok:
            raise error_for_status(answer)
        return answer

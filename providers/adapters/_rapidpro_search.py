"""RapidPro's list of broadcasts, searched for posts of ours whose answer was lost.

A broadcast keeps its texts as they were posted, trimmed, and whom it was posted to; `null` instead of the URNs where
the workspace hides them. Attachments go in as media and come out as addresses, so only their number is compared; quick
replies are not, since a version that does not know them keeps none.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from providers import parsing, writing
from providers.adapters import _rapidpro_recipients as recipients
from providers.errors import AnswerUnreadable

Said = tuple[str, frozenset[tuple[str, str]], frozenset[tuple[str, int]]]  # base language, texts, attachments
Key = tuple[str, Said]  # what one recipient was told
Pages = Callable[..., Iterator[Any]]

SHORTEST = timedelta(seconds=2)  # of a time that is halved because its list is too long to be read
REQUESTS_A_SEARCH = 50  # of 250 broadcasts each; what lies beyond stays unknown


def wanted(payload: Mapping[str, Any]) -> Key | None:
    """What to look for, from the payload of one message; None for an attachment alone, which could be anything."""
    said = _said(payload)
    return (next(recipients.of(payload)), said) if said else None


def found(pages: Pages, keys: Sequence[Key | None], since: datetime, until: datetime) -> list[list[str]]:
    """For each key the ids of the broadcasts made between two times that say it, the oldest first.

    `pages` takes the query of the list and yields the `results` of each page. Raises ProviderError.
    """
    search = _Search(pages, {key: {} for key in keys if key})
    search.read(since, until)
    return [sorted(ids, key=ids.__getitem__) for ids in (search.ids.get(key, {}) if key else {} for key in keys)]


@dataclass(slots=True)
class _Search:
    pages: Pages
    ids: dict[Key, dict[str, datetime]]  # id -> when it was made
    requests: int = field(default=0)

    def read(self, since: datetime, until: datetime) -> None:
        """Read the list of that time; in halves where it is too long for one answer to be read whole."""
        try:
            for results in self.pages(after=writing.utc(since), before=writing.utc(until)):
                self.take(results, since, until)
        except AnswerUnreadable:
            middle = since + (until - since) / 2
            if until - since < SHORTEST or self.requests >= REQUESTS_A_SEARCH:
                raise
            self.read(middle, until)
            self.read(since, middle)

    def take(self, results: Any, since: datetime, until: datetime) -> None:
        """Note which of the broadcasts say what is looked for. Raises AnswerUnreadable."""
        self.requests += 1
        if not isinstance(results, list):
            raise AnswerUnreadable("RapidPro's list of broadcasts could not be read.")
        for broadcast in results:
            made = parsing.moment(parsing.dig(broadcast, "created_on"))
            said = _said(broadcast)
            if said and made and since <= made <= until:
                self.note(broadcast, said, made)

    def note(self, broadcast: Any, said: Said, made: datetime) -> None:
        """Note the provider id for each recipient that is looked for."""
        broadcast_id = parsing.identifier(parsing.dig(broadcast, "id") or parsing.dig(broadcast, "uuid"))
        for recipient in recipients.of(broadcast):
            ids = self.ids.get((recipient, said))
            if ids is not None and broadcast_id:
                ids[recipients.provider_id(broadcast_id, recipient)] = made


def _said(broadcast: Any) -> Said | None:
    texts = _by_language(broadcast, "text")
    trimmed = frozenset((language, text.strip()) for language, text in texts if isinstance(text, str) and text.strip())
    files = frozenset((language, len(parsing.items(each))) for language, each in _by_language(broadcast, "attachments"))
    first = texts[0][0] if texts else ""  # what RapidPro takes for the base language where the post names none
    base = parsing.identifier(parsing.dig(broadcast, "base_language")) or first
    return (base, trimmed, frozenset(pair for pair in files if pair[1])) if trimmed else None


def _by_language(broadcast: Any, name: str) -> list[tuple[str, Any]]:
    value = parsing.dig(broadcast, name)
    return list(value.items()) if isinstance(value, dict) else []

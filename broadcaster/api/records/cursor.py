"""Pages of the record: links as in all lists, but a cursor names a place among the messages, which have no time."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs, urlencode

from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from broadcaster.api.pagination import INVALID, LAST_KEY, PAGE_ROWS, Pages
from broadcaster.models import Message
from broadcaster.reports import record
from broadcaster.reports.record import Place


class Cursor(NamedTuple):
    """The message after which a page begins, or, `backwards`, before which it ends."""

    place: Place
    backwards: bool = False

    @classmethod
    def read(cls, given: str) -> Self:
        """The cursor in a link. Raises NotFound for any text that is none."""
        try:
            values = parse_qs(urlsafe_b64decode(given.encode()).decode(), strict_parsing=True)
            broadcast, message = int(values["b"][0]), int(values["i"][0])
            contact = int(values["c"][0]) if "c" in values else None
        except (ValueError, KeyError) as error:
            raise NotFound(INVALID) from error
        if not all(0 <= key <= LAST_KEY for key in (broadcast, contact or 0, message)):
            raise NotFound(INVALID)
        return cls(Place(broadcast, contact, message), "r" in values)

    def written(self) -> str:
        """The cursor as a link holds it."""
        broadcast, contact, message = self.place
        values = {"b": broadcast, "i": message} | ({} if contact is None else {"c": contact})
        return urlsafe_b64encode(urlencode(values | ({"r": 1} if self.backwards else {})).encode()).decode()


class RecordPages(Pages):
    """Cuts a choice of messages into pages."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """The messages of the page that the request asks for; `queryset` is a record.Choice. Raises NotFound."""
        self.url = request.build_absolute_uri()
        given = request.query_params.get("cursor")
        cursor = Cursor.read(given) if given else None
        backwards = bool(cursor and cursor.backwards)
        place = cursor.place if cursor else None
        rows = record.page(queryset, after=place, upwards=backwards, limit=PAGE_ROWS + 1)
        beyond, rows = len(rows) > PAGE_ROWS, rows[:PAGE_ROWS]
        if backwards:
            rows.reverse()
        self.next = self._to(rows[-1:], backwards=False) if backwards or beyond else None
        self.previous = self._to(rows[:1], backwards=True) if (beyond if backwards else cursor) else None
        return rows

    def _to(self, messages: list[Message], *, backwards: bool) -> str | None:
        """The address of the page that begins or ends beside this message."""
        for message in messages:
            return replace_query_param(self.url, "cursor", Cursor(Place.of(message), backwards).written())
        return None

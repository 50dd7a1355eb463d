"""Lists in pages: 250 rows, the newest first, with absolute links to the next and the previous page.

A cursor names the row at which the page before it ended, by its time and its key, so a page costs the same wherever it
lies and however many rows share a moment. Clients follow the links as they are; what is in them is nobody's business.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs, urlencode

from django.db.models import Model, Q, QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

PAGE_ROWS = 250
LAST_KEY = 2**63 - 1
INVALID = "Invalid cursor"  # RapidPro's word for it


class Order(NamedTuple):
    """How a list is sorted: by a time, if it has one, then by the key; the latest first, unless `ascending`.

    The key is a whole number that no two rows of the list share.
    """

    field: str = ""
    ascending: bool = False
    key: str = "pk"


class Cursor(NamedTuple):
    """The row after which a page begins, or, `backwards`, before which it ends."""

    at: datetime | None
    key: int
    backwards: bool = False

    @classmethod
    def read(cls, given: str) -> Self:
        """The cursor in a link. Raises NotFound for any text that is none."""
        try:
            values = parse_qs(urlsafe_b64decode(given.encode()).decode(), strict_parsing=True)
            at = datetime.fromisoformat(values["p"][0]).astimezone(UTC) if "p" in values else None
            key = int(values["i"][0])
        except (ValueError, OverflowError, KeyError) as error:
            raise NotFound(INVALID) from error
        if not 0 <= key <= LAST_KEY:
            raise NotFound(INVALID)
        return cls(at, key, "r" in values)

    def written(self) -> str:
        """The cursor as a link holds it."""
        at = {"p": self.at.isoformat()} if self.at else {}
        values = at | {"i": self.key} | ({"r": 1} if self.backwards else {})
        return urlsafe_b64encode(urlencode(values).encode()).decode()


class Pages(BasePagination):
    """Cuts a list into pages by the view's `order`."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """The rows of the page that the request asks for. Raises NotFound."""
        self.url = request.build_absolute_uri()
        self.order: Order = view.order_of(request)
        cursor = self._cursor(request)
        rows = self._rows(queryset, cursor)
        beyond, rows = len(rows) > PAGE_ROWS, rows[:PAGE_ROWS]
        if cursor and cursor.backwards:
            rows.reverse()
        backwards = bool(cursor and cursor.backwards)
        self.next = self._link(rows[-1:], backwards=False) if backwards or beyond else None
        self.previous = self._link(rows[:1], backwards=True) if (beyond if backwards else cursor) else None
        return rows

    def _cursor(self, request: Request) -> Cursor | None:
        """Where the page begins, if the request says so. Raises NotFound, for a cursor of another list too."""
        given = request.query_params.get("cursor")
        cursor = Cursor.read(given) if given else None
        if cursor and bool(cursor.at) != bool(self.order.field):
            raise NotFound(INVALID)
        return cursor

    def _rows(self, queryset: QuerySet[Any], cursor: Cursor | None) -> list[Any]:
        """One row more than a page has, in the direction of the cursor."""
        field, ascending, key = self.order
        if cursor and cursor.backwards:
            ascending = not ascending
        if cursor:
            queryset = queryset.filter(_beyond(self.order, cursor, "gt" if ascending else "lt"))
        sign = "" if ascending else "-"
        return list(queryset.order_by(*(f"{sign}{name}" for name in (field, key) if name))[: PAGE_ROWS + 1])

    def _link(self, rows: list[Model], *, backwards: bool) -> str | None:
        """The address of the page that begins or ends beside this row."""
        for row in rows:
            at = getattr(row, self.order.field) if self.order.field else None
            cursor = Cursor(at, getattr(row, self.order.key), backwards)
            return replace_query_param(self.url, "cursor", cursor.written())
        return None

    def get_paginated_response(self, data: Any) -> Response:
        """The page as clients know it."""
        return Response({"next": self.next, "previous": self.previous, "results": data})

    def get_paginated_response_schema(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """The same, for the description of the API."""
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }


def _beyond(order: Order, cursor: Cursor, than: str) -> Q:
    """The rows on one side of the cursor."""
    field, by_key = order.field, Q(**{f"{order.key}__{than}": cursor.key})
    if not field:
        return by_key
    # The first condition is in the second, but only it is a range of the index.
    return Q(**{f"{field}__{than}e": cursor.at}) & (
        Q(**{f"{field}__{than}": cursor.at}) | Q(**{field: cursor.at}) & by_key
    )

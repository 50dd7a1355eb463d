"""RapidPro's cursor pagination, newest first: Django REST framework's `cursor` over moments that never repeat."""

import base64
import binascii
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from typing import Generic, TypeVar
from urllib.parse import parse_qs, urlencode

from yarl import URL

PAGE_SIZE = 250
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FOR_EVER = sys.maxsize

T = TypeVar("T")


class InvalidCursor(ValueError):  # noqa: N818 - answered as 404 {"detail": "Invalid cursor"}
    """A cursor that this server did not write."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page and the absolute addresses of its neighbours."""

    results: Sequence[T]
    next: str | None
    previous: str | None


@dataclass(frozen=True, slots=True)
class Source(Generic[T]):
    """Items in time: `newest(m)` yields those at or before moment m, latest first, `oldest(m)` those at or after it.

    Of these only what `matches` is listed.
    """

    newest: Callable[[int], Iterator[T]]
    oldest: Callable[[int], Iterator[T]]
    moment: Callable[[T], int]
    matches: Callable[[T], bool] = lambda _: True


def as_datetime(moment: int) -> datetime:
    """A moment (microseconds since the epoch) as a time in UTC."""
    return _EPOCH + moment * _MICROSECOND


def as_iso(moment: int) -> str:
    """A moment as the API writes it."""
    return as_datetime(moment).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def as_moment(value: str) -> int:
    """The moment of an ISO 8601 time, UTC where no zone is named; raises ValueError."""
    time = datetime.fromisoformat(value)
    return ((time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND


def paginate(url: URL, source: Source[T]) -> Page[T]:
    """The page that `url` asks for by `cursor`, `before` and `after` (inclusive; unreadable matches nothing)."""
    try:
        latest = as_moment(url.query["before"]) if "before" in url.query else _FOR_EVER
        earliest = as_moment(url.query["after"]) if "after" in url.query else 0
    except ValueError:
        return Page([], None, None)
    cursor = url.query.get("cursor")
    if not cursor:
        return _forwards(url, source, latest, earliest)
    moment, reverse = _read_cursor(cursor)
    if reverse:
        return _backwards(url, source, latest, max(earliest, moment + 1))
    page = _forwards(url, source, min(latest, moment - 1), earliest)
    previous = _link(url, source.moment(page.results[0]), reverse=True) if page.results else None
    return Page(page.results, page.next, previous)


def _forwards(url: URL, source: Source[T], latest: int, earliest: int) -> Page[T]:
    within = takewhile(lambda item: source.moment(item) >= earliest, source.newest(latest))
    found = list(islice(filter(source.matches, within), PAGE_SIZE + 1))
    results = found[:PAGE_SIZE]
    more = len(found) > PAGE_SIZE
    return Page(results, _link(url, source.moment(results[-1])) if more else None, None)


def _backwards(url: URL, source: Source[T], latest: int, earliest: int) -> Page[T]:
    within = takewhile(lambda item: source.moment(item) <= latest, source.oldest(earliest))
    found = list(islice(filter(source.matches, within), PAGE_SIZE + 1))
    results = found[:PAGE_SIZE][::-1]
    if not results:
        return Page([], None, None)
    more = len(found) > PAGE_SIZE
    previous = _link(url, source.moment(results[0]), reverse=True) if more else None
    return Page(results, _link(url, source.moment(results[-1])), previous)


def _link(url: URL, moment: int, *, reverse: bool = False) -> str:
    position = {"p": str(as_datetime(moment)), **({"r": "1"} if reverse else {})}
    cursor = base64.b64encode(urlencode(position).encode()).decode()
    return str(url.update_query(cursor=cursor))


def _read_cursor(cursor: str) -> tuple[int, bool]:
    try:
        parts = parse_qs(base64.b64decode(cursor, validate=True).decode(), strict_parsing=True)
        return as_moment(parts["p"][0]), parts.get("r") == ["1"]
    except (binascii.Error, KeyError, ValueError, OverflowError) as error:
        raise InvalidCursor(cursor) from error

"""Posting delivery receipts to the sender's webhook, on a clock of their own, so that no answer ever waits for one."""

import asyncio
import heapq
import itertools
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import aiohttp

from providers.simulator.credentials import Credentials
from providers.simulator.magic import Status, course_of
from providers.simulator.record import Recipient, Record

_log = logging.getLogger(__name__)

CallbackLookup = Callable[[str], str | None]

# IMIconnect's documented limits (10 s for an answer, 3 retries), kept for all. It waits 60 s between retries; here
# the wait is one receipt delay, because the simulator's time runs faster.
ANSWER_TIMEOUT_S = 10
RETRIES = 3
RETRY_WAIT_LEAST_S = 0.2
CONNECTIONS = 32
HTTP_OK, HTTP_REDIRECT = 200, 300
_TICK_S = 0.02
_RELEASED_AT_ONCE = 1000
LOOKUP_KEPT_S = 1.0
# Statuses after which IMIconnect posts no more; for the other two nothing is documented, so they share the list.
NOT_RETRIED = frozenset(
    {*range(202, 209), 226, *range(300, 309), 400, 402, *range(404, 412), 414, 415, 416, 418, 505},
)


@dataclass(frozen=True, slots=True)
class Notice:
    """How the receipts of one request are told: where to, and in which words.

    `url` comes from the request itself; else the URL registered for `account` is asked for at the time of posting. What
    a receipt must show is registered for the account too.
    `body` makes the JSON of one receipt from the recipient, the status reached, and the time (seconds since the epoch);
    None where the provider has no word for that status.
    """

    provider: str
    body: Callable[[Recipient, Status, float], object | None]
    url: str = ""
    account: str = ""
    course: Callable[[str], Sequence[tuple[float, Status]]] = course_of


@dataclass(frozen=True, slots=True)
class Job:
    """One receipt to post; `wait_s` is the pause before a retry."""

    notice: Notice
    recipient: Recipient
    status: Status
    wait_s: float
    attempt: int = 0


class CallbackBook:
    """Where the receipts of an account go: what was set by hand, else what the embedding program's lookup says."""

    def __init__(self, lookup: CallbackLookup, registered: Mapping[str, str]) -> None:
        self.registered = dict(registered)
        self.credentials: dict[str, Credentials] = {}
        self._lookup = lookup
        self._known: dict[str, tuple[float, str | None]] = {}

    def register(self, account: str, url: str, credentials: Credentials) -> None:
        """Send the receipts of the account there, with these credentials; nothing of either takes them back."""
        self.registered.pop(account, None)
        if url:
            self.registered[account] = url
        self.credentials[account] = credentials

    async def url(self, account: str) -> str | None:
        """The URL, looked up in a thread (it may ask a database) and remembered for a second."""
        if account in self.registered:
            return self.registered[account]
        expires, url = self._known.get(account, (0.0, None))
        if expires < time.monotonic():
            url = await asyncio.to_thread(self._lookup, account)
            self._known[account] = (time.monotonic() + LOOKUP_KEPT_S, url)
        return url


@dataclass(slots=True)
class ReceiptPoster:
    """Keeps receipts until they are due, then posts them over a bounded number of connections."""

    record: Record
    book: CallbackBook
    _due: list[tuple[float, int, Job]] = field(default_factory=list)
    _ready: asyncio.Queue[Job] = field(default_factory=asyncio.Queue)
    _posting: int = 0
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def schedule(self, notice: Notice, recipients: Sequence[Recipient], due_at: float, delay_s: float) -> None:
        """Plan the receipts of an accepted request, counted from `due_at` (seconds since the epoch)."""
        for recipient in recipients:
            for after, status in notice.course(recipient.address):
                self._push(due_at + after * delay_s, Job(notice, recipient, status, max(delay_s, RETRY_WAIT_LEAST_S)))

    def pending(self) -> int:
        """How many receipts are planned, waiting for a connection, or on their way."""
        return len(self._due) + self._ready.qsize() + self._posting

    def reset(self) -> None:
        """Drop all receipts that were not yet posted."""
        self._due.clear()
        while not self._ready.empty():
            self._ready.get_nowait()

    async def run(self) -> None:
        """Post for ever; ends by cancellation."""
        timeout = aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S)
        connector = aiohttp.TCPConnector(limit=CONNECTIONS)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._release())
            for _ in range(CONNECTIONS):
                tasks.create_task(self._post_ready(session))

    def _push(self, due_at: float, job: Job) -> None:
        heapq.heappush(self._due, (due_at, next(self._numbers), job))

    async def _release(self) -> None:
        while True:
            now = time.time()
            for _ in range(_RELEASED_AT_ONCE):
                if not self._due or self._due[0][0] > now:
                    break
                self._ready.put_nowait(heapq.heappop(self._due)[2])
            await asyncio.sleep(_TICK_S)

    async def _post_ready(self, session: aiohttp.ClientSession) -> None:
        while True:
            job = await self._ready.get()
            self._posting += 1
            try:
                await self._deliver(session, job)
            finally:
                self._posting -= 1

    async def _deliver(self, session: aiohttp.ClientSession, job: Job) -> None:
        notice = job.notice
        body = notice.body(job.recipient, job.status, time.time())
        if body is None:
            return
        try:
            url = notice.url or await self.book.url(notice.account)
            if not url:
                self.record.count(notice.provider, "receipts_without_url")
                return
            status = await _post(session, url, body, self.book.credentials.get(notice.account, Credentials()))
        except Exception:  # noqa: BLE001 - see below
            # The lookup is the embedding program's code: whatever it raises costs this receipt a retry, not the poster.
            _log.exception("No receipt URL could be looked up for account %s.", notice.account)
            status = None
        self._conclude(job, status)

    def _conclude(self, job: Job, status: int | None) -> None:
        if status is not None and HTTP_OK <= status < HTTP_REDIRECT:
            self.record.count(job.notice.provider, "receipts")
        elif status in NOT_RETRIED or job.attempt >= RETRIES:
            self.record.count(job.notice.provider, "receipts_given_up")
        else:
            self._push(time.time() + job.wait_s, replace(job, attempt=job.attempt + 1))


async def _post(session: aiohttp.ClientSession, url: str, body: object, credentials: Credentials) -> int | None:
    """The HTTP status of the receiver, or None where it could not be reached in time."""
    data = json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **credentials.headers(data)}
    with suppress(aiohttp.ClientError, TimeoutError):
        async with session.post(url, data=data, headers=headers, allow_redirects=False) as answer:
            await answer.read()
            return answer.status
    return None

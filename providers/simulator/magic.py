"""What becomes of a recipient, told by the last four digits of the address: the table that every door asks first.

request refused            REFUSED  LOW_BALANCE  FAILING  THROTTLED
accepted, answer spoiled   CUT_OFF  GARBLED  TRUNCATED          (UNANSWERED is received, never accepted)
accepted, answer clean     SLOW  ORDINARY  OPTED_OUT  FAILS_LATER
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Fate(StrEnum):
    """The fates, harshest first: where one request carries several recipients, the first of them decides."""

    REFUSED = "refused"
    LOW_BALANCE = "low_balance"
    FAILING = "failing"
    THROTTLED = "throttled"
    UNANSWERED = "unanswered"
    CUT_OFF = "cut_off"
    GARBLED = "garbled"
    TRUNCATED = "truncated"
    SLOW = "slow"
    OPTED_OUT = "opted_out"
    FAILS_LATER = "fails_later"
    ORDINARY = "ordinary"


class Status(StrEnum):
    """What a phone has seen of an accepted message; each provider spells these in its own words."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    OPTED_OUT = "opted_out"


@dataclass(frozen=True, slots=True)
class MagicNumber:
    """One row of the table on the page."""

    ending: str
    fate: Fate
    effect: str


MAGIC_NUMBERS = (
    MagicNumber("0001", Fate.REFUSED, "Always refused, with the provider's permanent error."),
    MagicNumber("0002", Fate.SLOW, "Accepted, but the answer takes three seconds."),
    MagicNumber("0003", Fate.THROTTLED, "Throttled once (even digit before the ending) or twice (odd), then accepted."),
    MagicNumber(
        "0004", Fate.OPTED_OUT, "Opted out: a receipt says so (RapidPro: failed); Khoros, without receipts, refuses."
    ),
    MagicNumber("0005", Fate.UNANSWERED, "Never answered; listed as received, not as accepted."),
    MagicNumber("0006", Fate.CUT_OFF, "Accepted, but the connection is cut before the answer."),
    MagicNumber("0007", Fate.FAILING, "Always a transient error: WA500, 7006 or HTTP 500."),
    MagicNumber("0008", Fate.LOW_BALANCE, "Low balance: E110 at Kaleyra, a zero balance at a Qiscus upload."),
    MagicNumber("0009", Fate.FAILS_LATER, "Accepted, then failed in a later receipt."),
    MagicNumber("0010", Fate.GARBLED, "Accepted, answered with HTTP 200 and a body that is no JSON."),
    MagicNumber("0011", Fate.TRUNCATED, "Accepted, but the answer breaks off in the middle of its body."),
)

_FATES = {number.ending: number.fate for number in MAGIC_NUMBERS}
_HARSHNESS = {fate: rank for rank, fate in enumerate(Fate)}
# Four of ten people read what they get: enough of both kinds in any list of numbers, and the same ones every time.
_READERS = frozenset("0369")

_SENT = (0.5, Status.SENT)
_DELIVERED = (1.0, Status.DELIVERED)
_READ = (2.0, Status.READ)
_COURSES = {
    Fate.OPTED_OUT: ((0.5, Status.OPTED_OUT),),
    Fate.FAILS_LATER: (_SENT, (1.0, Status.FAILED)),
}


def fate_of(address: str) -> Fate:
    """The fate of one address (phone, URN or identifier); all but the endings in the table are ordinary."""
    return _FATES.get(address[-4:], Fate.ORDINARY)


def harshest(addresses: Iterable[str]) -> Fate:
    """The fate of a request as a whole: no provider answers per recipient, so the harshest one speaks for all."""
    return min(map(fate_of, addresses), key=_HARSHNESS.__getitem__, default=Fate.ORDINARY)


def refusals_before_acceptance(address: str) -> int:
    """How often a throttled address is turned away before it is let through: once or twice."""
    return 2 if address[-5:-4] in {"1", "3", "5", "7", "9"} else 1


def course_of(address: str) -> tuple[tuple[float, Status], ...]:
    """The receipts to come: when (in multiples of the receipt delay) and which status, in order."""
    course = _COURSES.get(fate_of(address))
    if course is not None:
        return course
    return (_SENT, _DELIVERED, _READ) if address[-1:] in _READERS else (_SENT, _DELIVERED)


def status_after(address: str, delays: float) -> Status:
    """Where the message to `address` stands when `delays` receipt delays have passed since it was due."""
    status = Status.QUEUED
    for after, reached in course_of(address):
        if delays >= after:
            status = reached
    return status

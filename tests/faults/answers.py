"""What each thing that a provider may do means for a message: the tables behind test_every_answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

READ_TIMEOUT_S = 2
FOR_A_WHILE, UNTIL_MENDED = "held for a while", "held until a person mends it"


@dataclass(frozen=True, slots=True)
class End:
    """What becomes of the message: its state, and how often the simulator has it."""

    state: str
    arrived: int


FAILED, ACCEPTED = End("failed", 0), End("accepted", 1)
UNKNOWN_AND_THERE, UNKNOWN_AND_NOT_THERE = End("unknown", 1), End("unknown", 0)

# Every provider alike: whatever happens after the request was read, only the provider can tell.
WIRE: Mapping[str, tuple[Mapping[str, Any], End]] = {
    "reset after reading": ({"kind": "reset_read"}, UNKNOWN_AND_THERE),
    "silence": ({"kind": "silence", "seconds": 3.0 * READ_TIMEOUT_S}, UNKNOWN_AND_THERE),
    "garbage": ({"kind": "garbage"}, UNKNOWN_AND_THERE),
    "half a body": ({"kind": "half"}, UNKNOWN_AND_THERE),
    "an empty yes": ({"kind": "empty"}, UNKNOWN_AND_THERE),
    "a yes with other JSON": ({"kind": "wrong_json"}, UNKNOWN_AND_THERE),
    "a gzip bomb": ({"kind": "gzip_bomb"}, UNKNOWN_AND_THERE),
    "headers too long": ({"kind": "long_headers"}, UNKNOWN_AND_THERE),
}
# What each documented error means: for the message ("once" is one that comes once, "always" one that never ends) ...
REFUSED = {"always": FAILED}
PASSING = {"once": ACCEPTED, "always": FAILED}
THROTTLED = {"once": ACCEPTED}  # it costs no attempt, so one that never ends never fails
LEFT_OPEN = {"once": UNKNOWN_AND_NOT_THERE}
# ... or for the whole channel.
STATUSES: Mapping[str, Mapping[str, End] | str] = {
    "HTTP 400": REFUSED,
    "HTTP 401": UNTIL_MENDED,
    "HTTP 402": FOR_A_WHILE,
    "HTTP 403": UNTIL_MENDED,
    "HTTP 404": UNTIL_MENDED,
    "HTTP 413": REFUSED,
    "HTTP 415": UNTIL_MENDED,
    "HTTP 422": REFUSED,
    "HTTP 429": THROTTLED,
    "HTTP 500": LEFT_OPEN,  # it does not tell whether the message was taken
    "HTTP 502": LEFT_OPEN,
    "HTTP 503": THROTTLED,
    "HTTP 504": LEFT_OPEN,
}
ERRORS: Mapping[str, Mapping[str, Mapping[str, End] | str]] = {
    "kaleyra": {
        "RBC001": UNTIL_MENDED,
        "WA401": UNTIL_MENDED,
        "WA-401": UNTIL_MENDED,
        "WA-401 version": UNTIL_MENDED,
        "WA400": REFUSED,
        "E110": FOR_A_WHILE,
        "WA500": PASSING,
        "WAV2101": FOR_A_WHILE,
        "HTTP 429": THROTTLED,
    },
    "imiconnect": {
        **dict.fromkeys(("7000", "7003", "7004", "7005", "7009", "7022", "7102", "8009"), REFUSED),
        **dict.fromkeys(("7001", "7002", "7007", "7010", "7101", "7104", "7127"), UNTIL_MENDED),
        **dict.fromkeys(("7006", "7016"), PASSING),
        "7020": THROTTLED,
        "1002": LEFT_OPEN,  # a partial success that does not say whose
    },
    "rapidpro": {
        "HTTP 400": REFUSED,
        "flagged": UNTIL_MENDED,
        "suspended": UNTIL_MENDED,
        "HTTP 403": UNTIL_MENDED,
        "HTTP 404": UNTIL_MENDED,
        "HTTP 405": UNTIL_MENDED,
        "HTTP 409": UNTIL_MENDED,
        "HTTP 415": UNTIL_MENDED,
        "HTTP 429": THROTTLED,
        "HTTP 500": LEFT_OPEN,  # it does not tell whether the broadcast was made
        "HTTP 502": LEFT_OPEN,
        "HTTP 503": THROTTLED,
        "HTTP 504": LEFT_OPEN,
    },
    "khoros": STATUSES,
    "qiscus": STATUSES,
}

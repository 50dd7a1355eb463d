"""What IMIconnect's "Messaging API, voice" allows in a request: its parameter tables, read literally.

The tables list all fields, so any other is refused (7004). Three fields are of the later Webex Connect pages:
`promptid` (today's name of `media`), `notifyurlAuthId` and `contactPolicy`.
"""

import re
from datetime import UTC, datetime, timedelta

from providers.simulator.shapes import (
    Breach,
    ShapeError,
    array,
    at_most,
    fields,
    mapping,
    one_of,
    pattern,
    satisfies,
    text,
)

DESTINATION_LIMIT = 1000
CORRELATION_LIMIT = 50
CALLBACK_DATA_LIMIT = 2048
_PROMPTS = ("callflowid", "media", "promptid")
# "2015-04-12T13:00:19.456Z or 2015-04-12T18:30:19.456+5:30": the second is no ISO 8601, but the document allows it.
_EXPIRY = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?)(?:Z|([+-])(\d{1,2}):(\d\d))", re.ASCII)

_VOICE = fields({}, {**dict.fromkeys(_PROMPTS, text), "cli": text})
_CORRELATION = at_most(CORRELATION_LIMIT)
_DESTINATION = fields(
    {},
    {
        "msisdn": array(pattern(r"\+?[1-9][0-9]{6,14}"), least=1),
        "customerid": array(text, least=1),
        "correlationid": _CORRELATION,
    },
)


def expiry_time(value: str) -> datetime:
    """The moment of an expiry as the document writes it; raises ValueError for any other form."""
    match = _EXPIRY.fullmatch(value)
    if match is None:
        raise ValueError(value)
    local = datetime.fromisoformat(match[1]).replace(tzinfo=UTC)
    if match[2] is None:
        return local
    offset = timedelta(hours=int(match[3]), minutes=int(match[4]))
    return local - offset if match[2] == "+" else local + offset


def _is_expiry(value: object) -> bool:
    try:
        return isinstance(value, str) and expiry_time(value) is not None
    except (ValueError, OverflowError):
        return False


def _voice(value: object, path: str) -> None:
    """Either one of 'callflowid' or 'media' must be provided."""
    _VOICE(value, path)
    named = [name for name in _PROMPTS if isinstance(value, dict) and name in value]
    if len(named) != 1:
        raise ShapeError(Breach.WRONG if named else Breach.MISSING, f"{path}.callflowid")


def _destination(value: object, path: str) -> None:
    """The document's key `msisdn/customerid` stands for one of the two."""
    _DESTINATION(value, path)
    named = [name for name in ("msisdn", "customerid") if isinstance(value, dict) and name in value]
    if len(named) != 1:
        raise ShapeError(Breach.WRONG if named else Breach.MISSING, f"{path}.msisdn")


REQUEST = fields(
    {
        "deliverychannel": one_of("voice"),
        "channels": fields({"voice": _voice}),
        "destination": array(_destination, least=1),
    },
    {
        "correlationid": _CORRELATION,
        "notifyurl": pattern(r"https?://[^\s/]+\S*"),
        "callbackData": at_most(CALLBACK_DATA_LIMIT),
        "expiry": satisfies(_is_expiry),
        # Strings in the table. An invalid one once fell back to the default; a later copy says it "will be rejected".
        "priority": one_of("1", "2", "3"),
        "notifyurlAuthId": text,
        "contactPolicy": mapping,
    },
)

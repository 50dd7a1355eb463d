"""Khoros Flow's door: `POST /rest/v1/broadcast/instant`, without ids or receipts, and the list of segments.

The document shows no error at all, only that "JSON is returned by all responses including errors"; the bodies here
are ours, the statuses are HTTP's.
"""

from typing import Any

from aiohttp import web

from providers.simulator.doors import Faults, Simulation, Submission, check, door, read_json, settle
from providers.simulator.magic import Fate
from providers.simulator.record import Recipient
from providers.simulator.replies import Refused, Reply
from providers.simulator.shapes import (
    Breach,
    Rule,
    ShapeError,
    array,
    fields,
    number,
    one_of,
    pattern,
    string,
    text,
)

NAME = "khoros"
CHANNELS = ("rbm", "messagemedia", "telekom", "twilio", "whatsapp", "khoros", "messenger")


def _failure(status: int, message: str) -> Reply:
    return Reply(status, {"status": "error", "message": message})


NO_KEY = _failure(401, "Missing API key")
BAD_KEY = _failure(401, "Invalid API key")
NO_RIGHT = _failure(403, "API key is not selected in any REST integration")
NOT_JSON = _failure(415, "Content-Type must be application/json")
INVALID_JSON = _failure(400, "Invalid JSON")
FAULTS: Faults = {
    Fate.REFUSED: lambda _: _failure(400, "Invalid audience"),
    # No receipt could tell of an opt-out later, so it is told at once.
    Fate.OPTED_OUT: lambda _: _failure(400, "Recipient has opted out"),
    Fate.FAILING: lambda _: _failure(500, "Internal server error"),
    Fate.THROTTLED: lambda _: Reply(429, {"status": "error", "message": "Too many requests"}, {"Retry-After": "1"}),
}

SEGMENTS = Reply(200, {"status": "ok", "segments": [{"audienceId": "1", "title": "Everyone", "type": "segment"}]})

_PROFILE = fields(
    {},
    {
        **dict.fromkeys(("fullName", "firstName", "lastName", "locale", "email", "picture"), string),
        "timezone": number,
        "gender": one_of("M", "F", "U"),
        "language": pattern("[a-z]{2}"),
        "country": pattern("[a-z]{2}"),
        "phoneNumber": string,
    },
)
# The reference sends the reader to another page for the originator format, so fields beyond these pass.
_ORIGINATOR = fields(
    {"name": text},
    {"phoneNumber": pattern(r"\+[1-9][0-9]{6,14}"), "identifier": text, "profile": _PROFILE},
    closed=False,
)
_PARAMETERS = fields({}, {}, closed=False)
_METADATA = fields({}, {"language": string, "timezone": string, "params": _PARAMETERS})
_PARAMETER = array(fields({"value": text}, closed=False), least=1)
_PAYLOADS: dict[str, Rule] = {
    "text": fields({"type": string, "speech": text}, {"metadata": _METADATA}),
    "event": fields({"type": string, "eventName": text}, {"metadata": _METADATA}),
}


def _audience_member(value: object, path: str) -> None:
    _ORIGINATOR(value, path)
    if isinstance(value, dict) and not value.keys() & {"phoneNumber", "identifier"}:
        raise ShapeError(Breach.MISSING, f"{path}.phoneNumber")


def _payload(value: object, path: str) -> None:
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(kind, str) or kind not in _PAYLOADS:
        raise ShapeError(Breach.WRONG, f"{path}.type")
    _PAYLOADS[kind](value, path)
    for name, values in value.get("metadata", {}).get("params", {}).items():
        _PARAMETER(values, f"{path}.metadata.params.{name}")


# "Body Params" lists exactly these three.
REQUEST = fields(
    {
        "audience": array(_audience_member, least=1),
        "channel": fields({"channelName": one_of(*CHANNELS), "externalId": text}),
        "payload": _payload,
    }
)


def routes(simulation: Simulation) -> list[web.RouteDef]:
    """The one endpoint of the document, and the one of Khoros' REST reference that shows whether a key works."""

    async def send(request: web.Request) -> web.StreamResponse:
        _check_access(request)
        if request.content_type != "application/json":
            raise Refused(NOT_JSON)
        body = await read_json(request, lambda _: INVALID_JSON)
        check(REQUEST, body, lambda error: _failure(400, f"{error.path} is {error.breach}"))
        return await settle(simulation, request, _submission(body), FAULTS)

    async def segments(request: web.Request) -> web.StreamResponse:
        _check_access(request)
        return SEGMENTS.response()

    return [
        web.post("/khoros/rest/v1/broadcast/instant", door(simulation, NAME, send)),
        web.get("/khoros/rest/v1/broadcast/segments", door(simulation, NAME, segments)),
    ]


def _check_access(request: web.Request) -> None:
    key = request.headers.get("Authorization", "")
    if not key:
        raise Refused(NO_KEY)
    # The bare key: the sample has no "Bearer" or other scheme word before it.
    if " " in key or key.startswith("bad"):
        raise Refused(BAD_KEY)
    if key.startswith("unselected"):
        raise Refused(NO_RIGHT)


def _submission(body: Any) -> Submission:
    payload, channel = body["payload"], body["channel"]
    kind = payload["type"]
    content = {"channel": channel["channelName"], "metadata": payload.get("metadata", {})}
    words = {"text": payload["speech"]} if kind == "text" else {"event": payload["eventName"]}
    return Submission(
        provider=NAME,
        kind=kind,
        content={**words, **content},
        recipients=[Recipient(member.get("phoneNumber") or member["identifier"]) for member in body["audience"]],
        reply=Reply(200, {"status": "ok"}),
    )

"""IMIconnect's door: voice calls through `POST /resources/v1/messaging`, receipts to the request's `notifyurl`.

What the document leaves open, and what is done here:
- The HTTP status beside an error code is not published: it is always 200, so that the code alone must be read.
- One transid for the whole request, as in all published samples; receipts tell calls apart by `destination` and
  `correlationid`.
- Codes 7020 (throttled) and 7102 (invalid destination), and all receipt codes, come from the later Webex Connect pages.
"""

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from providers.simulator.doors import Faults, Simulation, Submission, check, door, read_json, settle
from providers.simulator.imiconnect_shapes import DESTINATION_LIMIT, REQUEST, expiry_time
from providers.simulator.magic import Fate, Status, course_of
from providers.simulator.receipts import Notice
from providers.simulator.record import Recipient
from providers.simulator.replies import Refused, Reply
from providers.simulator.shapes import Breach, ShapeError

NAME = "imiconnect"
# The seed document's table, and (7020, 7102) Webex Connect's.
DESCRIPTIONS = {
    "1001": "Queued",
    "7000": "Invalid JSON",
    "7001": "Authentication failed",
    "7002": "Service key missing",
    "7003": "Mandatory parameters missing",
    "7004": "Invalid parameters",
    "7006": "Internal error occurred",
    "7007": "Service inactive",
    "7009": "Max number of destinations",
    "7020": "Max transaction limit reached",
    "7102": "Invalid destination",
}
# Receipt codes and words of a call. A call that was answered ends; one that was not never reaches "read".
CALLS: Mapping[Status, tuple[str, str, str]] = {
    Status.QUEUED: ("7407", "OFFERED", "Call offered"),
    Status.SENT: ("7408", "ACCEPTED", "Call accepted"),
    Status.DELIVERED: ("7519", "ANSWERED", "Call answered"),
    Status.READ: ("7410", "DISCONNECTED", "Call disconnected"),
    Status.FAILED: ("7409", "DROPPED", "Call dropped"),
    # There is no code for an opt-out: the callee's side refuses the call.
    Status.OPTED_OUT: ("7406", "REJECTED", "Call rejected"),
}
EXPIRED = ("7208", "EXPIRED", "Message expired")


def _answer(code: str, transid: str = "") -> Reply:
    return Reply(200, {"response": [{"code": code, "transid": transid, "description": DESCRIPTIONS[code]}]})


FAULTS: Faults = {
    Fate.REFUSED: lambda _: _answer("7102"),
    Fate.FAILING: lambda _: _answer("7006"),
    Fate.THROTTLED: lambda _: _answer("7020"),
}


def routes(simulation: Simulation) -> list[web.RouteDef]:
    """The one endpoint of the document."""

    async def send(request: web.Request) -> web.StreamResponse:
        _check_access(request)
        body = await read_json(request, lambda _: _answer("7000"))
        _check_size(body)
        check(REQUEST, body, _complaint)
        return await settle(simulation, request, _submission(body, request.headers["key"]), FAULTS)

    return [web.post("/imiconnect/resources/v1/messaging", door(simulation, NAME, send))]


def _check_access(request: web.Request) -> None:
    key = request.headers.get("key", "")
    if not key:
        raise Refused(_answer("7002"))
    if key.startswith("bad"):
        raise Refused(_answer("7001"))
    if key.startswith("inactive"):
        raise Refused(_answer("7007"))
    if request.content_type != "application/json":
        raise Refused(_answer("7000"))


def _check_size(body: object) -> None:
    """More than 1,000 destinations are one error of their own, however they are grouped."""
    destinations = body.get("destination") if isinstance(body, dict) else None
    if not isinstance(destinations, list):
        return
    addresses = sum(len(_addresses(entry)) for entry in destinations if isinstance(entry, dict))
    if max(len(destinations), addresses) > DESTINATION_LIMIT:
        raise Refused(_answer("7009"))


def _addresses(entry: Mapping[str, Any]) -> Sequence[str]:
    found = entry.get("msisdn", entry.get("customerid"))
    return found if isinstance(found, list) else []


def _complaint(error: ShapeError) -> Reply:
    return _answer("7003" if error.breach is Breach.MISSING else "7004")


def _submission(body: Any, key: str) -> Submission:
    voice = body["channels"]["voice"]
    transid = str(uuid.uuid4())
    default = body.get("correlationid", "")
    expiry = body.get("expiry")
    expired = expiry is not None and expiry_time(expiry) < datetime.now(UTC)
    content = {
        "text": voice.get("callflowid") or voice.get("media") or voice.get("promptid"),
        "voice": voice,
        "expiry": expiry,
        "expired": expired,
        "priority": body.get("priority"),
    }
    recipients = [
        Recipient(address, entry.get("correlationid", default), transid)
        for entry in body["destination"]
        for address in _addresses(entry)
    ]
    return Submission(
        provider=NAME,
        kind="voice_flow" if "callflowid" in voice else "voice_media",
        content=content,
        recipients=recipients,
        reply=_answer("1001", transid),
        notice=_notice(body, key, expired=expired) if "notifyurl" in body else None,
    )


def _notice(body: Mapping[str, Any], key: str, *, expired: bool) -> Notice:
    callback_data = body.get("callbackData", "")

    def receipt(recipient: Recipient, status: Status, at: float) -> object:
        code, word, description = EXPIRED if expired else CALLS[status]
        stamp = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        is_phone = re.fullmatch(r"\+?[0-9]+", recipient.address) is not None
        information = {
            "timeStamp": stamp,
            "Description": description,
            "code": code,
            "deliveryChannel": "voice",
            "additionalInfo": "",
            "destination": recipient.address,
            "destinationType": "msisdn" if is_phone else "customerid",
            "deliveryStatus": word,
        }
        return {
            "deliveryTransInfo": "",
            "deliveryInfoNotification": {
                "deliveryInfo": information,
                "subtid": "",
                "transid": recipient.provider_id,
                "callbackData": callback_data,
                "correlationid": recipient.reference,
            },
        }

    return Notice(NAME, receipt, url=body["notifyurl"], account=key, course=_expiring if expired else _calling)


def _expiring(_address: str) -> Sequence[tuple[float, Status]]:
    return ((0.5, Status.FAILED),)


def _calling(address: str) -> Sequence[tuple[float, Status]]:
    """A call in its own steps: offered, then refused or dropped, or answered and at last hung up."""
    steps = [(after, status) for after, status in course_of(address) if status not in {Status.SENT, Status.READ}]
    answered = any(status is Status.DELIVERED for _, status in steps)
    return [(0.3, Status.QUEUED), *steps, *([(1.5, Status.READ)] if answered else [])]

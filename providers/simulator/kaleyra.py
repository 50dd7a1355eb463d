"""Kaleyra's doors: WhatsApp V2, `POST /v2/<sid>/whatsapp/<phone number>/messages`, with status webhooks; templates.

What the document leaves open, and what is done here:
- The path's number is called the "end customer" in a table, but error WA401 says that it must belong to the account:
  it is taken as the business number.
- `data.message_id` of the answer is not known to return in the webhook, whose samples show Meta's `wamid...`: so it
  does not return here either, and only `ref` ties the two together.
- The body of HTTP 429 is not published; it follows the shape of its neighbours. Of the callbacks for what was not sent
  only the one for the daily limit is, so the opt-out's follows that, with Meta's code for it.
"""

import re
import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from providers.simulator import kaleyra_templates
from providers.simulator.doors import Faults, Simulation, Submission, check, door, read_json, settle
from providers.simulator.kaleyra_shapes import REQUEST, content_of
from providers.simulator.magic import Fate, Status
from providers.simulator.receipts import Notice
from providers.simulator.record import Recipient
from providers.simulator.replies import Refused, Reply

NAME = "kaleyra"
REFERENCE_LIMIT = 255
_BUSINESS_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")


def _failure(status: int, code: str, message: str, key: str, detail: str = "") -> Reply:
    return Reply(status, {"code": code, "message": message, "data": {}, "error": {key: detail or message}})


# The seed document's failure responses, word for word.
BAD_CREDENTIALS = Reply(
    401,
    {
        "code": "RBC001",
        "message": "Incorrect SID or API key.",
        "data": [],
        "error": {"error": "Incorrect SID or API key."},
    },
)
BAD_NUMBER = _failure(401, "WA401", "Phone number is not present or does not belong to the account.", "phone_number")
BAD_PAYLOAD = _failure(400, "WA400", "Refer to correct payload format", "payload", "Incorrect payload format")
BAD_ACCOUNT = _failure(
    401, "WA-401", "API is not available for given customer.Please contact support for more info", "account"
)
BAD_VERSION = _failure(
    401,
    "WA-401",
    "The phone number you're using is associated with different Version of our WA API."
    " Please use the appropriate endpoint.",
    "phone_number",
)
NO_ACCESS = _failure(401, "WA401", "Unauthorized access.", "waba_id")  # the list of error codes, without its key
LOW_BALANCE = _failure(400, "E110", "Please check your balance, You have a low balance!", "balance")
INTERNAL_ERROR = _failure(500, "WA500", "Please try again later", "error", "Internal server error")
# Not documented: HTTP 429 only.
THROTTLED = Reply(
    429,
    {"code": "WA429", "message": "Too many requests", "data": {}, "error": {"error": "Too many requests"}},
    {"Retry-After": "1"},
)
UNDELIVERABLE = {"code": 131026, "title": "Message undeliverable"}  # Meta's, inside a FAILED webhook
OPTED_OUT = {"code": "131050", "status": "not sent", "reason": "Number Opted Out"}  # the reason is a page's title
WORDS = {
    Status.SENT: "sent",
    Status.DELIVERED: "delivered",
    Status.READ: "read",
    Status.FAILED: "failed",
}
FAULTS: Faults = {
    Fate.REFUSED: lambda _: BAD_PAYLOAD,
    Fate.LOW_BALANCE: lambda _: LOW_BALANCE,
    Fate.FAILING: lambda _: INTERNAL_ERROR,
    Fate.THROTTLED: lambda _: THROTTLED,
}


def routes(simulation: Simulation) -> list[web.RouteDef]:
    """The one endpoint of the document, and two that list templates."""

    async def send(request: web.Request) -> web.StreamResponse:
        _check_access(request)
        body = await read_json(request, lambda _: BAD_PAYLOAD)
        return await settle(simulation, request, _submission(request, body), FAULTS)

    async def templates(request: web.Request) -> web.StreamResponse:
        _check_account(request)
        if not request.match_info["account"].isdecimal():
            raise Refused(NO_ACCESS)
        if request.content_type != "application/json":  # "the only allowed value"
            raise Refused(BAD_PAYLOAD)
        return kaleyra_templates.page(request.query.get("after", "")).response()

    async def states(request: web.Request) -> web.StreamResponse:
        _check_account(request)
        return kaleyra_templates.states().response()

    return [
        web.post("/kaleyra/v2/{sid}/whatsapp/{phone}/messages", door(simulation, NAME, send)),
        web.get("/kaleyra/v2/{sid}/whatsapp/{account}/message_templates", door(simulation, NAME, templates)),
        web.get("/kaleyra/v1/{sid}/whatsapp/templates/status", door(simulation, NAME, states)),
    ]


def _check_account(request: web.Request) -> None:
    sid, key = request.match_info["sid"], request.headers.get("api-key", "")
    if not key or key.startswith("bad") or sid.startswith("bad"):
        raise Refused(BAD_CREDENTIALS)
    if sid.startswith("inactive"):
        raise Refused(BAD_ACCOUNT)


def _check_access(request: web.Request) -> None:
    _check_account(request)
    sid, phone = request.match_info["sid"], request.match_info["phone"]
    if sid.startswith("v1"):
        raise Refused(BAD_VERSION)
    if not _BUSINESS_NUMBER.fullmatch(phone):
        raise Refused(BAD_NUMBER)
    if request.content_type != "application/json":
        raise Refused(BAD_PAYLOAD)


def _submission(request: web.Request, body: Any) -> Submission:
    check(REQUEST, body, lambda _: BAD_PAYLOAD)
    message, extra = body["messaging_object"], body.get("extra_info", {})
    kind, content = content_of(message)
    message_id = "A" + secrets.token_hex(10)[1:]
    reference = str(extra.get("ref", ""))[:REFERENCE_LIMIT]
    # Several recipients may stand in one request, separated by commas; the answer has one id for all of them.
    recipients = [Recipient(to.strip(), reference, message_id) for to in message["to"].split(",")]
    return Submission(
        provider=NAME,
        kind=kind,
        content=content,
        recipients=recipients,
        reply=Reply(
            202, {"code": "WA202", "message": "Request Accepted", "data": {"message_id": message_id}, "error": {}}
        ),
        notice=_notice(request.match_info["sid"], request.match_info["phone"], extra),
    )


def _notice(sid: str, phone: str, extra: Mapping[str, object]) -> Notice:
    """The status webhook V2; over-long references come back cut, as the document says."""
    references = {name: str(extra.get(name, ""))[:REFERENCE_LIMIT] for name in ("ref", "ref1", "ref2")}

    def body(recipient: Recipient, status: Status, at: float) -> object:
        wamid = _wamid(recipient)
        extra_info = {
            "enable_url_tracking_body": False,
            "enable_url_tracking_button": False,
            "message_id": wamid,
            "waba_id": "10" + phone[-9:],
            **references,
        }
        if status is Status.OPTED_OUT:
            return {**OPTED_OUT, "message_id": wamid, "extra_info": extra_info}
        return {
            "meta_object": {"value": _value(phone, recipient, status, at), "field": "messages"},
            "extra_info": {"trace_id": str(uuid.uuid4()), **extra_info},
            "status": WORDS[status],
            "message_id": wamid,
        }

    return Notice(NAME, body, account=sid)


def _value(phone: str, recipient: Recipient, status: Status, at: float) -> dict[str, object]:
    """Meta's own webhook, which Kaleyra hands on."""
    entry: dict[str, object] = {
        "id": _wamid(recipient),
        "status": WORDS[status],
        "timestamp": str(int(at)),
        "recipient_id": recipient.address.lstrip("+"),
        "conversation": {"id": recipient.provider_id.lower(), "origin": {"type": "marketing"}},
        "pricing": {"billable": True, "pricing_model": "CBP", "category": "marketing"},
    }
    if status is Status.FAILED:
        entry["errors"] = [UNDELIVERABLE]
    metadata = {"display_phone_number": phone.lstrip("+"), "phone_number_id": "104" + phone[-9:]}
    return {"messaging_product": "whatsapp", "metadata": metadata, "statuses": [entry]}


def _wamid(recipient: Recipient) -> str:
    """Meta's id: the same in all receipts of one message, and different for each recipient of one request."""
    return "wamid." + uuid.uuid5(uuid.NAMESPACE_URL, recipient.provider_id + recipient.address).hex.upper()

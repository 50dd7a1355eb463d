"""Every error that a provider's documents show, by its code, as an answer that can be asked for on demand.

Where a document gives a code without an HTTP status or without a body, it is answered in the shape of its neighbours;
where it documents no error at all, by HTTP status in the shape of the provider's success.
"""

from collections.abc import Mapping

from providers.simulator import imiconnect, kaleyra, khoros, qiscus_words
from providers.simulator.replies import Reply

_RETRY = {"Retry-After": "1"}

# The failure responses of the seed document; WAV2101 is of Kaleyra's list of error codes, without an HTTP status.
KALEYRA: Mapping[str, Reply] = {
    "RBC001": kaleyra.BAD_CREDENTIALS,
    "WA401": kaleyra.BAD_NUMBER,
    "WA-401": kaleyra.BAD_ACCOUNT,
    "WA-401 version": kaleyra.BAD_VERSION,
    "WA400": kaleyra.BAD_PAYLOAD,
    "E110": kaleyra.LOW_BALANCE,
    "WA500": kaleyra.INTERNAL_ERROR,
    "WAV2101": Reply(400, {"code": "WAV2101", "message": "Daily limit reached", "data": {}, "error": {}}),
    "HTTP 429": kaleyra.THROTTLED,
}
# The codes that Webex Connect's pages add to the seed document's.
_LATER = {
    "1002": "Partial success",
    "7005": "Request expired",
    "7010": "Source address not allowed",
    "7016": "Unknown exception",
    "7022": "JSON too large",
    "7101": "Invalid sender",
    "7104": "Invalid application id",
    "7127": "Source address not allowed",
    "8009": "Customer profile does not exist",
}
IMICONNECT: Mapping[str, Reply] = {
    code: Reply(200, {"response": [{"code": code, "transid": "", "description": description}]})
    for code, description in {**imiconnect.DESCRIPTIONS, **_LATER}.items()
    if code != "1001"
}
# RapidPro's code and its documentation's list of statuses.
RAPIDPRO: Mapping[str, Reply] = {
    "HTTP 400": Reply(400, {"urns": {"0": ["Invalid URN: tel:12. Ensure phone numbers contain country codes."]}}),
    "flagged": Reply(400, {"non_field_errors": ["Sorry, your workspace is currently flagged."]}),
    "suspended": Reply(400, {"non_field_errors": ["Sorry, your workspace is currently suspended."]}),
    "HTTP 403": Reply(403, {"detail": "Invalid token"}),
    "HTTP 404": Reply(404, {"detail": "Not found."}),
    "HTTP 405": Reply(405, {"detail": 'Method "POST" not allowed.'}),
    "HTTP 409": Reply(409, {"detail": "Cannot create object because workspace has reached limit of 5."}),
    "HTTP 415": Reply(415, {"detail": 'Unsupported media type "application/json" in request.'}),
    "HTTP 429": Reply(429, {"detail": "Request was throttled. Expected available in 1 second."}, _RETRY),
    "HTTP 500": Reply(500, "Server Error. Site administrators have been notified."),
    "HTTP 502": Reply(502, "Bad Gateway"),
    "HTTP 503": Reply(503, "Service Unavailable", _RETRY),
    "HTTP 504": Reply(504, "Gateway Timeout"),
}


def _by_status(body: Mapping[str, object]) -> dict[str, Reply]:
    statuses = (400, 401, 402, 403, 404, 413, 415, 422, 429, 500, 502, 503, 504)
    return {f"HTTP {s}": Reply(s, {**body}, _RETRY if s in {429, 503} else {}) for s in statuses}


DOCUMENTED: Mapping[str, Mapping[str, Reply]] = {
    kaleyra.NAME: KALEYRA,
    imiconnect.NAME: IMICONNECT,
    "rapidpro": RAPIDPRO,
    khoros.NAME: _by_status({"status": "error", "message": "Refused"}),
    qiscus_words.NAME: _by_status({"errors": {"message": "Refused"}}),
}

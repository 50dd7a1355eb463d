"""A Kaleyra account as the tests of its adapter use it, and the answers that its pages show."""

from typing import Any

from providers import Client
from tests.providers.samples import client

SID, SENDER, WABA_ID = "HXAP16XXXXXX97IN", "+919812345678", "104948869000000"
HOST = "https://api.in.kaleyra.io"
ACCEPTED = {
    "status": 202,
    "json": {"code": "WA202", "message": "Request Accepted", "data": {"message_id": "AXX"}, "error": {}},
}


def kaleyra(**config: Any) -> Client:
    """The account, at its pod's own address."""
    return client("kaleyra", **{"base_url": "", "sid": SID, "sender": SENDER, **config})


def failure(status: int, code: str, words: str, key: str, data: object = None) -> dict[str, Any]:
    """A "Sample Failure Response" of the page; where it says two things, the key's own words do not matter."""
    body = {"code": code, "message": words, "data": {} if data is None else data, "error": {key: words}}
    return {"status": status, "json": body}

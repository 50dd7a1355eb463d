"""What a Qiscus account has left, and what a file would cost: told by the answer to an upload and nowhere else.

The amounts are the document's until `POST /_simulator/qiscus/balance` changes them. What pays first is not documented:
here free sessions, then the quota, then credits. Nothing is ever used up, so that tests need not count.
"""

from collections.abc import Sequence

from aiohttp import web

from providers.simulator.doors import check, read_json
from providers.simulator.magic import Fate, fate_of
from providers.simulator.replies import Refused, Reply
from providers.simulator.shapes import fields, satisfies

_AMOUNT = satisfies(lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0)
_LEFT = fields({}, {"credits": _AMOUNT, "free_session": _AMOUNT, "quota": _AMOUNT})


_SAMPLE = {"credits": 0, "free_session": 1000, "quota": 857}


class Balance:
    """The amounts that are left; a reset brings back the document's."""

    def __init__(self) -> None:
        self._left = dict(_SAMPLE)

    def reset(self) -> None:
        """Leave as much as in the document's sample."""
        self._left = dict(_SAMPLE)

    async def change(self, request: web.Request) -> web.StreamResponse:
        """Set any of the three amounts."""
        if request.content_type != "application/json":
            raise Refused(Reply(415, {"error": "Send the body as Content-Type: application/json."}))
        body = await read_json(request, lambda _: Reply(400, {"error": "The body must be JSON."}))
        check(_LEFT, body, lambda error: Reply(400, {"error": f"{error.path} is {error.breach}."}))
        self._left.update(body)
        return web.json_response(self._left)

    def estimate(self, file_id: int, phones: Sequence[str]) -> dict[str, object]:
        """The answer to an upload: without envelope, `credits` a string beside numbers, as in the sample."""
        is_low = any(fate_of(phone) is Fate.LOW_BALANCE for phone in phones)
        left = dict.fromkeys(self._left, 0) if is_low else self._left
        free = min(len(phones), left["free_session"])
        quota = min(len(phones) - free, left["quota"])
        return {
            "broadcast_file_id": file_id,
            "current_balance": {**left, "credits": str(left["credits"])},
            "estimation_charge": {"credit": len(phones) - free - quota, "free_session": free, "quota": quota},
        }

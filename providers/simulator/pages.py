"""The page at `/`: what arrived, as the recipients' phones would show it, with the table of magic numbers below."""

from collections.abc import Iterable
from html import escape
from pathlib import Path
from string import Template

from aiohttp import web

from providers.simulator.control import as_json
from providers.simulator.doors import Simulation, answering
from providers.simulator.magic import MAGIC_NUMBERS
from providers.simulator.record import PROVIDERS, Row
from providers.simulator.replies import Refused, Reply

STATIC = Path(__file__).parent / "static"
# As many phones as fit into a few rows, and as many messages as a phone shows.
PHONES = 24
MESSAGES_PER_PHONE = 6
_LOOKED_AT = 240
_NAMES = {
    "khoros": "Khoros Flow",
    "rapidpro": "RapidPro",
    "kaleyra": "Kaleyra",
    "qiscus": "Qiscus",
    "imiconnect": "IMIconnect",
}
_ENDPOINTS = {
    "khoros": "/rest/v1/broadcast/instant",
    "rapidpro": "/api/v2/broadcasts.json",
    "kaleyra": "/v2/<sid>/whatsapp/<phone>/messages",
    "qiscus": "/api/v3/admin/broadcast/client",
    "imiconnect": "/resources/v1/messaging",
}
# Messages are strangers' text: the page runs its own script, and loads nothing from anywhere else.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Pages:
    """The page, its two static files, and the feed that its script asks for."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._page = _render()

    def routes(self) -> list[web.AbstractRouteDef]:
        """Nothing of this is in a provider's way."""
        return [
            web.get("/", self.page),
            web.get("/_simulator/feed", answering(self.feed)),
            web.static("/_simulator/static", STATIC),
        ]

    async def page(self, _request: web.Request) -> web.Response:
        """The frame of the page; its script fills it."""
        return web.Response(text=self._page, content_type="text/html", headers=_HEADERS)

    async def feed(self, request: web.Request) -> web.Response:
        """The phones with the newest messages (`?provider=` for one provider's), and the totals."""
        provider = request.query.get("provider", "")
        if provider and provider not in PROVIDERS:
            raise Refused(Reply(400, {"error": f"provider must be one of {', '.join(PROVIDERS)}."}))
        rows = self._simulation.record.latest(provider=provider, limit=_LOOKED_AT)
        return web.json_response(
            {
                "phones": self._phones(rows),
                "totals": self._simulation.record.totals(),
                "receipts_pending": self._simulation.receipts.pending(),
            }
        )

    def _phones(self, newest_first: Iterable[Row]) -> list[dict[str, object]]:
        phones: dict[tuple[str, str], list[Row]] = {}
        for row in newest_first:
            phones.setdefault((row.provider, row.address), []).append(row)
        return [
            {
                "provider": provider,
                "address": address,
                "messages": [as_json(row, self._simulation) for row in reversed(rows[:MESSAGES_PER_PHONE])],
            }
            for (provider, address), rows in list(phones.items())[:PHONES]
        ]


def _render() -> str:
    """The page's frame: everything that does not change while the simulator runs."""
    return Template((STATIC / "index.html").read_text(encoding="utf-8")).substitute(
        tabs="\n".join(
            f'<button type="button" class="tab" data-provider="{name}" aria-pressed="false">'
            f'{escape(_NAMES[name])} <span class="count">0</span></button>'
            for name in PROVIDERS
        ),
        numbers="\n".join(
            f"<tr><td><code>…{escape(number.ending)}</code></td><td>{escape(number.effect)}</td></tr>"
            for number in MAGIC_NUMBERS
        ),
        doors="\n".join(
            f'<tr><th scope="row">{escape(_NAMES[name])}</th>'
            f"<td><code>POST /{name}{escape(_ENDPOINTS[name])}</code></td></tr>"
            for name in PROVIDERS
        ),
    )

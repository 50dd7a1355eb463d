"""RapidPro's door under `/api/v2/`: broadcasts made and listed, messages polled, media taken, the workspace shown.

Receipts are not posted, the sender polls. Bodies and statuses are those of the seed document and of upstream's code.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from providers.simulator.doors import Faults, Simulation, Submission, door, read_json, settle
from providers.simulator.magic import Fate, fate_of
from providers.simulator.rapidpro_access import token_of
from providers.simulator.rapidpro_fields import Draft, Invalid, read_broadcast
from providers.simulator.rapidpro_log import NAME, BroadcastLog, id_of, people_in
from providers.simulator.rapidpro_pages import InvalidCursor, Page, paginate
from providers.simulator.rapidpro_people import GROUPS, Group
from providers.simulator.record import Entry, Recipient
from providers.simulator.replies import Refused, Reply

MEDIA_LIMIT = 25 * 1024 * 1024
_IMAGES = ("apng", "avif", "gif", "jpeg", "png", "webp")
_MEDIA_TYPES = (*(f"image/{name}" for name in _IMAGES), "application/pdf")
# The document's own example. Credits have not been counted since upstream's v7.5.89, and are -1.
_WORKSPACE = {
    "uuid": "6a44ca78-a4c2-4862-a7d3-2932f9b3a7c3",
    "name": "TextIt",
    "country": "RW",
    "languages": ["eng", "fra"],
    "timezone": "Africa/Kigali",
    "date_style": "day_first",
    "anon": False,
}
_CREDITS, _NO_CREDITS = {"used": 121433, "remaining": 3452}, {"used": -1, "remaining": -1}
_SERVER_ERROR = Reply(500, "Server Error. Site administrators have been notified.")
_THROTTLED = Reply(429, {"detail": "Request was throttled. Expected available in 1 second."}, {"Retry-After": "1"})


def _barred(state: str) -> Reply:
    words = f"Sorry, your workspace is currently {state}."
    more = " To re-enable starting flows and sending messages, please contact support."
    return Reply(400, {"non_field_errors": [words + more]})


def _unknown_recipients(submission: Submission) -> Reply:
    """The field errors of those that RapidPro does not take: URNs by their place in the list, the first contact."""
    refused = [
        (index, recipient.address)
        for index, recipient in enumerate(submission.recipients)
        if fate_of(recipient.address) is Fate.REFUSED
    ]
    urns = {
        str(index): [f"Invalid URN: {address}. Ensure phone numbers contain country codes."]
        for index, address in refused
        if ":" in address
    }
    contacts = [f"No such object: {address}" for _, address in refused if ":" not in address][:1]
    return Reply(400, {name: found for name, found in (("urns", urns), ("contacts", contacts)) if found})


# There is no fault for an opt-out: RapidPro accepts and reports the message as failed.
FAULTS: Faults = {
    Fate.REFUSED: _unknown_recipients,
    Fate.FAILING: lambda _: _SERVER_ERROR,
    Fate.THROTTLED: lambda _: _THROTTLED,
}
Method = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes(simulation: Simulation) -> list[web.RouteDef]:
    """The endpoint of the seed document, and those that go with it: groups and media before, messages after."""
    rapidpro = RapidPro(simulation)
    endpoints: dict[str, dict[str, Method]] = {
        "broadcasts": {"GET": rapidpro.list_broadcasts, "POST": rapidpro.create_broadcast},
        "messages": {"GET": rapidpro.list_messages},
        "media": {"POST": rapidpro.create_media},
        "groups": {"GET": rapidpro.list_groups},
        "workspace": {"GET": rapidpro.show_workspace},
    }
    return [
        web.route("*", f"/rapidpro/api/v2/{name}.json", door(simulation, NAME, _endpoint(methods)))
        for name, methods in endpoints.items()
    ]


def _endpoint(methods: Mapping[str, Method]) -> Method:
    async def answer(request: web.Request) -> web.StreamResponse:
        token_of(request)
        if request.method not in methods:
            raise Refused(Reply(405, {"detail": f'Method "{request.method}" not allowed.'}))
        return await methods[request.method](request)

    return answer


class RapidPro:
    """One workspace: its broadcasts and its media."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._log = BroadcastLog(simulation)
        self._media: dict[str, str] = {}
        simulation.on_reset.append(self._log.clear)

    async def create_broadcast(self, request: web.Request) -> web.StreamResponse:
        """POST: 201 with the new broadcast."""
        draft = self._read_draft(await _read_body(request), token_of(request))
        broadcast_id = self._log.next_id()
        shown: dict[str, object] = {}
        content = _content(draft, self._media)

        def keep(entry: Entry) -> None:
            # The answer shows the broadcast as kept: its moment is known only now.
            broadcast = self._log.add(broadcast_id, entry, people_in(draft))
            shown.update(self._log.show(broadcast, draft.recipients, content))

        submission = Submission(
            provider=NAME,
            kind="text",
            content=content,
            recipients=[Recipient(address, "", str(broadcast_id)) for address in draft.recipients],
            reply=Reply(201, shown),
            on_accepted=keep,
        )
        return await settle(self._simulation, request, submission, FAULTS)

    async def list_broadcasts(self, request: web.Request) -> web.StreamResponse:
        """GET: one broadcast by `id` or `uuid`, or pages of all, newest first."""
        broadcast_id = _uuid(request) if "uuid" in request.query else _integer(request, "id")
        if broadcast_id or "uuid" in request.query:
            found = self._log.find(broadcast_id or 0)
            return _list_reply(Page(found, None, None), self._log.broadcast_json)
        return _list_reply(_page(request, self._log.broadcasts()), self._log.broadcast_json)

    async def list_messages(self, request: web.Request) -> web.StreamResponse:
        """GET: the messages of one `broadcast`, of a `folder`, or all."""
        _check_exclusive(request, "contact", "folder", "label", "broadcast")
        broadcast_id = _integer(request, "broadcast")
        only = self._log.find(broadcast_id) if broadcast_id is not None else None
        folder = request.query.get("folder", "").lower()
        return _list_reply(_page(request, self._log.messages(only, folder)), self._log.message_json)

    async def list_groups(self, request: web.Request) -> web.StreamResponse:
        """GET: one group by `uuid` or `name`, or all; so few that they need no second page."""
        _check_exclusive(request, "uuid", "name")
        group_uuid, name = request.query.get("uuid", ""), request.query.get("name", "").lower()
        if group_uuid:
            _uuid(request)
        found = [each for each in GROUPS if group_uuid in ("", each.uuid) and name in ("", each.name.lower())]
        return _list_reply(Page(found, None, None), Group.shown)

    async def show_workspace(self, request: web.Request) -> web.StreamResponse:
        """GET: the workspace. Only a token that starts with `credits` is of an installation that still counts them."""
        counts = token_of(request).startswith("credits")
        return Reply(200, {**_WORKSPACE, "credits": _CREDITS if counts else _NO_CREDITS}).response()

    async def create_media(self, request: web.Request) -> web.StreamResponse:
        """POST multipart `file`: 201 with the UUID that a broadcast names as its attachment."""
        if request.content_type != "multipart/form-data":
            raise Refused(_unsupported(request))
        file = (await request.post()).get("file")
        if not isinstance(file, web.FileField):
            raise Refused(Reply(400, {"file": ["No file was submitted."]}))
        if file.content_type not in _MEDIA_TYPES and not file.content_type.startswith(("audio/", "video/")):
            raise Refused(Reply(400, {"file": ["Unsupported file type."]}))
        size = file.file.seek(0, 2)
        if not size:
            raise Refused(Reply(400, {"file": ["The submitted file is empty."]}))
        if size > MEDIA_LIMIT:
            raise Refused(Reply(400, {"file": ["Limit for file uploads is 25.0 MB."]}))
        media = str(uuid.uuid4())
        url = f"{request.url.origin()}/rapidpro/media/{media}"
        self._media[media] = f"{file.content_type}:{url}"
        shown = {"uuid": media, "content_type": file.content_type, "url": url, "filename": file.filename, "size": size}
        return Reply(201, shown).response()

    def _read_draft(self, body: object, token: str) -> Draft:
        try:
            draft = read_broadcast(body, self._media)
        except Invalid as error:
            raise Refused(Reply(400, error.detail)) from error
        for state in ("flagged", "suspended"):
            if token.startswith(state):
                raise Refused(_barred(state))
        return draft


def _content(draft: Draft, media: Mapping[str, str]) -> dict[str, object]:
    """What is kept and shown; attachments go in as UUIDs and come out as `<content type>:<URL>`."""
    return {
        "text": draft.text.get(draft.base_language, ""),
        "translations": draft.text,
        "attachments": {
            language: [media[attachment] for attachment in attachments]
            for language, attachments in draft.attachments.items()
        },
        "quick_replies": draft.quick_replies,
        "language": draft.base_language,
        "contacts": len(draft.contacts),
        "groups": len(draft.groups),
    }


async def _read_body(request: web.Request) -> object:
    """The body as JSON; none at all is an empty object, as upstream has it."""
    if not request.can_read_body:
        return {}
    if request.content_type != "application/json":
        raise Refused(_unsupported(request))
    return await read_json(request, lambda error: Reply(400, {"detail": f"JSON parse error - {error}"}))


def _unsupported(request: web.Request) -> Reply:
    return Reply(415, {"detail": f'Unsupported media type "{request.content_type}" in request.'})


def _page(request: web.Request, source: Any) -> Page[Any]:
    try:
        return paginate(request.url, source)
    except InvalidCursor as error:
        raise Refused(Reply(404, {"detail": "Invalid cursor"})) from error


def _list_reply(page: Page[Any], shown: Callable[[Any], dict[str, object]]) -> web.Response:
    results = [shown(item) for item in page.results]
    return Reply(200, {"next": page.next, "previous": page.previous, "results": results}).response()


def _check_exclusive(request: web.Request, *names: str) -> None:
    if sum(bool(request.query.get(name)) for name in names) > 1:
        raise Refused(Reply(400, {"detail": f"You may only specify one of the {', '.join(names)} parameters"}))


def _integer(request: web.Request, name: str) -> int | None:
    value = request.query.get(name)
    try:
        return int(value) if value else None
    except ValueError as error:
        raise Refused(Reply(400, {"detail": f"Value for {name} must be an integer"})) from error


def _uuid(request: web.Request) -> int:
    value = request.query["uuid"]
    try:
        return id_of(uuid.UUID(value))
    except ValueError as error:
        raise Refused(Reply(400, {"detail": f"Param 'uuid': {value} is not a valid UUID."})) from error

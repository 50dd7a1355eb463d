"""Which messages a call asks for: RapidPro's filters -> rows, and states, that the record's indexes find."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from broadcaster.api import filters
from broadcaster.api.records import key
from broadcaster.api.records.states import FOLDERS
from broadcaster.models import Broadcast, Contact, Message
from broadcaster.reports.record import Choice

NOT_BOTH = ("contact", "folder", "label", "broadcast")
NEIGHBOURS = 100  # broadcasts made at the same moment may have got their keys in another order
NO_BROADCAST = "Param 'broadcast': {} is neither an id nor a UUID."
NO_STATE = "Param 'state': {} is no state. Use any of {}."


def of(request: Request) -> Choice:
    """The choice. Raises ParseError."""
    filters.only_one(request, *NOT_BOTH)
    rows = _of_contact(request, _of_broadcast(request, _by_key(request, Message.objects.all())))
    folder = filters.text(request, "folder").lower()
    if filters.text(request, "label") or (folder and folder not in FOLDERS):
        rows = rows.none()  # RapidPro has more folders, of what comes in, and labels for that
    return Choice(_between(request, rows), FOLDERS.get(folder, ()))


def states(request: Request) -> tuple[str, ...]:
    """The states that `state` names, once or several times, or with commas. Raises ParseError."""
    given = [word for text in request.query_params.getlist("state") for word in text.split(",") if word]
    known = [state.value for state in Message.State]
    for word in given:
        if word not in known:
            raise ParseError(NO_STATE.format(word, ", ".join(known)))
    return tuple(dict.fromkeys(given))


def _by_key(request: Request, rows: QuerySet[Message]) -> QuerySet[Message]:
    if uuid := filters.uuid(request, "uuid"):
        message_id = key.find(uuid)
        rows = rows.filter(pk=message_id) if message_id else rows.none()
    if message_id := filters.integer(request, "id"):
        rows = rows.filter(pk=message_id)
    return rows


def _of_broadcast(request: Request, rows: QuerySet[Message]) -> QuerySet[Message]:
    given = filters.text(request, "broadcast")
    if not given:
        return rows
    known = Broadcast.objects.values_list("pk", flat=True)
    for kind, column in ((int, "pk"), (UUID, "uuid")):
        try:
            broadcast_id = known.filter(**{column: kind(given)}).first()
        except ValueError:
            continue
        return rows.filter(broadcast=broadcast_id) if broadcast_id else rows.none()
    raise ParseError(NO_BROADCAST.format(given))


def _of_contact(request: Request, rows: QuerySet[Message]) -> QuerySet[Message]:
    uuid = filters.uuid(request, "contact")
    if uuid is None:
        return rows
    contact_id = Contact.objects.filter(uuid=uuid).values_list("pk", flat=True).first()
    return rows.filter(contact=contact_id) if contact_id else rows.none()


def _between(request: Request, rows: QuerySet[Message]) -> QuerySet[Message]:
    """The messages of broadcasts from `after` to `before`, both included; none where one of them is no time."""
    for name, at in ((name, filters.text(request, name)) for name in ("before", "after")):
        if at:
            moment = filters.moment(at)
            rows = _on_one_side(rows, moment, is_before=name == "before") if moment else rows.none()
    return rows


def _on_one_side(rows: QuerySet[Message], at: datetime, *, is_before: bool) -> QuerySet[Message]:
    """As a range of keys, since the record is sorted by those; the few that a range gets wrong are left out by name."""
    earlier = Broadcast.objects.filter(created_at__lte=at).order_by("-created_at", "-pk")
    later = Broadcast.objects.filter(created_at__gte=at).order_by("created_at", "pk")
    wanted, others = (earlier, later.exclude(created_at=at)) if is_before else (later, earlier.exclude(created_at=at))
    near = list(wanted.values_list("pk", flat=True)[:NEIGHBOURS])
    if not near:
        return rows.none()
    rows = rows.filter(broadcast__lte=max(near)) if is_before else rows.filter(broadcast__gte=min(near))
    return rows.exclude(broadcast__in=list(others.values_list("pk", flat=True)[:NEIGHBOURS]))

"""`/api/v2/broadcasts/<uuid>`: one broadcast; and what a program does to one that goes out, each a POST of its own."""

from collections.abc import Collection
from typing import Any, ClassVar, cast

from django.contrib.auth.models import User
from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from broadcaster import queue, tasks
from broadcaster.api.broadcasts import item
from broadcaster.api.broadcasts.item import BroadcastItem
from broadcaster.api.errors import Conflict
from broadcaster.api.permissions import reading, sending
from broadcaster.api.records import found
from broadcaster.api.resource import Resource
from broadcaster.models import Broadcast
from broadcaster.sending import resending, schedule, states

State = Broadcast.State


class OneBroadcast(Resource):
    """One broadcast that has left the desk."""

    needs = {"GET": reading("view_broadcast")}
    serializer_class = BroadcastItem

    def prepare(self, rows: list[Any]) -> None:
        """Count how far it is."""
        item.prepare(rows)

    @extend_schema(responses=BroadcastItem)
    def get(self, request: Request, uuid: str) -> Response:
        """Show one broadcast."""
        return self.answer(found.broadcast(uuid, whole=True))


class Move(Resource):
    """Does something to a broadcast. Where it is in one of the states `already`, that was done before."""

    needs = {"POST": sending("view_broadcast", "send_broadcast")}
    serializer_class = BroadcastItem
    already: ClassVar[Collection[State]] = ()

    def act(self, broadcast: Broadcast, person: User) -> None:
        """Do it. Raises states.MoveRefused."""
        raise NotImplementedError

    def prepare(self, rows: list[Any]) -> None:
        """Count how far it is."""
        item.prepare(rows)

    def moved(self, request: Request, uuid: str) -> Response:
        """The broadcast, once it is done. Raises NotFound, and Conflict where its state does not allow it."""
        broadcast = found.broadcast(uuid)
        try:
            self.act(broadcast, cast("User", request.user))  # in transactions of its own: there may be a million rows
            transaction.on_commit(lambda: _wake(broadcast))
        except states.MoveRefused as refusal:
            broadcast.refresh_from_db()
            if broadcast.state not in self.already:
                raise Conflict(refusal.sentence) from refusal
        return self.answer(found.broadcast(uuid, whole=True))


def _wake(broadcast: Broadcast) -> None:
    broadcast.refresh_from_db()
    tasks.wake(broadcast)


class Pause(Move):
    """Hands out nothing more for now."""

    already = (State.PAUSED,)

    def act(self, broadcast: Broadcast, person: User) -> None:
        """Pause it."""
        schedule.pause(broadcast)

    @extend_schema(request=None, responses=BroadcastItem)
    def post(self, request: Request, uuid: str) -> Response:
        """Pause a broadcast; what was handed out already still arrives."""
        return self.moved(request, uuid)


class Resume(Move):
    """Goes on."""

    already = (State.PREPARING, State.SENDING)

    def act(self, broadcast: Broadcast, person: User) -> None:
        """Let it go on."""
        schedule.resume(broadcast)

    @extend_schema(request=None, responses=BroadcastItem)
    def post(self, request: Request, uuid: str) -> Response:
        """Let a paused broadcast go on where it was paused, whatever it was paused for."""
        return self.moved(request, uuid)


class Cancel(Move):
    """Ends it."""

    already = (State.CANCELLED,)

    def act(self, broadcast: Broadcast, person: User) -> None:
        """Cancel it."""
        schedule.cancel(broadcast)

    @extend_schema(request=None, responses=BroadcastItem)
    def post(self, request: Request, uuid: str) -> Response:
        """Send nothing more of a broadcast, for good."""
        return self.moved(request, uuid)


class ResendFailed(Move):
    """Sends again what was refused."""

    def act(self, broadcast: Broadcast, person: User) -> None:
        """Queue the first once more; a worker does the rest, which may be a million."""
        rest = resending.begin(broadcast, person=person)
        if rest:
            transaction.on_commit(lambda: queue.enqueue("send_refused_again", rest))

    @extend_schema(request=None, responses=BroadcastItem)
    def post(self, request: Request, uuid: str) -> Response:
        """Send again what the provider refused, and nothing that it took or that had no answer."""
        return self.moved(request, uuid)

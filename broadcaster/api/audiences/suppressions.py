"""`/api/v2/suppressions`: who must not be written to, added by programs and taken back with a reason."""

from typing import Any

from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from broadcaster.api import fields, filters
from broadcaster.api.audiences.caller import caller
from broadcaster.api.audiences.suppression_form import (
    SuppressedItem,
    SuppressForm,
    SuppressionItem,
    TakeBackForm,
    urn_of,
)
from broadcaster.api.errors import Conflict
from broadcaster.api.pagination import Order
from broadcaster.api.parameters import AFTER, BEFORE
from broadcaster.api.permissions import administering, reading, sending
from broadcaster.api.resource import Resource
from broadcaster.api.urns import InvalidUrn, Urn
from broadcaster.audience import consent, erasure, phones, staging
from broadcaster.models import Channel, Suppression

SOURCE = "api"
FILTERS = [
    OpenApiParameter("urn", str, description="Whose opt-outs."),
    OpenApiParameter("address", str, description="The same, as a phone or an identifier."),
    OpenApiParameter("channel", str, description="Those from this channel alone: its UUID or name."),
    BEFORE,
    AFTER,
]


class Suppressions(Resource):
    """Opt-outs; they outlive the contact, and no import revives them."""

    needs = {
        "GET": reading("view_suppression"),
        "POST": sending("add_suppression"),
        "DELETE": administering("delete_suppression"),
    }
    serializer_class = SuppressionItem
    order = Order()

    def get_queryset(self) -> QuerySet[Suppression]:
        """Those that the call asks for."""
        rows = filters.between(self.request, Suppression.objects.all(), "created_at")
        if urn := filters.text(self.request, "urn"):
            rows = rows.filter(_of({_address(urn)}))
        if address := filters.text(self.request, "address").strip():
            rows = rows.filter(_of(_readings(address)))
        if channel := filters.text(self.request, "channel"):
            rows = rows.filter(channel__in=[row.pk for row in fields.named(Channel.objects.all(), [channel]).values()])
        return rows.select_related("channel")

    @extend_schema(parameters=FILTERS, responses=SuppressionItem(many=True))
    def get(self, request: Request) -> Response:
        """List opt-outs, the latest first."""
        return self.listed(request)

    @extend_schema(request=SuppressForm, responses={201: SuppressedItem})
    def post(self, request: Request) -> Response:
        """Let up to a hundred people not be written to, whether they are known or not; who has opted out stays so."""
        form = SuppressForm(data=request.data)
        form.is_valid(raise_exception=True)
        with transaction.atomic():
            staging.one_at_a_time()  # whoever erases one of them now would be stored again
            told = _suppressed(form.validated_data)
            _record(request, told)
        return Response(SuppressedItem(told).data, status=201)

    @extend_schema(parameters=[TakeBackForm], responses={204: None})
    def delete(self, request: Request) -> Response:
        """Take an opt-out back, with the person's consent and a reason, which stays on record."""
        form = TakeBackForm(data=request.query_params)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        rows = Suppression.objects.filter(_of({given["urn"].address}))
        if "channel" in given:
            rows = rows.filter(channel=given["channel"])
        if not consent.take_back(rows, author=caller(request), reason=given["reason"]):
            raise _nothing(given["urn"])
        return Response(status=204)


def _of(addresses: set[str]) -> Q:
    """The opt-outs of these addresses; each arm is one of the two indexes: everywhere, and from one channel."""
    listed = Q(address__in=addresses)
    return (listed & Q(channel=None)) | (listed & Q(channel__isnull=False))


def _readings(address: str) -> set[str]:
    """What an address can mean: itself, and a phone that is written in another way."""
    phone = phones.normalise(address, None)
    return {address, phone} if isinstance(phone, str) else {address}


def _address(given: str) -> str:
    try:
        return Urn.read(given).address
    except InvalidUrn as error:
        raise ParseError(str(error)) from error


def _suppressed(given: dict[str, Any]) -> dict[str, Any]:
    """Opt these out; what became of each. Who was erased is not stored again, see `consent.suppress_each`."""
    by_address = {urn.address: urn_of(urn.address) for urn in given["urns"]}
    gone = erasure.erased(by_address)
    reasons = dict.fromkeys(by_address, given["reason"])
    new = consent.suppress_each(reasons, channel=given.get("channel"), source=SOURCE)
    return {
        "channel": given.get("channel"),
        "reason": given["reason"],
        "added": [by_address[address] for address in by_address if address in new],
        "known": [by_address[address] for address in by_address if address not in new | gone],
        "erased": [by_address[address] for address in by_address if address in gone],
    }


def _record(request: Request, told: dict[str, Any]) -> None:
    """Write down who did so, as the browser does, and no address."""
    if told["added"]:
        LogEntry.objects.create(
            user_id=caller(request).pk,
            content_type=ContentType.objects.get_for_model(Suppression),
            object_repr=str(told["channel"] or "All channels"),
            action_flag=ADDITION,
            change_message=f"A program added {len(told['added'])} new.",
        )


def _nothing(urn: Urn) -> NotFound | Conflict:
    """Why there was nothing to take back."""
    return Conflict(erasure.SENTENCE) if erasure.erased([urn.address]) else NotFound()

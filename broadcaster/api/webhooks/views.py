"""`/api/v2/webhooks`: what programs are told by themselves, where, and what became of it."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from broadcaster.api import filters
from broadcaster.api.errors import Conflict
from broadcaster.api.permissions import administering
from broadcaster.api.resource import Resource
from broadcaster.api.webhooks.form import ChangedWebhookForm, WebhookForm
from broadcaster.api.webhooks.item import DeliveryItem, NewWebhookItem, WebhookItem
from broadcaster.hooks import register
from broadcaster.models import Webhook, WebhookDelivery

LOOKING = administering("view_webhook")
CHANGING = administering("change_webhook")


class OfWebhook(Resource):
    """An address below one webhook's."""

    def webhook(self) -> Webhook:
        """The webhook that the address names. Raises Http404."""
        try:
            uuid = UUID(self.kwargs["uuid"])
        except ValueError as error:
            raise Http404 from error
        found = Webhook.objects.filter(uuid=uuid).first()
        if found is None:
            raise Http404
        return found


class Webhooks(Resource):
    """All webhooks."""

    needs = {"GET": LOOKING, "POST": administering("add_webhook")}
    serializer_class = WebhookItem

    def get_queryset(self) -> QuerySet[Webhook]:
        """Those that the call asks for."""
        rows = filters.between(self.request, Webhook.objects.all(), "created_at")
        uuid = filters.uuid(self.request, "uuid")
        return rows.filter(uuid=uuid) if uuid else rows

    @extend_schema(responses=WebhookItem(many=True))
    def get(self, request: Request) -> Response:
        """List webhooks, the newest first."""
        return self.listed(request)

    @extend_schema(request=WebhookForm, responses={201: NewWebhookItem})
    def post(self, request: Request) -> Response:
        """Make a webhook; its secret is told only now."""
        form = WebhookForm(data=request.data, context=self.get_serializer_context())
        form.is_valid(raise_exception=True)
        try:
            webhook = form.save()
        except register.Refused as error:
            raise Conflict(error.sentence) from error
        return Response(NewWebhookItem(webhook).data, status=201)


class OneWebhook(OfWebhook):
    """One webhook."""

    needs = {"GET": LOOKING, "POST": CHANGING, "DELETE": administering("delete_webhook")}
    serializer_class = WebhookItem

    @extend_schema(responses=WebhookItem)
    def get(self, request: Request, uuid: str) -> Response:
        """Read a webhook."""
        return self.answer(self.webhook())

    @extend_schema(request=ChangedWebhookForm, responses=WebhookItem)
    def post(self, request: Request, uuid: str) -> Response:
        """Change a webhook, or enable it again."""
        form = ChangedWebhookForm(self.webhook(), data=request.data, context=self.get_serializer_context())
        form.is_valid(raise_exception=True)
        with transaction.atomic():
            webhook = form.save()
        return self.answer(webhook)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, uuid: str) -> Response:
        """Delete a webhook with its deliveries."""
        self.webhook().delete()
        return Response(status=204)


class Test(OfWebhook):
    """A try of one webhook."""

    needs = {"POST": CHANGING}
    serializer_class = DeliveryItem
    once = ()  # a call over the network has no place in a transaction, and a second ping does no harm

    @extend_schema(request=None, responses=DeliveryItem)
    def post(self, request: Request, uuid: str) -> Response:
        """Post a ping, once, and tell what came back.

        What is posted has the event `ping` and no data, and is signed like everything else.
        """
        return self.answer(register.ping(self.webhook()))


class Deliveries(OfWebhook):
    """What one webhook was told of in the last 30 days."""

    needs = {"GET": administering("view_webhook", "view_webhookdelivery")}
    serializer_class = DeliveryItem

    def get_queryset(self) -> QuerySet[WebhookDelivery]:
        """Those that the call asks for."""
        if getattr(self, "swagger_fake_view", False):
            return WebhookDelivery.objects.none()
        rows: QuerySet[Any] = WebhookDelivery.objects.filter(webhook=self.webhook())
        return filters.between(self.request, rows, "created_at")

    @extend_schema(responses=DeliveryItem(many=True))
    def get(self, request: Request, uuid: str) -> Response:
        """List what a webhook was told of, the newest first."""
        return self.listed(request)

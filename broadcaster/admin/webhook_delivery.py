"""What webhooks were told of in the last month: what was posted, what was answered, and the way to post it again."""

import json
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from import_export import resources
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from broadcaster.admin import words
from broadcaster.admin.base import ReadOnlyAdmin
from broadcaster.admin.export_columns import moment, number, text
from broadcaster.admin.exporting import Columns, Export
from broadcaster.hooks import posting, register
from broadcaster.models import Event, Webhook, WebhookDelivery

State = WebhookDelivery.State
COLOURS: dict[str, str] = {State.WAITING: "info", State.DELIVERED: "success", State.GIVEN_UP: "danger"}
LABELS = dict(Event.choices) | {WebhookDelivery.PING: "Test"}


class DeliveryResource(Columns, resources.Resource):
    """What the list shows."""

    uuid = text("uuid", "Id")
    webhook = text("webhook__url", "Webhook")
    event = text("event", "Event")
    state = text("get_state_display", "State")
    attempts = number("attempts", "Attempts")
    http_status = number("http_status", "HTTP status")
    error = text("error", "What went wrong")
    created = moment("created_at", "Happened")
    tried = moment("tried_at", "Last tried")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(Export, ReadOnlyAdmin):
    """One event for one webhook a row."""

    list_display = ("what", "where", "state_label", "attempts", "http_status", "error", "happened", "tried")
    list_filter = (("webhook", RelatedDropdownFilter), ("state", ChoicesDropdownFilter))
    list_select_related = ("webhook",)
    sortable_by = ()
    resource_classes = (DeliveryResource,)
    actions = ("send_again",)
    fieldsets = (
        (None, {"fields": ("what", "where", "state_label", "attempts", "happened", "tried", "next")}),
        ("Answer", {"fields": ("http_status", "error", "answered")}),
        ("Posted", {"fields": ("uuid", "posted")}),
    )
    empty_title = "Nothing was told yet"
    empty_text = "Each event stands here for a month, with what the receiver answered."

    @admin.display(description="Event")
    def what(self, delivery: WebhookDelivery) -> str:
        """What it tells of, such as "Broadcast completed: June"."""
        name = delivery.data.get("name", "")
        label = LABELS.get(delivery.event, delivery.event)
        return f"{label}: {name}" if name else label

    @admin.display(description="Webhook")
    def where(self, delivery: WebhookDelivery) -> str:
        """Whom."""
        return str(delivery.webhook)

    @admin.display(description="State")
    def state_label(self, delivery: WebhookDelivery) -> SafeString:
        """Whether it arrived."""
        return words.tag(delivery.get_state_display(), COLOURS[delivery.state], delivery.error)

    @admin.display(description="Happened")
    def happened(self, delivery: WebhookDelivery) -> str:
        """When."""
        return words.local_time(delivery.created_at, settings.TIME_ZONE)

    @admin.display(description="Last tried", empty_value=words.NONE)
    def tried(self, delivery: WebhookDelivery) -> str | None:
        """When it was last posted."""
        return words.local_time(delivery.tried_at, settings.TIME_ZONE) or None

    @admin.display(description="Next attempt", empty_value=words.NONE)
    def next(self, delivery: WebhookDelivery) -> str | None:
        """When it is posted again."""
        return words.local_time(delivery.next_at, settings.TIME_ZONE) if delivery.state == State.WAITING else None

    @admin.display(description="Beginning of the answer", empty_value=words.NONE)
    def answered(self, delivery: WebhookDelivery) -> SafeString | None:
        """What the receiver said, as text."""
        return _as_written(delivery.answer) if delivery.answer else None

    @admin.display(description="Body")
    def posted(self, delivery: WebhookDelivery) -> SafeString:
        """What it is told."""
        return _as_written(json.dumps(posting.payload(delivery), indent=2, ensure_ascii=False))

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        """Those whose webhook is still there."""
        rows: QuerySet[WebhookDelivery] = super().get_queryset(request)
        return rows.filter(webhook__in=Webhook.objects.all())

    def has_resend_permission(self, request: HttpRequest) -> bool:
        """Django's hook for actions with the permission "resend"."""
        return bool(request.user.has_perm("broadcaster.change_webhook"))

    @admin.action(description="Send again", permissions=["resend"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> None:
        """Post the chosen ones anew; those for which that makes no sense are told of."""
        refused: list[str] = []
        chosen: list[Any] = list(queryset.select_related("webhook"))
        for delivery in chosen:
            try:
                register.send_again(delivery)
            except register.Refused as error:
                refused.append(error.sentence)
        if done := len(chosen) - len(refused):
            messages.success(request, f"{done} {'is' if done == 1 else 'are'} on the way again.")
        if refused:
            messages.warning(request, f"{len(refused)} not sent again. {refused[0]}")


def _as_written(given: str) -> SafeString:
    return format_html('<pre class="as-written">{}</pre>', given)

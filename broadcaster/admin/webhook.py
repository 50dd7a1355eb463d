"""Webhooks: where programs are told of what happens, whether that arrives, and why not if it does not."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.views.decorators.http import require_POST
from import_export import resources
from import_export.fields import Field

from broadcaster.admin import account_state, words
from broadcaster.admin.base import Admin
from broadcaster.admin.deletion import CountedDeletion
from broadcaster.admin.export_columns import moment, text
from broadcaster.admin.exporting import Columns, Export
from broadcaster.admin.webhook_form import WebhookForm
from broadcaster.hooks import register
from broadcaster.models import Event, Webhook, WebhookDelivery

LIST = "admin:broadcaster_webhook_changelist"
PAGE = "admin:broadcaster_webhook_change"
DELIVERIES = "admin:broadcaster_webhookdelivery_changelist"
WORKING, FAILING, DISABLED, UNTRIED = "Working", "Failing", "Disabled", "No event yet"
COLOURS = {WORKING: "success", FAILING: "danger", DISABLED: "quiet", UNTRIED: "info"}
NAME_CHARACTERS = 32  # a phone shows them
NO_STORE = {"Cache-Control": "no-store"}


class WebhookResource(Columns, resources.Resource):
    """What the list shows; no secret."""

    url = text("url", "Address")
    description = text("description", "Description")
    state = Field(column_name="State")
    reason = text("disabled_reason", "Reason")
    events = Field(column_name="Events")
    delivered = moment("delivered_at", "Last event")
    failing = moment("failing_since", "Failing since")
    created = moment("created_at", "Created")

    def dehydrate_state(self, webhook: Webhook) -> str:
        """Whether things arrive there."""
        return state_of(webhook)

    def dehydrate_events(self, webhook: Webhook) -> str:
        """What it is told of."""
        return ", ".join(webhook.events)


@admin.register(Webhook)
class WebhookAdmin(Export, CountedDeletion, Admin):
    """One address a row."""

    form = WebhookForm
    list_display = ("name", "state", "told_of", "last_arrived", "reason")
    search_fields = ("url", "description")
    search_help_text = "Address or description"
    resource_classes = (WebhookResource,)
    fields = ("url", "description", "enabled", "events")
    change_form_outer_before_template = "broadcaster/records/webhook_state.html"
    empty_title = "No webhooks yet"
    empty_text = "A program need not ask again and again how far a broadcast is: a webhook tells it."
    empty_button = "Add webhook"

    # -- the list ----------------------------------------------------------------------------------------------------

    @admin.display(description="Webhook", ordering="url")
    def name(self, webhook: Webhook) -> str:
        """What it is for, or where it leads."""
        return Truncator(str(webhook)).chars(NAME_CHARACTERS)

    @admin.display(description="State")
    def state(self, webhook: Webhook) -> SafeString:
        """Whether things arrive there."""
        state = state_of(webhook)
        return words.tag(state, COLOURS[state])

    @admin.display(description="Is told of")
    def told_of(self, webhook: Webhook) -> str:
        """Its events."""
        labels = [event.label for event in Event if event.value in webhook.events]
        return "Everything" if len(labels) == len(Event) else ", ".join(labels)

    @admin.display(description="Last event", ordering="delivered_at", empty_value="Never")
    def last_arrived(self, webhook: Webhook) -> str | None:
        """When something last arrived."""
        return account_state.moment(webhook.delivered_at) or None

    @admin.display(description="Reason", empty_value="")
    def reason(self, webhook: Webhook) -> str:
        """Why nothing arrives."""
        if webhook.disabled_reason:
            return webhook.disabled_reason
        return f"Since {words.local_time(webhook.failing_since, settings.TIME_ZONE)}." if is_failing(webhook) else ""

    # -- the form ----------------------------------------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One button, since the secret is shown next."""
        one_button = {"show_save_and_add_another": False, "show_save_and_continue": False}
        response: HttpResponse = super().add_view(request, form_url, one_button | (extra_context or {}))
        return response

    def get_fields(self, request: HttpRequest, obj: Webhook | None = None) -> tuple[str, ...]:
        """A new one is enabled."""
        return tuple(name for name in self.fields if obj is not None or name != "enabled")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """As the role has it, until there are enough."""
        return bool(super().has_add_permission(request)) and Webhook.objects.count() < register.MOST

    def save_model(self, request: HttpRequest, obj: Webhook, form: WebhookForm, change: bool) -> None:  # noqa: FBT001  Django's signature
        """Make or change it as programs do."""
        given = {name: form.cleaned_data[name] for name in form.cleaned_data if name in self.fields}
        if change:
            register.change(Webhook.objects.get(pk=obj.pk), **given)
            return
        person = request.user if isinstance(request.user, User) else None
        made = register.create(author=person, **given)
        obj.pk, obj.uuid, obj.secrets = made.pk, made.uuid, made.secrets

    def response_add(self, request: HttpRequest, obj: Webhook, post_url_continue: str | None = None) -> HttpResponse:
        """Show the secret in this answer and nowhere else: a message would lie in the session until it is read."""
        secret = Webhook.objects.get(pk=obj.pk).secrets["secret"]
        context = {**self.admin_site.each_context(request), "title": "New webhook", "webhook": obj, "secret": secret}
        context |= {"list": reverse(LIST), "page": reverse(PAGE, args=[obj.pk])}
        return TemplateResponse(request, "broadcaster/records/webhook_secret.html", context, headers=NO_STORE)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form, with what became of the last deliveries above it."""
        webhook = self.get_object(request, object_id)
        facts = {} if webhook is None else self._facts(request, webhook)
        response: HttpResponse = super().change_view(request, object_id, form_url, facts | (extra_context or {}))
        return response

    def goes_along(self, records: list[Webhook]) -> dict[str, QuerySet[Any]]:
        """What it was told."""
        return {"deliveries": WebhookDelivery.objects.filter(webhook__in=records)}

    def _facts(self, request: HttpRequest, webhook: Webhook) -> dict[str, Any]:
        return {
            "webhook": webhook,
            "webhook_state": self.state(webhook),
            "last_arrived": self.last_arrived(webhook),
            "failing_since": account_state.moment(webhook.failing_since) if is_failing(webhook) else "",
            "last": WebhookDelivery.objects.filter(webhook=webhook).exclude(tried_at=None).first(),
            "waiting": WebhookDelivery.objects.filter(webhook=webhook, state=WebhookDelivery.State.WAITING).count(),
            "deliveries": f"{reverse(DELIVERIES)}?webhook__id__exact={webhook.pk}",
            "may_change": self.has_change_permission(request, webhook),
            "may_see_deliveries": request.user.has_perm("broadcaster.view_webhookdelivery"),
        }

    # -- what can be done --------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """And the button that tries it."""
        view = self.admin_site.admin_view(require_POST(self.test_view))
        return [path("<int:pk>/test/", view, name="broadcaster_webhook_test"), *super().get_urls()]

    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Post a ping and tell what came back. Raises PermissionDenied, Http404."""
        webhook = get_object_or_404(Webhook, pk=pk)
        if not self.has_change_permission(request, webhook):
            raise PermissionDenied
        ping = register.ping(webhook)
        if ping.state == WebhookDelivery.State.DELIVERED:
            messages.success(request, f"The test arrived. The receiver answered {ping.http_status}.")
        else:
            messages.error(request, f"The test did not arrive. {ping.error}")
        return HttpResponseRedirect(reverse(PAGE, args=[webhook.pk]))


def state_of(webhook: Webhook) -> str:
    """Whether things arrive there, in a word or two."""
    if not webhook.enabled:
        return DISABLED
    if is_failing(webhook):
        return FAILING
    return WORKING if webhook.delivered_at else UNTRIED


def is_failing(webhook: Webhook) -> bool:
    """Whether the last attempts failed."""
    return webhook.failing_since is not None

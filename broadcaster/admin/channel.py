"""Channels: the accounts that broadcasts go out on, whether they work, and why not if they do not."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import date
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from import_export import resources
from import_export.fields import Field

import providers
from broadcaster import accounts, gateway, tasks
from broadcaster.admin import account_state, channel_form, spikes, words
from broadcaster.admin.base import TwoStepAdmin
from broadcaster.admin.deletion import NAMED, CountedDeletion
from broadcaster.admin.export_columns import mark, number, text
from broadcaster.admin.exporting import Columns, Export
from broadcaster.audience import consent
from broadcaster.models import Broadcast, Channel, ListedTemplate, Receipt

WORKING, HELD, DISABLED, UNFINISHED = "Working", "Held", "Disabled", "Not ready"
COLOURS = {WORKING: "success", HELD: "warning", UNFINISHED: "warning", DISABLED: "quiet"}
LEVELS = {True: messages.SUCCESS, False: messages.ERROR, None: messages.WARNING}
PACE = "Pace and numbers"
RECEIPTS = "Who may post receipts"
TENTHS_BELOW = 10  # messages a second; a slower pace is told more exactly


class ChannelResource(Columns, resources.Resource):
    """What the list shows: of the account, no setting and no secret."""

    name = text("name", "Name")
    provider = text("client_class__label", "Provider")
    enabled = mark("enabled", "Enabled")
    state = Field(column_name="State")
    reason = Field(column_name="Reason")
    connection = text("check_sentence", "Connection")
    rate = number("rate_per_second", "Messages a second")
    daily_cap = number("daily_cap", "Messages a day")
    region = text("default_region", "Country")

    def dehydrate_state(self, channel: Channel) -> str:
        """Whether it sends."""
        return state_of(channel)

    def dehydrate_reason(self, channel: Channel) -> str:
        """Why not, or why slowly."""
        return reason_of(channel)


@admin.register(Channel)
class ChannelAdmin(Export, CountedDeletion, TwoStepAdmin):
    """Added in two steps, since the fields of the second depend on the provider that is chosen in the first."""

    list_display = ("name", "provider", "seen_as", "state", "connection", "reason", "pace")
    search_fields = ("name",)
    resource_classes = (ChannelResource,)
    change_form_outer_before_template = "broadcaster/records/channel_state.html"
    delete_confirmation_template = delete_selected_confirmation_template = "broadcaster/records/delete_channel.html"
    empty_title = "No channels yet"
    empty_text = "A channel is an account at a provider, such as your WhatsApp number at Kaleyra."
    empty_button = "Add channel"

    # -- the list ----------------------------------------------------------------------------------------------------

    @admin.display(description="Provider")
    def provider(self, channel: Channel) -> str:
        """The provider's name."""
        return channel.client_class.label

    @admin.display(description="Recipients see")
    def seen_as(self, channel: Channel) -> str:
        """Where the message arrives."""
        return ", ".join(channel.client_class.capabilities.channels)

    @admin.display(description="State")
    def state(self, channel: Channel) -> SafeString:
        """Whether it sends."""
        state = state_of(channel)
        return words.tag(state, COLOURS[state])

    @admin.display(description="Connection", ordering="check_ok")
    def connection(self, channel: Channel) -> SafeString:
        """What the last test of the account found."""
        return account_state.connection(channel)

    @admin.display(description="Reason", empty_value="")
    def reason(self, channel: Channel) -> str:
        """Why it sends nothing at the moment, or less than it might."""
        return reason_of(channel)

    @admin.display(description="Pace", ordering="rate_per_second")
    def pace(self, channel: Channel) -> str:
        """How fast it sends at most."""
        return f"{channel.rate_per_second}/s"

    # -- the form ----------------------------------------------------------------------------------------------------

    def get_form(self, request: HttpRequest, obj: Channel | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        """The first step for a new channel, the second for one that has its provider."""
        kwargs["form"] = channel_form.form_class(obj.kind) if obj else channel_form.ChannelAddForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Channel | None = None) -> Any:
        """What may be typed; one who may only look sees the settings, and of a secret that there is one."""
        if obj is None:
            return [(None, {"fields": ("name", "kind")})]
        may_change = self.has_change_permission(request, obj)
        account = channel_form.account_fields(obj, "account") if may_change else ["settings"]
        receipts = channel_form.account_fields(obj, "receipts") if may_change else []
        return [
            (None, {"fields": ("name", "enabled")}),
            (f"Account at {obj.client_class.label}", {"fields": account}),
            *([(RECEIPTS, {"fields": receipts})] if receipts else []),
            (PACE, {"fields": ("rate_per_second", "daily_cap", "concurrency", "default_region")}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Channel | None = None) -> Any:
        """The settings in words, where nothing may be typed."""
        return () if obj is None or self.has_change_permission(request, obj) else ("settings",)

    @admin.display(description="Settings")
    def settings(self, channel: Channel) -> str:
        """The account without its secrets."""
        return render_to_string("broadcaster/records/pairs.html", {"pairs": channel_form.shown_settings(channel)})

    def save_model(self, request: HttpRequest, obj: Channel, form: channel_form.ChannelForm, change: bool) -> None:  # noqa: FBT001
        """Write no more than was asked for: workers move the pace in the same row meanwhile."""
        before = Channel.objects.filter(pk=obj.pk).first()
        obj.save(update_fields=[*channel_form.COMMON, "config", "secrets"] if change else None)
        if before and (before.config, before.secrets) != (obj.config, obj.secrets):
            accounts.forget(obj)  # it was another account's
            if accounts.lists_templates(obj):
                transaction.on_commit(lambda: tasks.wake_listing(obj))

    def response_add(self, request: HttpRequest, obj: Channel, post_url_continue: str | None = None) -> HttpResponse:
        """Go on with the second step."""
        self.message_user(request, f"{obj.name} is added. Now enter its account at {obj.client_class.label}.")
        return HttpResponseRedirect(reverse("admin:broadcaster_channel_change", args=[obj.pk]))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form, with the channel's state above it."""
        channel = self.get_object(request, object_id)
        facts = {} if channel is None else self._facts(request, channel)
        response: HttpResponse = super().change_view(request, object_id, form_url, facts | (extra_context or {}))
        return response

    def _facts(self, request: HttpRequest, channel: Channel) -> dict[str, Any]:
        may_change = self.has_change_permission(request, channel)
        can = channel.client_class.capabilities
        told = ["delivery receipts"] * (can.receipts == "webhook") + ["replies"] * can.inbound
        return {
            "channel": channel,
            "spikes": spikes.waiting_on(channel),
            "may_decide_spikes": spikes.may_decide(request),
            "provider": channel.client_class.label,
            "channel_state": state_of(channel),
            "held_until": held_until(channel),
            "account_problem": account_problem(channel),
            "slowed": slowed(channel),
            "may_change": may_change,
            "may_look": account_state.may_look(request),
            "may_see_templates": request.user.has_perm("broadcaster.view_listedtemplate"),
            **account_state.facts(channel),
            # The token in the address is a credential.
            "receipts_url": gateway.receipts_url(channel) if told and may_change else "",
            "told": " and ".join(told),
        }

    # -- what can be done --------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """Two buttons beside the form."""
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/release/", wrap(require_POST(self.release_view)), name="broadcaster_channel_release"),
            path("<int:pk>/check/", wrap(require_POST(self.check_view)), name="broadcaster_channel_check"),
            *super().get_urls(),
        ]

    def release_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let a held channel send again."""
        channel = self._changeable(request, pk)
        held = Channel.objects.filter(pk=pk).exclude(hold_reason="")
        if held.update(hold_reason="", hold_until=None) == 1:
            self.log_change(request, channel, "Released.")
            self.message_user(request, f"{channel.name} is released and sends again.", messages.SUCCESS)
        else:
            self.message_user(request, f"{channel.name} was not held.", messages.INFO)
        return _back_to(channel)

    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask the provider whether the account works."""
        channel = self._changeable(request, pk)
        health = accounts.test(channel)
        self.message_user(request, health.sentence, LEVELS[health.ok])
        return _back_to(channel)

    # -- deleting ----------------------------------------------------------------------------------------------------

    def goes_along(self, records: list[Channel]) -> dict[str, QuerySet[Any]]:
        """What its provider told."""
        return {
            "account templates": ListedTemplate.objects.filter(channel__in=records),
            "receipts": Receipt.objects.filter(channel__in=records),
        }

    def in_use(self, records: list[Channel]) -> list[object]:
        """What a person has to decide first, and some broadcasts on it."""
        return [*spikes.to_decide_first(records), *Broadcast.objects.filter(channel__in=records)[:NAMED]]

    def delete_model(self, request: HttpRequest, obj: Channel) -> None:
        """The channel; whoever opted out of it stays out."""
        _delete([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Channel]) -> None:
        """The same for several."""
        _delete(list(queryset))

    def _changeable(self, request: HttpRequest, pk: int) -> Channel:
        channel = get_object_or_404(Channel, pk=pk)
        if not self.has_change_permission(request, channel):
            raise PermissionDenied
        return channel


def state_of(channel: Channel) -> str:
    """Whether the channel sends, in one word."""
    if not channel.enabled:
        return DISABLED
    if channel.is_held():
        return HELD
    return UNFINISHED if account_problem(channel) else WORKING


def reason_of(channel: Channel) -> str:
    """Why it sends nothing at the moment, or less than it might; empty where it does all it may."""
    if channel.is_held():
        return f"{channel.hold_reason} Held {held_until(channel)}."
    return account_problem(channel) or slowed(channel)


def account_problem(channel: Channel) -> str:
    """What is missing or wrong in the account, as far as can be told without the provider."""
    try:
        gateway.connect(channel)
    except providers.ConfigurationError as error:
        return str(error)
    return ""


def slowed(channel: Channel) -> str:
    """How far the provider has slowed the channel down, in a sentence; empty where it has not."""
    if channel.rate_factor == 1:
        return ""
    shown = f"{channel.pace:.0f}" if channel.pace >= TENTHS_BELOW else f"{channel.pace:.2g}"
    return f"Sending at {shown} of {channel.rate_per_second} messages a second, since the provider asked to slow down."


def held_until(channel: Channel) -> str:
    """When a held channel sends again."""
    if channel.hold_until is None:
        return "until somebody releases it"
    return f"until {date(timezone.localtime(channel.hold_until), 'j F, H:i')}"


def _back_to(channel: Channel) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:broadcaster_channel_change", args=[channel.pk]))


def _delete(channels: list[Channel]) -> None:
    with transaction.atomic():
        consent.keep_everywhere(channels)
        for channel in channels:
            channel.delete()

"""The message log: what became of every recipient of every broadcast. People read, filter and export it."""

import re
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from import_export import fields, resources
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from broadcaster.admin import log_order, words
from broadcaster.admin.base import ReadOnlyAdmin
from broadcaster.admin.exporting import Columns, Export
from broadcaster.admin.unknown_actions import UnknownActions
from broadcaster.models import Message, ProviderCall

TYPED_PHONE = re.compile(r"(?:\+|00)?([1-9][0-9]*)")
SEPARATORS = re.compile(r"[\s().\-/]")
PREFIX_DIGITS = 6  # fewer would match half the log, and nobody looks for that
LONGEST_PHONE = 16  # E.164: a plus and fifteen digits
CALLS_SHOWN = 20


class MessageResource(Columns, resources.Resource):
    """The columns of an exported log."""

    broadcast = fields.Field(attribute="broadcast__name", column_name="Broadcast")
    address = fields.Field(attribute="address", column_name="Address")
    name = fields.Field(attribute="contact__name", column_name="Name")
    state = fields.Field(attribute="get_state_display", column_name="State")
    reason = fields.Field(attribute="error_text", column_name="Reason")
    code = fields.Field(attribute="error_code", column_name="Code")
    provider_id = fields.Field(attribute="provider_id", column_name="Provider id")
    accepted_at = fields.Field(attribute="accepted_at", column_name="Accepted")
    delivered_at = fields.Field(attribute="delivered_at", column_name="Delivered")
    read_at = fields.Field(attribute="read_at", column_name="Read")


@admin.register(Message)
class MessageAdmin(UnknownActions, Export, ReadOnlyAdmin):
    """One line for each recipient of a broadcast."""

    resource_classes = [MessageResource]
    list_display = ("address", "name", "of_broadcast", "state_label", "reason", "provider_id", "accepted", "arrived")
    list_select_related = ("broadcast", "contact")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("broadcast", AutocompleteSelectFilter),
        ("broadcast__channel", log_order.ChannelFilter),
    )
    search_fields = ("address",)
    search_help_text = f"Phone number, or its first {PREFIX_DIGITS} digits or more"
    ordering = log_order.ORDER
    sortable_by = ()  # any other order would sort millions of rows
    change_form_after_template = "admin/message_calls.html"
    fieldsets = (
        ("Recipient", {"fields": ("address", "name", "language")}),
        ("Message", {"fields": ("of_broadcast", "state_label", "meaning", "reason", "error_code", "attempts")}),
        ("Provider", {"fields": ("provider_id", "accepted", "arrived", "opened", "changed")}),
    )
    empty_title = "No messages yet"
    empty_text = "Every recipient of a broadcast has a line here as soon as the broadcast is prepared."

    @admin.display(description="Name", empty_value=words.NONE)
    def name(self, message: Message) -> str | None:
        """The recipient's name, where the contact still exists."""
        return (message.contact and message.contact.name) or None

    @admin.display(description="Broadcast")
    def of_broadcast(self, message: Message) -> SafeString:
        """The broadcast, as a link to its page."""
        url = reverse("admin:broadcaster_broadcast_change", args=[message.broadcast_id])
        return format_html('<a class="record-link" href="{}">{}</a>', url, message.broadcast.name)

    @admin.display(description="State")
    def state_label(self, message: Message) -> SafeString:
        """The state as a coloured word."""
        return words.message_state(message)

    @admin.display(description="Which means")
    def meaning(self, message: Message) -> str:
        """What the state says about this recipient."""
        return words.MESSAGE_MEANINGS[message.state]

    @admin.display(description="Reason", empty_value=words.NONE)
    def reason(self, message: Message) -> str | None:
        """Why it did not arrive or was not sent, as the provider or the consent list has it."""
        return message.error_text or message.error_code or None

    @admin.display(description="Accepted", empty_value=words.NONE)
    def accepted(self, message: Message) -> str | None:
        """When the provider took it."""
        return words.local_time(message.accepted_at, message.broadcast.time_zone) or None

    @admin.display(description="Delivered", empty_value=words.NONE)
    def arrived(self, message: Message) -> str | None:
        """When it arrived."""
        return words.local_time(message.delivered_at, message.broadcast.time_zone) or None

    @admin.display(description="Read", empty_value=words.NONE)
    def opened(self, message: Message) -> str | None:
        """When it was opened."""
        return words.local_time(message.read_at, message.broadcast.time_zone) or None

    @admin.display(description="Last change", empty_value=words.NONE)
    def changed(self, message: Message) -> str | None:
        """When something was last heard of it."""
        return words.local_time(message.changed_at, message.broadcast.time_zone) or None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Message], search_term: str
    ) -> tuple[QuerySet[Message], bool]:
        """The messages to an address: an identifier as it is, a phone number also by its first digits.

        In the order of the address, which the index has; by time, a million matches would have to be sorted first.
        """
        if not search_term.strip():
            return queryset, False
        return queryset.filter(to_address(search_term)).order_by("address", "-id"), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The message, and for those who may see them the calls to the provider that its batch took."""
        extra = {"title": "Message", "calls": self._calls(request, object_id)} | (extra_context or {})
        response: HttpResponse = super().change_view(request, object_id, form_url, extra)
        return response

    def _calls(self, request: HttpRequest, object_id: str) -> QuerySet[ProviderCall]:
        if not request.user.has_perm("broadcaster.view_providercall") or not object_id.isdecimal():
            return ProviderCall.objects.none()
        return ProviderCall.objects.filter(batch__messages=int(object_id))[:CALLS_SHOWN]


def to_address(typed: str) -> Q:
    """The condition for what a person typed into the search: a part of the address index, never a scan."""
    exact = Q(address=typed.strip())
    phone = TYPED_PHONE.fullmatch(SEPARATORS.sub("", typed))
    if phone is None or Message.objects.filter(exact).exists():
        return exact
    first = f"+{phone[1]}"
    if len(phone[1]) < PREFIX_DIGITS:
        return Q(address=first)
    # Digits only, since languages disagree on what follows "9"; LIKE alone would not use the index.
    return Q(address__gte=first, address__lte=first.ljust(LONGEST_PHONE, "9"), address__startswith=first)

"""A channel: one account at one provider, its pace, and why it is held, if it is."""

import secrets
import uuid
from datetime import datetime

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

import providers
from broadcaster.models.secrets import EncryptedJSONField


def kind_choices() -> list[tuple[str, str]]:
    """The providers that have an adapter; a callable, so that a new one needs no migration."""
    return [(kind, providers.client_class(kind).label) for kind in providers.kinds()]


def new_receipts_token() -> str:
    """An unguessable part of an address."""
    return secrets.token_urlsafe(24)


class Channel(models.Model):
    """One account at one provider. `config` and `secrets` are what the adapter's `config_fields` ask for."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField("provider", max_length=40, choices=kind_choices)
    config = models.JSONField(default=dict, blank=True)
    secrets = EncryptedJSONField(default=dict, blank=True)
    enabled = models.BooleanField(default=True, help_text="A disabled channel sends nothing and is not offered.")
    rate_per_second = models.PositiveIntegerField(
        default=20, validators=[MinValueValidator(1)], help_text="Messages a second over all workers."
    )
    daily_cap = models.PositiveIntegerField(
        "messages in 24 hours",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="At most so many in any 24 hours, counted from when this is set. Empty: no limit.",
    )
    concurrency = models.PositiveSmallIntegerField(
        default=8, validators=[MinValueValidator(1)], help_text="Requests at the same time in each worker."
    )
    default_region = models.CharField(
        "default country", max_length=2, blank=True, help_text="Local numbers are read as this country's."
    )
    hold_reason = models.CharField(max_length=500, blank=True)
    hold_until = models.DateTimeField(null=True, blank=True, help_text="Empty: until a person releases it.")
    receipts_token = models.CharField(max_length=64, unique=True, default=new_receipts_token, editable=False)
    next_slot_at = models.FloatField(default=0, editable=False)  # Unix seconds: when the pace allows the next message
    rate_factor = models.FloatField(default=1.0, editable=False)  # the share of the rate in use; a throttle halves it
    throttled_at = models.DateTimeField(null=True, editable=False)  # the last time that the provider asked to slow down
    raised_at = models.DateTimeField(null=True, editable=False)  # the last time that the share was raised again
    poll_cursor = models.TextField(blank=True, editable=False)
    checked_at = models.DateTimeField(null=True, editable=False)  # the last "Test connection", and what came of it
    check_ok = models.BooleanField(null=True, editable=False)  # null: reached, but nobody can tell whether it works
    check_sentence = models.CharField(max_length=400, blank=True, editable=False)
    balance = models.CharField(max_length=100, blank=True, editable=False)  # as last told, in the provider's units
    balance_at = models.DateTimeField(null=True, editable=False)
    templates_at = models.DateTimeField(null=True, editable=False)  # the last time that its templates were listed
    templates_tried_at = models.DateTimeField(null=True, editable=False)  # or tried to be; null: a look is wanted
    templates_problem = models.CharField(max_length=400, blank=True, editable=False)  # why the last try failed
    groups_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(rate_per_second__gte=1), name="channel_rate_positive"),
            models.CheckConstraint(condition=Q(concurrency__gte=1), name="channel_concurrency_positive"),
            models.CheckConstraint(
                condition=Q(rate_factor__gt=0) & Q(rate_factor__lte=1), name="channel_rate_factor_is_a_share"
            ),
            models.CheckConstraint(
                condition=Q(daily_cap__isnull=True) | Q(daily_cap__gte=1), name="channel_daily_cap_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def client_class(self) -> type[providers.Client]:
        """The adapter's class: its label, capabilities and settings."""
        return providers.client_class(self.kind)

    @property
    def pace(self) -> float:
        """Messages a second that it lets through at this time: less than its rate where the provider asked for it."""
        return self.rate_per_second * self.rate_factor

    def is_held(self, now: datetime | None = None) -> bool:
        """Whether nothing may be sent for now."""
        if not self.hold_reason:
            return False
        return self.hold_until is None or self.hold_until > (now or timezone.now())


class ChannelUsage(models.Model):
    """How many messages a channel handed over in one span of time; kept only where it has a cap for 24 hours."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="usage")
    span = models.PositiveIntegerField()  # Unix seconds divided by the length of a span, see sending.pacing
    messages = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "span"], name="usage_once_a_span")]

    def __str__(self) -> str:
        return f"{self.channel_id} @ {self.span}: {self.messages}"

"""Webhooks: where programs want to be told of what happens, and what is on its way to each of them."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from broadcaster.models.secrets import EncryptedJSONField


class Event(models.TextChoices):
    """What a program can be told of."""

    BROADCAST_SCHEDULED = "broadcast.scheduled", "Broadcast scheduled"
    BROADCAST_STARTED = "broadcast.started", "Broadcast started"
    BROADCAST_PAUSED = "broadcast.paused", "Broadcast paused"
    BROADCAST_COMPLETED = "broadcast.completed", "Broadcast completed"
    BROADCAST_FAILED = "broadcast.failed", "Broadcast failed"
    BROADCAST_MISSED = "broadcast.missed", "Broadcast missed"
    BROADCAST_CANCELLED = "broadcast.cancelled", "Broadcast cancelled"
    UPLOAD_IMPORTED = "upload.imported", "Audience file imported"
    UPLOAD_FAILED = "upload.failed", "Audience file failed"


class Webhook(models.Model):
    """An address of somebody's program, and the events that it is told of."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    url = models.CharField("address", max_length=2000)
    events = models.JSONField(default=list)
    description = models.CharField(max_length=200, blank=True)
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=500, blank=True, editable=False)
    secrets = EncryptedJSONField(default=dict, editable=False)  # {"secret": ...}, by which receivers know our posts
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True, blank=True, editable=False)  # the last time that something arrived
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)  # nothing has arrived since then

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.description or self.url


class WebhookDelivery(models.Model):
    """One event on its way to one webhook, written in the transaction of what it tells of.

    Nothing but its webhook may keep the move that it tells of from happening, and a webhook can be deleted at that very
    moment; so the database does not hold the two together, and a delivery without a webhook goes nowhere.
    """

    class State(models.TextChoices):
        """waiting -> delivered | given_up, and from there to waiting when a person sends it again."""

        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        GIVEN_UP = "given_up", "Given up"

    PING = "ping"  # the event of a test

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    webhook = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, related_name="deliveries", db_constraint=False, db_index=False
    )
    event = models.CharField(max_length=40)
    subject = models.CharField(max_length=60)  # what it tells of; tellings of one subject keep their order
    data = models.JSONField(default=dict)  # as it was at that moment
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    lease = models.CharField(max_length=16, blank=True)  # whoever posts it at this moment
    lease_until = models.DateTimeField(null=True, blank=True)
    http_status = models.PositiveSmallIntegerField("HTTP status", null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)
    answer = models.TextField(blank=True)  # its beginning, for people to read
    created_at = models.DateTimeField(default=timezone.now)
    tried_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "delivery"
        verbose_name_plural = "deliveries"
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["webhook", "created_at", "id"], name="webhook_delivery_of"),
            models.Index(
                fields=["webhook", "subject", "id"], condition=Q(state="waiting"), name="webhook_delivery_next"
            ),
            models.Index(fields=["next_at"], condition=Q(state="waiting"), name="webhook_delivery_due"),
            models.Index(fields=["created_at"], name="webhook_delivery_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.uuid}"

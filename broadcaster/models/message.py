"""The record: one row for each recipient of a broadcast, and the calls it took to get there."""

from django.db import models
from django.db.models import Q

from broadcaster.models.broadcast import Batch, Broadcast
from broadcaster.models.contact import Contact


class Message(models.Model):
    """One recipient's fate. `seq` counts from 1 within the batch; `variables` holds only what the content uses."""

    class State(models.TextChoices):
        """The moves between them stand in `sending.states`."""

        PENDING = "pending", "Waiting"
        ACCEPTED = "accepted", "Accepted"
        SENT = "sent", "Sent"
        DELIVERED = "delivered", "Delivered"
        READ = "read", "Read"
        FAILED = "failed", "Failed"
        EXPIRED = "expired", "Expired"
        SKIPPED = "skipped", "Skipped"
        UNKNOWN = "unknown", "Unknown"

    # Two of the indexes below begin with the broadcast, or find it: a third would only cost.
    broadcast = models.ForeignKey(Broadcast, on_delete=models.CASCADE, related_name="messages", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True)
    address = models.CharField(max_length=128)
    language = models.CharField(max_length=3, blank=True)
    variables = models.JSONField(default=dict)
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="messages", db_index=False)
    seq = models.PositiveIntegerField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    provider_id = models.CharField(max_length=128, blank=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_text = models.CharField(max_length=300, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "message"
        indexes = [
            models.Index(fields=["batch", "seq"], name="message_in_batch"),
            models.Index(fields=["state", "broadcast", "contact"], name="message_by_state"),
            models.Index(fields=["address"], name="message_by_address"),
            models.Index(fields=["provider_id"], condition=~Q(provider_id=""), name="message_by_provider_id"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["broadcast", "contact"], name="message_once_a_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.get_state_display()}"


class ProviderCall(models.Model):
    """One HTTP call as it went, secrets redacted: every call that failed, and the first of each batch."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="calls")
    method = models.CharField(max_length=8)
    url = models.CharField(max_length=500)
    request = models.TextField(blank=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    response = models.TextField(blank=True)
    duration_ms = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.method} {self.url} -> {self.http_status or 'no answer'}"

"""A broadcast and its batches, the unit of work."""

import uuid
from datetime import datetime
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from broadcaster.models.channel import Channel
from broadcaster.models.contact import Contact, Group
from broadcaster.models.template import Template
from broadcaster.models.upload import AudienceUpload


def default_late_cutoff_s() -> int:
    """How late a broadcast may start, in seconds, before it waits for a person."""
    return int(settings.LATE_CUTOFF_S)


class Broadcast(models.Model):
    """One message to many. What is sent (`content`) is frozen when it is scheduled."""

    class State(models.TextChoices):
        """The moves between them stand in `sending.states`."""

        DRAFT = "draft", "Draft"
        AWAITING_APPROVAL = "awaiting_approval", "Waiting for approval"
        SCHEDULED = "scheduled", "Scheduled"
        PREPARING = "preparing", "Preparing"
        SENDING = "sending", "Sending"
        PAUSED = "paused", "Paused"
        COMPLETED = "completed", "Completed"
        CANCELLED = "cancelled", "Cancelled"
        MISSED = "missed", "Missed"
        FAILED = "failed", "Failed"

    class Priority(models.IntegerChoices):
        """Urgent work goes first; providers that know a priority are told."""

        LOW = 1, "Low"
        NORMAL = 2, "Normal"
        HIGH = 3, "High"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=100)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, null=True, blank=True)
    template = models.ForeignKey(Template, on_delete=models.SET_NULL, null=True, blank=True)
    content = models.JSONField(default=dict, blank=True, editable=False)
    media = models.JSONField(default=dict, blank=True, editable=False)  # file's uuid -> its id at the provider
    groups = models.ManyToManyField(Group, blank=True, related_name="broadcasts")
    exclude_groups = models.ManyToManyField(Group, blank=True, related_name="excluded_from")
    contacts = models.ManyToManyField(Contact, blank=True, related_name="+")
    by_urn = models.JSONField(default=list, blank=True, editable=False)  # keys of those whom a program named by URN
    upload = models.ForeignKey(AudienceUpload, on_delete=models.PROTECT, null=True, blank=True, verbose_name="file")
    send_at = models.DateTimeField(null=True, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    repeat = models.JSONField(default=dict, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    late_cutoff_s = models.PositiveIntegerField(default=default_late_cutoff_s)
    quiet_hours = models.JSONField(default=dict, blank=True)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    state = models.CharField(max_length=20, choices=State.choices, default=State.DRAFT)
    state_reason = models.CharField(max_length=500, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    approved_fingerprint = models.CharField(max_length=64, blank=True)
    parent = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="children")
    total = models.PositiveIntegerField(default=0)  # recipients, skipped ones too; frozen when sending starts
    batch_count = models.PositiveIntegerField(default=0)
    expanded_through = models.PositiveBigIntegerField(default=0)  # the last contact that has its message
    prepare_worker = models.CharField(max_length=80, blank=True)
    prepare_until = models.DateTimeField(null=True, blank=True)  # the lease of the worker that prepares
    prepared_at = models.DateTimeField(null=True, blank=True)  # every recipient has a row; nothing goes out before
    goes_on_refused = models.BooleanField(default=False)  # a person let it go on though the first ones were refused
    goes_on_unapproved = models.BooleanField(default=False)  # or though its template may not be sent, as it is listed
    served_at = models.DateTimeField(null=True, blank=True)  # when a worker last took a batch, for fairness
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("send_broadcast", "Can schedule, pause, resume and cancel broadcasts"),
            ("approve_broadcast", "Can approve broadcasts of others"),
        ]
        indexes = [
            models.Index(fields=["created_at", "id"], name="broadcast_by_age"),
            models.Index(fields=["send_at"], condition=Q(state="scheduled"), name="broadcast_due"),
            models.Index(
                fields=["-priority", "served_at"],
                condition=Q(state__in=["sending", "preparing"]),
                name="broadcast_active",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(priority__in=[1, 2, 3]), name="broadcast_priority_1_to_3"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "cancelled"]) | Q(send_at__isnull=False), name="broadcast_has_a_time"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "cancelled"]) | Q(channel__isnull=False), name="broadcast_has_a_channel"
            ),
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(send_at=None) | Q(expires_at__gt=F("send_at")),
                name="broadcast_expires_after_start",
                violation_error_message="It must expire after it starts.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def sender(self) -> Channel:
        """The channel it goes out on; only a draft may have none (a constraint sees to it)."""
        if self.channel is None:
            raise ValueError("The broadcast has no channel yet.")
        return self.channel

    @property
    def start(self) -> datetime:
        """When it is sent; only a draft may have no time (a constraint sees to it)."""
        if self.send_at is None:
            raise ValueError("The broadcast has no time yet.")
        return self.send_at

    @cached_property
    def reference_prefix(self) -> str:
        """The part that our names for its messages at the providers have in common."""
        return self.uuid.hex[:16]

    @property
    def is_editable(self) -> bool:
        """Only a draft may change."""
        return self.state == self.State.DRAFT


class Resending(models.Model):
    """How far a call came that sends again what was refused; gone once it is at its end."""

    broadcast = models.ForeignKey(Broadcast, on_delete=models.CASCADE)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    through = models.PositiveBigIntegerField(default=0)  # the last contact whose message was looked at

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.broadcast_id} through {self.through}"


class Batch(models.Model):
    """Some messages of one broadcast that one worker sends under a lease.

    `handed_through` is the write-ahead mark: every message up to this sequence number may have been posted.
    The counts are the batch's messages in each state; a recount of the rows must always agree.
    """

    class State(models.TextChoices):
        """ready -> leased -> ready | done."""

        READY = "ready", "Ready"
        LEASED = "leased", "Leased"
        DONE = "done", "Done"

    broadcast = models.ForeignKey(Broadcast, on_delete=models.CASCADE, related_name="batches")
    number = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    not_before = models.DateTimeField()
    state = models.CharField(max_length=6, choices=State.choices, default=State.READY)
    lease_worker = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    handed_through = models.PositiveIntegerField(default=0)
    windows = models.PositiveIntegerField(default=0)  # recorded so far; tells a repeated write from a first one
    started_at = models.DateTimeField(null=True, blank=True)  # when its first message was handed over
    recorded_at = models.DateTimeField(null=True, blank=True)  # when results were last written
    pending = models.PositiveIntegerField(default=0)
    accepted = models.PositiveIntegerField(default=0)
    sent = models.PositiveIntegerField(default=0)
    delivered = models.PositiveIntegerField(default=0)
    read = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    expired = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    unknown = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["broadcast_id", "number"]
        indexes = [
            models.Index(fields=["broadcast", "not_before", "number"], condition=Q(state="ready"), name="batch_ready"),
            models.Index(fields=["lease_until"], condition=Q(state="leased"), name="batch_leased"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["broadcast", "number"], name="batch_number_once"),
            models.CheckConstraint(condition=Q(handed_through__lte=F("size")), name="batch_mark_within_size"),
            models.CheckConstraint(
                condition=~Q(state="leased") | Q(lease_until__isnull=False), name="batch_lease_has_an_end"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.broadcast_id}/{self.number}"

    def counts(self) -> dict[str, Any]:
        """Messages in each state."""
        return {state: getattr(self, state) for state in COUNTED_STATES}


COUNTED_STATES = ("pending", "accepted", "sent", "delivered", "read", "failed", "expired", "skipped", "unknown")

"""What a channel's account holds at its provider, as it was at the last look, and files that messages refer to."""

import uuid

from django.db import models

import providers
from broadcaster.models.channel import Channel


class ListedTemplate(models.Model):
    """One language of a template in the account; see providers.ListedTemplate for what its fields mean."""

    class Approval(models.TextChoices):
        """The provider's words for a template's state, in WhatsApp's."""

        APPROVED = providers.Approval.APPROVED.value, "Approved"
        PENDING = providers.Approval.PENDING.value, "Waiting for approval"
        REJECTED = providers.Approval.REJECTED.value, "Rejected"
        PAUSED = providers.Approval.PAUSED.value, "Paused"
        DISABLED = providers.Approval.DISABLED.value, "Disabled"
        UNKNOWN = providers.Approval.UNKNOWN.value, "Not known"

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="listed_templates")
    name = models.CharField(max_length=512)
    language = models.CharField(max_length=32)
    namespace = models.CharField(max_length=128, blank=True)
    template_id = models.BigIntegerField("template ID", null=True, blank=True)
    category = models.CharField(max_length=64, blank=True)
    body = models.TextField(blank=True)
    variables = models.PositiveSmallIntegerField(default=0)
    header = models.CharField(max_length=16, blank=True)
    buttons = models.JSONField(default=list, blank=True)
    approval = models.CharField(max_length=16, choices=Approval)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "account template"
        ordering = ["channel__name", "name", "language"]
        constraints = [
            models.UniqueConstraint(fields=["channel", "name", "language"], name="listed_template_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"


class ListedGroup(models.Model):
    """A group of people that the provider keeps."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="listed_groups")
    group_id = models.CharField(max_length=64)
    name = models.CharField(max_length=128)
    count = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = "account group"
        ordering = ["channel__name", "name"]
        constraints = [models.UniqueConstraint(fields=["channel", "group_id"], name="listed_group_once")]

    def __str__(self) -> str:
        return self.name


class MediaFile(models.Model):
    """A file that messages can refer to; providers that take files first are given it once for each broadcast."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=128)
    file = models.FileField(upload_to="media/%Y/%m/", max_length=255)
    content_type = models.CharField(max_length=128)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

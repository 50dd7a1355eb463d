"""Who must not be written to, and what people decided about that. All of it outlives the contact."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from broadcaster.models.channel import Channel


class OptOutSpike(models.Model):
    """So many opt-outs at once from one channel that a provider's outage is likelier: a person decides, once for all.

    Until then nobody of them is written to; the opt-outs either stay, or are all taken back.
    """

    class Decision(models.TextChoices):
        """What a person made of it."""

        KEPT = "kept", "The opt-outs are real"
        TAKEN_BACK = "taken_back", "Taken back"

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE)
    opened_at = models.DateTimeField(auto_now_add=True)
    decision = models.CharField(max_length=10, choices=Decision.choices, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["channel"], condition=Q(decision=""), name="spike_open_once_a_channel"),
        ]

    def __str__(self) -> str:
        return f"{self.channel}: {self.get_decision_display() or 'not decided'}"


class Suppression(models.Model):
    """An address that must not be written to, on one channel or on all. It outlives the contact."""

    address = models.CharField(max_length=128)
    channel = models.ForeignKey(
        Channel, on_delete=models.CASCADE, null=True, blank=True, help_text="Empty: on every channel."
    )
    reason = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=40, default="person")
    spike = models.ForeignKey(OptOutSpike, on_delete=models.SET_NULL, null=True, blank=True, related_name="opt_outs")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "opt-out"
        indexes = [
            models.Index(fields=["channel", "created_at"], condition=Q(source="receipt"), name="suppression_reported"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["address"], condition=Q(channel=None), name="suppression_once_everywhere"),
            models.UniqueConstraint(
                fields=["address", "channel"], condition=Q(channel__isnull=False), name="suppression_once_a_channel"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address} ({self.channel or 'all channels'})"


class Revival(models.Model):
    """An opt-out that a person took back, with the reason: nobody is written to again without a word on record."""

    address = models.CharField(max_length=128)
    channel = models.ForeignKey(Channel, on_delete=models.SET_NULL, null=True, blank=True)
    opted_out_at = models.DateTimeField()
    opted_out_reason = models.CharField(max_length=200, blank=True)
    opted_out_source = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=200)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "taken-back opt-out"

    def __str__(self) -> str:
        return f"{self.address} ({self.channel or 'all channels'})"


class Erasure(models.Model):
    """An address of somebody who was erased, as a keyed hash: it is known again when it comes, but not told."""

    digest = models.CharField(max_length=64, unique=True)  # HMAC-SHA-256, hexadecimal
    reason = models.CharField(max_length=200, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"erased {self.created_at:%Y-%m-%d}"

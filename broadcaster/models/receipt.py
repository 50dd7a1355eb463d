"""What providers posted to us, raw, before anybody believed it: an append-only inbox."""

from django.db import models
from django.db.models import Q

from broadcaster.models.channel import Channel


class Receipt(models.Model):
    """One call of a provider to a channel's receipts address. `outcome` says in words what came of it."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE)
    method = models.CharField(max_length=8)
    headers = models.JSONField(default=dict)
    query = models.JSONField(default=dict)
    body = models.BinaryField()
    received_at = models.DateTimeField(auto_now_add=True, db_index=True)
    apply_after = models.DateTimeField(auto_now_add=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    applied_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [  # apart, so that the fresh ones are found however many others wait again
            models.Index(fields=["apply_after"], condition=Q(applied_at=None, attempts=0), name="receipt_fresh"),
            models.Index(fields=["apply_after"], condition=Q(applied_at=None, attempts__gt=0), name="receipt_repeat"),
        ]

    def __str__(self) -> str:
        return f"receipt {self.pk}"

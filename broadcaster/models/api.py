"""What programs bring with them: the tokens by which they are known, and the calls that must not count twice."""

from datetime import datetime

from django.conf import settings
from django.db import models

from broadcaster.models.channel import Channel
from broadcaster.models.secrets import EncryptedJSONField


class ApiToken(models.Model):
    """A person's word for one of their programs. The token itself is shown once; its hash is all that is kept."""

    class Scope(models.TextChoices):
        """What the program may do, at most; never more than its person may. Each scope holds those before it."""

        READ = "read", "Read"
        SEND = "send", "Read and send"
        ADMIN = "admin", "Everything that its user may"

    key = ""  # the token itself, with a row that was just made and nowhere else

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100, help_text="The program that uses it.")
    scope = models.CharField(max_length=5, choices=Scope.choices, default=Scope.READ)
    digest = models.CharField(max_length=64, unique=True, editable=False)  # SHA-256; 160 random bits need no salt
    hint = models.CharField(max_length=4, editable=False)  # the token's last characters, to tell tokens apart
    channel = models.ForeignKey(
        Channel,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        help_text="Broadcasts that name no channel, as those of RapidPro's clients, go out on this one.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)  # to the minute

    class Meta:
        verbose_name = "API token"
        ordering = ["-id"]
        permissions = [("manage_apitoken", "Can see, make and revoke API tokens of others")]

    def __str__(self) -> str:
        return f"{self.name} (…{self.hint})"

    def is_valid(self, now: datetime) -> bool:
        """Whether it opens anything at this moment."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class IdempotentCall(models.Model):
    """A call that was answered: whoever repeats it under the same key gets the same answer, and nothing is done again.

    The row is written in the transaction of what the call did, so there is one exactly where something was done.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)  # SHA-256 of method, path, query and body
    status = models.PositiveSmallIntegerField(default=0)
    answer = EncryptedJSONField(default="", blank=True)  # the text that was sent, in which a secret may be told
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return self.key

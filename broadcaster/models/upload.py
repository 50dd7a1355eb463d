"""An uploaded audience file, and what it says of each person in it."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from broadcaster.models.contact import Contact, Group


class AudienceUpload(models.Model):
    """A spreadsheet on its way to contacts. `position` is the last row that is safely in the database."""

    class State(models.TextChoices):
        """uploaded -> importing -> imported | failed | cancelled, and from each of these -> undoing -> undone."""

        UPLOADED = "uploaded", "Waiting for columns"
        IMPORTING = "importing", "Importing"
        IMPORTED = "imported", "Imported"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"
        UNDOING = "undoing", "Being taken back"
        UNDONE = "undone", "Taken back"

    ENDED = (State.IMPORTED, State.FAILED, State.CANCELLED)  # its rows can be mended, and it can be taken back
    COUNTS = ("new", "updated", "unchanged", "duplicate", "invalid", "suppressed")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    file = models.FileField(upload_to="uploads/%Y/%m/", max_length=255)
    filename = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64, blank=True)
    size_bytes = models.PositiveBigIntegerField(default=0)
    dialect = models.JSONField(default=dict)
    headers = models.JSONField(default=list)  # in the file's order, which a mapping need not keep
    header_shape = models.CharField(max_length=64, blank=True, db_index=True)  # equal for files with equal headers
    mapping = models.JSONField(default=dict)  # header -> {"role": ..., "key": ..., "kind": ...}
    region = models.CharField("country of local numbers", max_length=2, blank=True)
    group = models.ForeignKey(
        Group, on_delete=models.SET_NULL, null=True, blank=True, help_text="Everyone in the file joins this group."
    )
    state = models.CharField(max_length=12, choices=State.choices, default=State.UPLOADED)
    error = models.CharField(max_length=500, blank=True)
    position = models.PositiveBigIntegerField(default=0)
    expected_rows = models.PositiveIntegerField(default=0)  # as far as the file tells beforehand; 0 where it does not
    rows = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    duplicate = models.PositiveIntegerField(default=0)
    invalid = models.PositiveIntegerField(default=0)
    suppressed = models.PositiveIntegerField(default=0)
    fixed_line = models.PositiveIntegerField(default=0)  # accepted rows whose phone is a landline
    removed = models.PositiveIntegerField(default=0)  # contacts of this file that taking it back deleted
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    touched_at = models.DateTimeField(null=True, blank=True)  # the import's heartbeat

    class Meta:
        ordering = ["-id"]
        verbose_name = "audience file"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    rows=F("new") + F("updated") + F("unchanged") + F("duplicate") + F("invalid") + F("suppressed")
                ),
                name="upload_counts_add_up",
            ),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def accepted(self) -> int:
        """Rows that became somebody in the audience."""
        return self.new + self.updated + self.unchanged


class AudienceRow(models.Model):
    """What this file says of this person, such as an amount or an order number; `number` is the row in the file.

    Only an import writes it, and holds the file and the contact meanwhile; so the database need not look both up again
    for each row, which was a sixth of an import's time on PostgreSQL.

    `is_new` and `joined` tell what the import made of the person, so that it can be taken back: a contact, a member.
    """

    pk = models.CompositePrimaryKey("upload_id", "contact_id")
    # The composite key begins with the upload; an index of its own would only cost.
    upload = models.ForeignKey(AudienceUpload, on_delete=models.CASCADE, db_constraint=False, db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, db_constraint=False)
    number = models.PositiveIntegerField()
    variables = models.JSONField(default=dict)
    is_new = models.BooleanField(default=False)
    joined = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"row {self.number}"


class RejectedRow(models.Model):
    """A row of the file that became nobody, kept as it was, with the reason in plain words."""

    upload = models.ForeignKey(AudienceUpload, on_delete=models.CASCADE, related_name="rejected", db_index=False)
    number = models.PositiveIntegerField()
    code = models.CharField(max_length=40)
    reason = models.CharField(max_length=300)
    values = models.JSONField(default=list)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["upload", "number"], name="rejected_row_once")]

    def __str__(self) -> str:
        return f"row {self.number}: {self.reason}"

"""People, the groups they are in, and those who must not be written to."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q
from django.db.models.functions import Lower
from django.db.models.sql.compiler import SQLCompiler

from broadcaster.models.channel import Channel


class NameKey(models.Func):
    """A name as the search compares it: in capitals, character by character whatever the database's language is."""

    function = "UPPER"
    arity = 1
    output_field = models.CharField()

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, Sequence[Any]]:
        """The beginning of a name is a range of this order, and of no language's."""
        return self.as_sql(compiler, connection, template='(%(function)s(%(expressions)s) COLLATE "C")', **context)


class Contact(models.Model):
    """One person: reached by phone (E.164 with `+`), or by an identifier that a provider or the customer gave."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=128, blank=True)
    phone = models.CharField(max_length=16, null=True, blank=True, unique=True)
    identifier = models.CharField(max_length=128, null=True, blank=True, unique=True)
    language = models.CharField(max_length=3, blank=True, help_text="ISO 639-3, such as ind or eng.")
    time_zone = models.CharField(max_length=64, blank=True)
    fields = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    modified_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(NameKey("name"), name="contact_by_name"),
            models.Index(fields=["language", "id"], name="contact_by_language"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(phone__isnull=False) | Q(identifier__isnull=False),
                name="contact_can_be_reached",
                violation_error_message="Give a phone or an identifier.",
            ),
            models.CheckConstraint(
                condition=Q(phone__isnull=True) | Q(phone__regex=r"^\+[1-9][0-9]{4,14}\Z"),
                name="contact_phone_e164",
                violation_error_message="The phone must be in the form +628123456789.",
            ),
            models.CheckConstraint(condition=~Q(identifier=""), name="contact_identifier_not_empty"),
        ]

    def __str__(self) -> str:
        return self.name or self.address

    @property
    def address(self) -> str:
        """The phone, or the identifier where there is no phone."""
        return self.phone or self.identifier or ""

    def clean(self) -> None:
        """An empty form field means "none", so that two contacts may lack the same thing."""
        self.phone = self.phone or None
        self.identifier = self.identifier or None
        if not self.address:
            raise ValidationError("Give a phone or an identifier.")


class Group(models.Model):
    """A named list of people."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=64)
    contacts = models.ManyToManyField(Contact, through="Membership", related_name="groups")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="group_name_once", violation_error_message="There is a group of this name already."
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person in a group; a composite key, since a surrogate one costs a tenth of an import's time."""

    pk = models.CompositePrimaryKey("group_id", "contact_id")
    group = models.ForeignKey(Group, on_delete=models.CASCADE)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE)

    def __str__(self) -> str:
        return f"{self.contact_id} in {self.group_id}"


class Suppression(models.Model):
    """An address that must not be written to, on one channel or on all. It outlives the contact."""

    address = models.CharField(max_length=128)
    channel = models.ForeignKey(
        Channel, on_delete=models.CASCADE, null=True, blank=True, help_text="Empty: on every channel."
    )
    reason = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=40, default="person")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "opt-out"
        constraints = [
            models.UniqueConstraint(fields=["address"], condition=Q(channel=None), name="suppression_once_everywhere"),
            models.UniqueConstraint(
                fields=["address", "channel"], condition=Q(channel__isnull=False), name="suppression_once_a_channel"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address} ({self.channel or 'all channels'})"

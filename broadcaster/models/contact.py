"""People, what is known of them, and the groups they are in."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func, Q, Value
from django.db.models.functions import Length, Lower, Substr
from django.db.models.lookups import Exact, GreaterThanOrEqual, LessThanOrEqual
from django.db.models.sql.compiler import SQLCompiler


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


# A plus, then five to fifteen digits of which the first is no zero. Not as a regular expression, which SQLite would ask
# Python to match: that was a third of an import's time.
IS_E164 = Q(
    Exact(Substr("phone", 1, 1), Value("+")),
    ~Q(Exact(Substr("phone", 2, 1), Value("0"))),
    Exact(Func(Substr("phone", 2), Value("0123456789"), function="LTRIM", output_field=models.CharField()), Value("")),
    GreaterThanOrEqual(Length("phone"), 6),
    LessThanOrEqual(Length("phone"), 16),
)


class Contact(models.Model):
    """One person: reached by phone (E.164 with `+`), or by an identifier that a provider or the customer gave."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=128, blank=True)
    phone = models.CharField(max_length=16, null=True, blank=True)  # noqa: DJ001  unique, where there is one
    identifier = models.CharField(max_length=128, null=True, blank=True)  # noqa: DJ001  likewise
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
            models.Index(fields=["modified_at", "id"], name="contact_by_change"),
        ]
        # A field's own `unique` brings a second index for patterns, which nothing asks, and an entry for each null.
        constraints = [
            models.UniqueConstraint(
                fields=["phone"],
                condition=Q(phone__isnull=False),
                name="contact_phone_once",
                violation_error_message="A contact with this phone already exists.",
            ),
            models.UniqueConstraint(
                fields=["identifier"],
                condition=Q(identifier__isnull=False),
                name="contact_identifier_once",
                violation_error_message="A contact with this identifier already exists.",
            ),
            models.CheckConstraint(
                condition=Q(phone__isnull=False) | Q(identifier__isnull=False),
                name="contact_can_be_reached",
                violation_error_message="Give a phone or an identifier.",
            ),
            models.CheckConstraint(
                condition=Q(phone__isnull=True) | IS_E164,
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


class ContactField(models.Model):
    """A field that contacts have, such as city: its key in `Contact.fields`, its name on pages, what its values are."""

    class Kind(models.TextChoices):
        """Text as it was given; a number is a JSON number; a date is text, ISO 8601."""

        TEXT = "text", "Text"
        NUMBER = "number", "Number"
        DATE = "date", "Date"

    key = models.CharField(max_length=36, unique=True)
    label = models.CharField(max_length=128)
    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.TEXT)

    class Meta:
        ordering = ["label", "key"]

    def __str__(self) -> str:
        return self.label


class Group(models.Model):
    """Named people: those who were put into it, or, where it has a rule, whoever the rule fits at the moment.

    `counted` is how many there were at `counted_at`; it is shown to people and programs, and decides nothing.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=64)
    rule = models.JSONField(default=dict, blank=True)  # empty: a list of people; else as `audience.rules` reads it
    contacts = models.ManyToManyField(Contact, through="Membership", related_name="groups")
    counted = models.PositiveBigIntegerField(null=True, editable=False)
    counted_at = models.DateTimeField(null=True, editable=False)
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

    @property
    def is_smart(self) -> bool:
        """Whether a rule says who is in it."""
        return bool(self.rule)


class Membership(models.Model):
    """A person in a group; a composite key, since a surrogate one costs a tenth of an import's time."""

    pk = models.CompositePrimaryKey("group_id", "contact_id")  # which also finds the group's members
    group = models.ForeignKey(Group, on_delete=models.CASCADE, db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE)

    def __str__(self) -> str:
        return f"{self.contact_id} in {self.group_id}"

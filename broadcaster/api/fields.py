"""The fields of what programs send; each refusal is RapidPro's, word for word (`temba/api/v2/fields.py`)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.validators import MaxLengthValidator
from django.db.models import Model, Q, QuerySet
from rest_framework import serializers

from broadcaster.api import urns
from broadcaster.api.urns import InvalidUrn, Urn
from broadcaster.audience import erasure
from broadcaster.content import rules
from broadcaster.models import Contact, Group

LIMIT = 100  # of anything that a call lists
TEXT_CHARACTERS = 4096
LANGUAGES = 50
NO_SUCH = "No such object: {}"
NO_REFERENCE = "Must be a string or integer"
ERASED = erasure.SENTENCE
TOO_LONG = MaxLengthValidator(3, "Ensure this field has no more than 3 characters.")


class When(serializers.DateTimeField):
    """A time; it is told in UTC, with microseconds, as RapidPro does."""

    def __init__(self, **options: Any) -> None:
        super().__init__(default_timezone=UTC, **options)

    def to_representation(self, value: Any) -> Any:
        """The time, as `2013-03-02T17:28:12.123456Z`."""
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if isinstance(value, datetime) else value


class Language(serializers.CharField):
    """An ISO 639-3 code."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validators=[TOO_LONG, _must_be_a_language], **options)


def _must_be_a_language(code: str) -> None:
    if rules.language_error(code):
        raise serializers.ValidationError("Not an allowed ISO 639-3 language code.")


class Translations(serializers.DictField):
    """`{language: value}`; a value alone is in the base language that the call names, or in English."""

    def __init__(self, child: serializers.Field[Any, Any, Any, Any], **options: Any) -> None:
        super().__init__(child=child, allow_empty=False, **options)

    def to_internal_value(self, data: Any) -> Any:
        """The values by language. Raises ValidationError."""
        if isinstance(data, str) or (isinstance(data, list) and isinstance(self.child, serializers.ListField)):
            data = {self._base(): data}
        if isinstance(data, dict) and len(data) > LANGUAGES:
            raise serializers.ValidationError([f"Ensure this field has no more than {LANGUAGES} elements."])
        values = super().to_internal_value(data)
        wrong = {code: ["Not an allowed ISO 639-3 language code."] for code in values if rules.language_error(code)}
        if wrong:
            raise serializers.ValidationError(wrong)
        return values

    def _base(self) -> str:
        given = self.parent.initial_data.get("base_language") if self.parent else None
        return given if isinstance(given, str) and not rules.language_error(given) else "eng"


class UrnField(serializers.CharField):
    """A URN of somebody whom nobody has erased."""

    def to_internal_value(self, data: Any) -> Any:
        """The URN as it is kept. Raises ValidationError."""
        try:
            return Urn.read(super().to_internal_value(data))
        except InvalidUrn as error:
            raise serializers.ValidationError(str(error)) from error

    def to_representation(self, value: Any) -> str:
        """The URN as text."""
        return str(value)


class Hundred(serializers.ListField):
    """A list of up to a hundred; a longer one is refused before anything of it is looked at."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=LIMIT, **options)

    def to_internal_value(self, data: Any) -> Any:
        """The items, read. Raises ValidationError."""
        if isinstance(data, list) and len(data) > LIMIT:
            raise serializers.ValidationError([self.error_messages["max_length"].format(max_length=LIMIT)])
        return super().to_internal_value(data)


class Urns(Hundred):
    """Up to a hundred URNs."""

    child = UrnField()

    def to_internal_value(self, data: Any) -> Any:
        """The URNs, each once. Raises ValidationError."""
        read: list[Urn] = super().to_internal_value(data)
        gone = urns.erased(read)
        if gone:
            raise serializers.ValidationError({str(place): [ERASED] for place, urn in enumerate(read) if urn in gone})
        return list(dict.fromkeys(read))


class References(Hundred):
    """Up to a hundred names of things that are there: UUIDs, or what else each of them is known by."""

    child = serializers.JSONField()  # whatever it is, the refusal is about the list

    def to_internal_value(self, data: Any) -> Any:
        """The objects, each once, in the order of their names. Raises ValidationError."""
        given = super().to_internal_value(data)
        if not all(isinstance(one, str | int) and not isinstance(one, bool) for one in given):
            raise serializers.ValidationError([NO_REFERENCE])
        found = self.find(list(map(str, given)))
        missing = next((one for one in given if str(one) not in found), None)
        if missing is not None:
            raise serializers.ValidationError([NO_SUCH.format(missing)])
        return list({row.pk: row for row in (found[str(one)] for one in given)}.values())

    def find(self, given: list[str]) -> Mapping[str, Model]:
        """The objects by the names that were given, as far as they are there."""
        raise NotImplementedError


def uuids_in(given: Iterable[str]) -> dict[UUID, list[str]]:
    """Those of the texts that are UUIDs, by what they say; one may be written in several ways."""
    found: dict[UUID, list[str]] = {}
    for text in given:
        try:
            found.setdefault(UUID(text), []).append(text)
        except ValueError:
            continue
    return found


def with_uuid(rows: QuerySet[Any], given: Iterable[str]) -> dict[str, Any]:
    """The rows whose UUIDs are among the texts, by these texts."""
    wanted = uuids_in(given)
    return {text: row for row in rows.filter(uuid__in=wanted) for text in wanted[row.uuid]} if wanted else {}


class Contacts(References):
    """Contacts, by UUID or URN."""

    def find(self, given: list[str]) -> Mapping[str, Model]:
        """The contacts that are there."""
        found: dict[str, Model] = with_uuid(Contact.objects.all(), given)
        read = {}
        for text in given:
            try:
                read[text] = Urn.read(text)
            except InvalidUrn:
                continue
        known = urns.find(read.values()) if read else {}
        return found | {text: known[urn] for text, urn in read.items() if urn in known}


class Groups(References):
    """Groups, by UUID or name; capitals do not matter."""

    def find(self, given: list[str]) -> Mapping[str, Model]:
        """The groups that are there."""
        return named(Group.objects.all(), given)


def named(rows: QuerySet[Any], given: Iterable[str]) -> dict[str, Any]:
    """The rows that are known by UUID or name; capitals matter only where two names differ by nothing else."""
    names = {text: text.strip() for text in given}
    wanted = Q(pk__in=[])
    for name in set(names.values()):
        wanted |= Q(name__iexact=name)
    exact, alike = {}, defaultdict(list)
    for row in rows.filter(wanted):
        exact[row.name] = row
        alike[row.name.lower()].append(row)
    found = {text: exact.get(name) or _only(alike[name.lower()]) for text, name in names.items()}
    return {text: row for text, row in found.items() if row} | with_uuid(rows, given)


def _only(rows: list[Any]) -> Any:
    return rows[0] if len(rows) == 1 else None

"""Contacts as rows of a small file, out and in: phones become E.164, empty cells keep what is known."""

import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from import_export import resources, widgets
from import_export.fields import Field

from broadcaster.admin import contact_rows
from broadcaster.admin.contact_form import fields_as_lines, fields_from_lines, keep_field_names, typed_fields
from broadcaster.admin.contact_format import OWN
from broadcaster.admin.contact_rows import Row
from broadcaster.admin.exporting import Columns
from broadcaster.admin.small_import import Rows
from broadcaster.audience import consent, erasure, regions, rules_groups, values
from broadcaster.content import rules
from broadcaster.models import Contact, ContactField, Group, Membership

ABOUT = ("name", "phone", "identifier", "language", "time_zone")
GROUP_NAME = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^;,]+))\s*(?:[;,]|$)')
PLAIN_NAME = re.compile(r'[^;,"]+')


class FieldsWidget(widgets.Widget):
    """A contact's own fields in one cell, one a line."""

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> dict[str, str]:
        """The fields. Raises ValueError with one sentence."""
        try:
            return fields_from_lines(str(value or ""))
        except ValidationError as error:
            raise ValueError(error.message) from error

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        """The lines."""
        return fields_as_lines(value or {})


class ContactResource(Columns, Rows, resources.ModelResource):
    """A row is a person, known by the phone or else by the identifier."""

    changes = "broadcaster.change_contact"
    refusal = "There is such a contact, and you may not change it."

    own_fields = Field(attribute="fields", column_name="fields", widget=FieldsWidget())
    groups = Field(column_name="groups", readonly=True)

    class Meta:
        model = Contact
        fields = (*ABOUT, "own_fields", "groups")
        export_order = fields
        import_id_fields = ()
        skip_unchanged = True
        skip_html_diff = True  # the page that asks shows the rows themselves
        store_row_values = True

    # -- out ---------------------------------------------------------------------------------------------------------

    def dehydrate_groups(self, contact: Contact) -> str:
        """The names of the groups."""
        return "; ".join(quoted(group.name) for group in contact.groups.all())

    # -- in ----------------------------------------------------------------------------------------------------------

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        """Ask once for what every row needs: the country, the groups, the fields, and who may make new groups."""
        super().before_import(dataset, **kwargs)
        self.region = regions.home()
        groups = list(Group.objects.all())
        self.group_ids = {group.name.lower(): group.pk for group in groups}
        self.smart = {group.name.lower() for group in groups if group.is_smart}
        self.kinds = dict(ContactField.objects.values_list("key", "kind"))
        user = kwargs.get("user")
        self.may_add_groups = user is not None and user.has_perm("broadcaster.add_group")

    def before_import_row(self, row: Row, **kwargs: Any) -> None:
        """Bring the row into our form. Raises ValidationError with one sentence."""
        contact_rows.drop_empty_cells(row)
        contact_rows.read_phone(row, self.region)
        _check_address(row)
        _check_words(row)
        self._check_groups(row)

    def _check_groups(self, row: Row) -> None:
        """Hold the groups against what there is. Raises ValidationError with one sentence."""
        for name in self._group_names(row):
            if name.lower() in self.smart:
                sentence = rules_groups.by_rule(name, "nobody is put into it")
                raise ValidationError(f"{sentence} Take it out of the cell.")
            if name.lower() not in self.group_ids and not self.may_add_groups:
                raise ValidationError(f"There is no group called {name}, and you may not add one.")

    def get_instance(self, instance_loader: object, row: Row) -> Contact | None:
        """The contact that the row means. Raises ValidationError where it means two."""
        return contact_rows.known(row)

    def import_instance(self, instance: Contact, row: Row, **kwargs: Any) -> None:
        """Write the row into the contact; its own fields are added to those it has, and what reads as it is stays."""
        known = dict(instance.fields)
        given = {column: value for column, value in row.items() if value != _as_read(instance, column)}
        super().import_instance(instance, given, **kwargs)
        written = (instance.fields if "fields" in given else {}) | {
            column.removeprefix(OWN): str(row[column]) for column in row if column.startswith(OWN)
        }
        cleared = {key for key, text in written.items() if text == values.CLEAR}
        typed = typed_fields({key: written[key] for key in written if key not in cleared}, known, self.kinds)
        instance.fields = {key: value for key, value in known.items() if key not in cleared} | typed
        instance.clean_fields()

    def skip_row(self, instance: Contact, original: Contact, row: Row, import_validation_errors: Any = None) -> bool:
        """Nothing changes, and the contact is in the groups already."""
        skipped: bool = super().skip_row(instance, original, row, import_validation_errors)
        return skipped and not self._missing_groups(instance, row)

    def before_save_instance(self, instance: Contact, row: Row, **kwargs: Any) -> None:
        """Whoever opted out stays out at the new phone too. Raises ValidationError where nothing may be changed."""
        if instance.pk is not None:
            self.check_change()
        consent.carry_over(instance)

    def after_save_instance(self, instance: Contact, row: Row, **kwargs: Any) -> None:
        """Into the groups, new ones included; an import takes nobody out of one. New fields are made known."""
        if not instance.fields.keys() <= self.kinds.keys():
            keep_field_names(instance)
            self.kinds |= {key: ContactField.Kind.TEXT for key in instance.fields if key not in self.kinds}
        groups = {self._group_id(name) for name in self._group_names(row)}
        memberships = [Membership(group_id=group, contact=instance) for group in groups]
        Membership.objects.bulk_create(memberships, ignore_conflicts=True)

    def _group_id(self, name: str) -> int:
        if name.lower() not in self.group_ids:
            self.group_ids[name.lower()] = Group.objects.create(name=name).pk
        return self.group_ids[name.lower()]

    def _missing_groups(self, contact: Contact, row: Row) -> list[str]:
        names = self._group_names(row)
        if not names or contact.pk is None:
            return names
        joined = {name.lower() for name in contact.groups.values_list("name", flat=True)}
        return [name for name in names if name.lower() not in joined]

    def _group_names(self, row: Row) -> list[str]:
        """The names in the cell; one that exists as it stands is a name, whatever it holds."""
        text = str(row.get("groups", "")).strip()
        return [text] if text.lower() in self.group_ids else listed_names(text)


def _as_read(contact: Contact, column: str) -> str:
    """What a file says of the contact in this column, without the spaces at its ends that no reader keeps."""
    if column == "fields":
        return fields_as_lines(contact.fields).strip()
    return str(getattr(contact, column) or "").strip() if column in ABOUT else ""


def quoted(name: str) -> str:
    """A group's name as one of several in a cell."""
    return name if PLAIN_NAME.fullmatch(name) else '"' + name.replace('"', '""') + '"'


def listed_names(text: str) -> list[str]:
    """The names that stand in a cell, separated by ; or , and quoted where they hold one of these."""
    found = (match[1].replace('""', '"') if match[1] else match[2] for match in GROUP_NAME.finditer(text))
    return [name.strip()[:64] for name in found if name and name.strip()]


def _check_address(row: Row) -> None:
    """See that the row names somebody who was not erased. Raises ValidationError with one sentence."""
    named = contact_rows.addresses(row)
    if not named:
        raise ValidationError("There is neither a phone nor an identifier.")
    if erasure.erased([str(address) for address in named.values()]):
        raise ValidationError(erasure.SENTENCE)


def _check_words(row: Row) -> None:
    """Hold language and time zone against what there is. Raises ValidationError with one sentence."""
    if "language" in row:
        row["language"] = row["language"].lower()
        if sentence := rules.language_error(row["language"]):
            raise ValidationError(sentence)
    if row.get("time_zone") and row["time_zone"] not in available_timezones():
        raise ValidationError(f"There is no time zone called {row['time_zone']}; write it as Asia/Jakarta.")

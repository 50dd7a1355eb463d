"""Groups as rows of a small file, out and in: a name, and in each row one person who is to be on the list."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count
from import_export import resources
from import_export.fields import Field

from broadcaster.admin import contact_rows
from broadcaster.admin.contact_rows import Row
from broadcaster.admin.export_columns import Number, moment
from broadcaster.admin.exporting import Columns
from broadcaster.admin.small_import import Rows
from broadcaster.admin.spreadsheet_format import Spreadsheet
from broadcaster.audience import regions, rules_groups
from broadcaster.models import Contact, Group, Membership

LIST, RULE = "list", "rule"
IMPORT_HELP = (
    "The column name says the group, which is made where there is none. With a phone or an identifier beside it, the "
    "row puts this contact on the list. A group with a rule cannot come from a file. For more people, begin a "
    "broadcast, upload an audience file there, and put it into a group."
)


class GroupSpreadsheet(Spreadsheet):
    """A table of groups. What an export tells beside is passed over."""

    columns = ("name", "kind", "phone", "identifier", "members", "created")
    needed = ("name",)
    for_more = "For more people, begin a broadcast, upload an audience file there, and put it into a group."


class GroupResource(Columns, Rows, resources.ModelResource):
    """A row is a group, known by its name in any case, with or without a person."""

    changes = "broadcaster.change_group"
    refusal = "There is such a group, and you may not put anybody into it."
    kind = Field(column_name="kind")
    members = Field(attribute="exact_size", column_name="members", widget=Number())
    created = moment("created_at", "created")

    class Meta:
        model = Group
        fields = export_order = ("name", "kind", "members", "created")
        import_id_fields = ()
        skip_diff = True
        store_row_values = True

    # -- out ---------------------------------------------------------------------------------------------------------

    def prepare(self, records: list[Any]) -> None:
        """How many people are on each list; of a rule, how many it last fitted."""
        memberships = Membership.objects.filter(group__in=records).order_by()
        sizes = dict(memberships.values_list("group").annotate(Count("contact")))
        for group in records:
            group.exact_size = group.counted if group.is_smart else sizes.get(group.pk, 0)

    def dehydrate_kind(self, group: Group) -> str:
        """Whether people were put into it, or a rule says who is in it."""
        return RULE if group.is_smart else LIST

    # -- in ----------------------------------------------------------------------------------------------------------

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        """Ask once for what every row needs: the country, and the groups that there are."""
        super().before_import(dataset, **kwargs)
        self.region = regions.home()
        self.groups = {group.name.lower(): group for group in Group.objects.all()}
        self.new: set[str] = set()

    def before_import_row(self, row: Row, **kwargs: Any) -> None:
        """Bring the row into our form. Raises ValidationError with one sentence."""
        contact_rows.drop_empty_cells(row)
        if "name" not in row:
            raise ValidationError("Give the group's name.")
        if row.get("kind", LIST) not in (LIST, RULE):
            raise ValidationError(f"There is no kind of group called {row['kind']}; write {LIST}, or leave it empty.")
        self.person = self._person(row)
        self._check_rule(row)

    def get_instance(self, instance_loader: object, row: Row) -> Group | None:
        """The group of this name."""
        return self.groups.get(row["name"].lower())

    def import_instance(self, instance: Group, row: Row, **kwargs: Any) -> None:
        """Name a new group; one that there is keeps its name. Raises ValidationError with one sentence."""
        if not instance.pk:
            instance.name = row["name"]
            instance.clean_fields()

    def skip_row(self, instance: Group, original: Any, row: Row, import_validation_errors: Any = None) -> bool:
        """The group is there, and the person on its list."""
        if import_validation_errors or not instance.pk:
            return False
        return self.person is None or Membership.objects.filter(group=instance, contact=self.person).exists()

    def do_instance_save(self, instance: Group, is_create: bool) -> None:  # noqa: FBT001
        """A new group. Raises ValidationError where one that there is may not be changed."""
        if is_create:
            instance.save()
            self.groups[instance.name.lower()] = instance
            self.new.add(instance.name.lower())
        elif instance.name.lower() not in self.new:
            self.check_change()

    def after_save_instance(self, instance: Group, row: Row, **kwargs: Any) -> None:
        """The person joins."""
        if self.person is not None:
            Membership.objects.get_or_create(group=instance, contact=self.person)

    def _person(self, row: Row) -> Contact | None:
        """Whom the row names, if anybody. Raises ValidationError with one sentence."""
        contact_rows.read_phone(row, self.region)
        named, person = contact_rows.addresses(row), contact_rows.known(row)
        if named and person is None:
            who = " or ".join(named.values())
            raise ValidationError(f"There is no contact {who}. Import the contacts first, with their groups.")
        return person

    def _check_rule(self, row: Row) -> None:
        """Refuse what a file cannot say: a rule, and who is in a group that has one."""
        group = self.groups.get(row["name"].lower())
        if group is None and row.get("kind") == RULE:
            raise ValidationError("A group with a rule cannot come from a file. Add it on the page of groups.")
        if group is not None and group.is_smart and self.person is not None:
            raise ValidationError(rules_groups.by_rule(group.name, "nobody is put into it by a file"))
        if group is not None and "kind" in row and (row["kind"] == RULE) != group.is_smart:
            raise ValidationError(f"{group.name} is a {RULE if group.is_smart else LIST}, and stays so.")

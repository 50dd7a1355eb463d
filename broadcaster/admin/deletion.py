"""Deleting a record that much hangs on: what goes with it is counted, where Django would load and list every row."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

NAMED = 20  # records named one by one on the page that asks


class CountedDeletion:
    """A part of an Admin: `goes_along` counts what is deleted too, `in_use` names what stands in the way."""

    delete_confirmation_template = "broadcaster/records/delete.html"
    delete_selected_confirmation_template = "broadcaster/records/delete.html"

    def goes_along(self, records: list[Any]) -> dict[str, QuerySet[Any]]:
        """Rows that are deleted with these records, by what a person calls them."""
        return {}

    def in_use(self, records: list[Any]) -> Iterable[object]:
        """What needs these records, so that they must stay."""
        return ()

    def get_deleted_objects(
        self, objs: Iterable[Any], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Django's hook: (names, counts, permissions that lack, what stands in the way)."""
        records = list(objs)
        counts = {name: rows.count() for name, rows in self.goes_along(records).items()}
        names = [str(record) for record in records[:NAMED]]
        if len(records) > NAMED:
            names.append(f"and {len(records) - NAMED} more")
        return (
            names,
            {name: count for name, count in counts.items() if count},
            set(),
            list(map(str, self.in_use(records))),
        )

"""The list of contacts by group."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from broadcaster.audience.rules import Unusable
from broadcaster.audience.rules_groups import Reader
from broadcaster.models import Contact, Group


class GroupFilter(DropdownFilter):
    """The people of one group, on its list or by its rule."""

    title = "groups"
    parameter_name = "groups__id__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """All groups by name."""
        return [(str(pk), name) for pk, name in Group.objects.values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> QuerySet[Contact]:
        """Those who are in the group. Raises IncorrectLookupParameters."""
        chosen = self.value()
        if not chosen:
            return queryset
        if not chosen.isdecimal():
            raise IncorrectLookupParameters
        group = Group.objects.filter(pk=int(chosen))
        try:
            return queryset.filter(Reader().members(group))
        except Unusable as error:
            messages.warning(request, f"Nobody can tell who is in this group. {error.sentence}")
            return queryset.none()

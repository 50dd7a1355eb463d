"""`/api/v2/groups`: named people. Who is in one, the list of contacts tells."""

from collections.abc import Mapping
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, DELETION
from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from broadcaster.api import filters, parameters
from broadcaster.api.people import group_item, history, lookups
from broadcaster.api.people.contact_form import NO_OBJECT
from broadcaster.api.people.group_item import GroupItem
from broadcaster.api.people.lookups import Named
from broadcaster.api.people.meanwhile import told_of_others
from broadcaster.api.permissions import administering, reading, sending
from broadcaster.api.resource import Resource
from broadcaster.audience import group_uses, rules_counts, rules_groups
from broadcaster.models import Group

NAME_CHARACTERS = 64
FILTERS = [parameters.UUID, parameters.NAME, parameters.MANUAL_ONLY, parameters.BEFORE, parameters.AFTER]
NOT_UNIQUE = "This field must be unique."


class GroupForm(serializers.Serializer[Group]):
    """A new group of nobody, or another name for one."""

    name = serializers.CharField(max_length=NAME_CHARACTERS)

    default_error_messages = {"invalid": NO_OBJECT}

    def validate_name(self, name: str) -> str:
        """Whether no other group has it; capitals do not matter. Raises ValidationError."""
        others = Group.objects.exclude(pk=self.instance.pk) if self.instance else Group.objects.all()
        if others.filter(name__iexact=name).exists():
            raise serializers.ValidationError(NOT_UNIQUE)
        return name

    def create(self, validated_data: Mapping[str, Any]) -> Group:
        """The group."""
        return Group.objects.create(**validated_data)

    def update(self, instance: Group, validated_data: Mapping[str, Any]) -> Group:
        """The group with its name."""
        instance.name = validated_data["name"]
        instance.save(update_fields=["name"])
        return instance


class Groups(Resource):
    """Groups, the newest first."""

    needs = {
        "GET": reading("view_group"),
        "POST": sending("add_group", "change_group"),
        "DELETE": administering("delete_group"),
    }
    serializer_class = GroupItem

    def get_queryset(self) -> QuerySet[Any]:
        """Those that the call asks for, with so many of their members as are counted at once."""
        rows = filters.called(self.request, Group.objects.all())
        if filters.truth(self.request, "manual_only"):
            rows = rows.filter(rule={})
        rows = filters.between(self.request, rows, "created_at")
        return rules_counts.with_size(rows, rules_counts.LIST_ROWS)

    def prepare(self, rows: list[Any]) -> None:
        """Add their rules in words, and their counts."""
        group_item.prepare(rows)

    @extend_schema(responses=GroupItem(many=True), parameters=FILTERS)
    def get(self, request: Request) -> Response:
        """List groups, the newest first."""
        return self.listed(request)

    @extend_schema(request=GroupForm, responses={200: GroupItem, 201: GroupItem}, parameters=[parameters.UUID])
    @told_of_others
    def post(self, request: Request) -> Response:
        """Add a group, or give the one that `uuid` names another name."""
        named = lookups.named(request, "uuid")
        with transaction.atomic():
            group = _held(named) if named else None
            form = GroupForm(group, data=request.data)
            form.is_valid(raise_exception=True)
            saved = form.save()
            history.keep(request, saved, CHANGE if group else ADDITION)
        counted = rules_counts.with_size(Group.objects.filter(pk=saved.pk), rules_counts.LIST_ROWS)
        return self.answer(counted.get(), status=200 if group else 201)

    @extend_schema(responses={204: None}, parameters=[parameters.UUID])
    @told_of_others
    def delete(self, request: Request) -> Response:
        """Delete the group that `uuid` names, unless something needs it; its people stay."""
        named = lookups.must_be_named(request, "uuid")
        with transaction.atomic():
            rules_groups.hold(Group.objects.all())  # in one order, whoever else looks at all of them
            group = _held(named)
            reason = " ".join(group_uses.hindrances([group]))
            if reason:
                raise ParseError(reason)
            history.keep(request, group, DELETION)
            group.delete()
        return Response(status=204)


def _held(named: Named) -> Group:
    """The group that is meant, locked. Raises NotFound, ParseError."""
    group = Group.objects.select_for_update(no_key=True).filter(uuid=filters.uuid_in(named[1])).first()
    if group is None:
        raise NotFound
    return group

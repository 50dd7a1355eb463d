"""`/api/v2/fields`: what contacts have of their own, such as a city."""

from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE
from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from broadcaster.api import filters, parameters
from broadcaster.api.pagination import Order
from broadcaster.api.people import field_item, history, lookups
from broadcaster.api.people.field_form import FieldForm
from broadcaster.api.people.field_item import FieldItem
from broadcaster.api.people.meanwhile import told_of_others
from broadcaster.api.permissions import reading, sending
from broadcaster.api.resource import Resource
from broadcaster.models import ContactField


class ContactFields(Resource):
    """Contact fields, the newest first."""

    needs = {"GET": reading("view_contact"), "POST": sending("add_contact", "change_contact")}
    serializer_class = FieldItem
    order = Order()

    def get_queryset(self) -> QuerySet[ContactField]:
        """Those that the call asks for."""
        key = filters.text(self.request, "key")
        return ContactField.objects.filter(key=key) if key else ContactField.objects.all()

    def prepare(self, rows: list[Any]) -> None:
        """Add RapidPro's words for them, and what needs them."""
        field_item.prepare(rows)

    @extend_schema(responses=FieldItem(many=True), parameters=[parameters.KEY])
    def get(self, request: Request) -> Response:
        """List contact fields, the newest first."""
        return self.listed(request)

    @extend_schema(request=FieldForm, responses={200: FieldItem, 201: FieldItem}, parameters=[parameters.KEY])
    @told_of_others
    def post(self, request: Request) -> Response:
        """Add a contact field, or give the one that `key` names another name."""
        named = lookups.named(request, "key")
        with transaction.atomic():
            field = ContactField.objects.select_for_update().filter(key=named[1]).first() if named else None
            if named and not field:
                raise NotFound
            form = FieldForm(field, data=request.data)
            form.is_valid(raise_exception=True)
            saved = form.save()
            history.keep(request, saved, CHANGE if field else ADDITION)
        return self.answer(saved, status=200 if field else 201)

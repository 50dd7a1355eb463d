"""`/api/v2/contacts`: the people that one can write to, one by one."""

from collections.abc import Container
from contextlib import nullcontext
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, DELETION
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from broadcaster.api import fields, filters, parameters, urns
from broadcaster.api.pagination import Order
from broadcaster.api.people import contact_item, history, lookups, members
from broadcaster.api.people.contact_form import ContactForm
from broadcaster.api.people.contact_item import ContactItem
from broadcaster.api.people.lookups import Named
from broadcaster.api.people.meanwhile import told_of_others
from broadcaster.api.permissions import administering, reading, sending
from broadcaster.api.resource import Resource
from broadcaster.audience import staging
from broadcaster.models import Contact, Group

LOOKUPS = ("uuid", "urn")
NAMED_BY = [parameters.UUID, parameters.URN]
FILTERS = [*NAMED_BY, *(parameters.GROUP, parameters.DELETED, parameters.REVERSE, parameters.BEFORE, parameters.AFTER)]


class Contacts(Resource):
    """Contacts, the one that changed last first."""

    needs = {
        "GET": reading("view_contact"),
        "POST": sending("add_contact", "change_contact"),
        "DELETE": administering("delete_contact"),
    }
    serializer_class = ContactItem

    def order_of(self, request: Request) -> Order:
        """By when they changed; those on a list by when they were made."""
        ascending = filters.truth(request, "reverse")
        is_list = self.group is not None and not self.group.is_smart
        return Order(ascending=ascending, key=members.KEY) if is_list else Order("modified_at", ascending=ascending)

    @cached_property
    def group(self) -> Group | None:
        """The group whose contacts the call asks for, if it asks for one that there is."""
        given = filters.text(self.request, "group")
        return members.group_named(given) if given else None

    def get_queryset(self) -> QuerySet[Any]:
        """Those that the call asks for; nothing is left of those who were deleted."""
        if filters.truth(self.request, "deleted"):
            return Contact.objects.none()
        rows = filters.between(self.request, Contact.objects.all(), "modified_at")
        if uuid := filters.uuid(self.request, "uuid"):
            rows = rows.filter(uuid=uuid)
        if urn := filters.text(self.request, "urn"):
            rows = rows.filter(_is_at(urn))
        return members.of(self.group, rows) if filters.text(self.request, "group") else rows

    def paginate_queryset(self, queryset: Any) -> list[Any]:
        """The contacts of the page that the call asks for."""
        return members.contacts_of(super().paginate_queryset(queryset) or ())

    def prepare(self, rows: list[Any]) -> None:
        """Add their lists, fields and opt-outs."""
        contact_item.prepare(rows)

    @extend_schema(responses=ContactItem(many=True), parameters=FILTERS)
    def get(self, request: Request) -> Response:
        """List contacts, the one that changed last first."""
        with members.in_time() if filters.text(request, "group") else nullcontext():
            return self.listed(request)

    @extend_schema(request=ContactForm, responses={200: ContactItem, 201: ContactItem}, parameters=NAMED_BY)
    @told_of_others
    def post(self, request: Request) -> Response:
        """Add a contact, or change the one that `uuid` or `urn` names."""
        named = lookups.named(request, *LOOKUPS)
        with transaction.atomic():
            contact = _held(request, named)
            urn = lookups.urn(named[1]) if named and named[0] == "urn" else None
            form = ContactForm(contact, data=request.data, context={"urn": urn})
            form.is_valid(raise_exception=True)
            saved = form.save()
            history.keep(request, saved, CHANGE if contact else ADDITION)
        return self.answer(Contact.objects.get(pk=saved.pk), status=200 if contact else 201)

    @extend_schema(responses={204: None}, parameters=NAMED_BY)
    @told_of_others
    def delete(self, request: Request) -> Response:
        """Delete the contact that `uuid` or `urn` names; its opt-outs stay."""
        named = lookups.must_be_named(request, *LOOKUPS)
        with transaction.atomic():
            staging.one_at_a_time()  # not between an import's look at who is known and its writing
            contact = Contact.objects.select_for_update().filter(_where(named)).first()
            if contact is None:
                raise NotFound
            history.keep(request, contact, DELETION)
            contact.delete()
        return Response(status=204)


def _held(request: Request, named: Named | None) -> Contact | None:
    """The contact that the call changes, locked; None where it is to make one. Raises NotFound, ParseError.

    Before an address is stored, imports and erasures are held off: what they looked at would not count any more.
    """
    where = _where(named) if named else Q(pk__in=())
    if "urns" in _body(request) or not Contact.objects.filter(where).exists():
        staging.one_at_a_time()
    contact = Contact.objects.select_for_update().filter(where).first()
    if contact is None and named:
        _must_be_new(named)
    return contact


def _must_be_new(named: Named) -> None:
    """Refuse to make the contact where only one that is there can be meant. Raises NotFound, ParseError."""
    name, given = named
    if name == "uuid":
        raise NotFound
    if urns.erased([lookups.urn(given)]):
        raise ParseError(fields.ERASED)


def _where(named: Named) -> Q:
    """Which contact is meant. Raises ParseError."""
    name, given = named
    return Q(uuid=filters.uuid_in(given)) if name == "uuid" else _is_at(given)


def _is_at(given: str) -> Q:
    """Who has this URN. Raises ParseError."""
    urn = lookups.urn(given)
    return Q(**{urn.column: urn.address})


def _body(request: Request) -> Container[str]:
    return request.data if isinstance(request.data, dict) else ()

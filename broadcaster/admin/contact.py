"""Contacts: found by name, phone or identifier, and put into groups."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.cache import cache
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from unfold.contrib.filters.admin import DropdownFilter

from broadcaster.admin import words
from broadcaster.admin.base import Admin
from broadcaster.admin.contact_form import ContactForm, keep_field_names
from broadcaster.admin.contact_format import ContactSpreadsheet
from broadcaster.admin.contact_resource import ContactResource
from broadcaster.admin.contact_search import URL_NAME, ContactSearchView, matching
from broadcaster.admin.erasing import Erasing
from broadcaster.admin.exporting import Export
from broadcaster.admin.group_choice import GroupChoiceForm
from broadcaster.admin.group_filter import GroupFilter
from broadcaster.admin.membership import add_to_group
from broadcaster.admin.small_import import SmallImport
from broadcaster.audience import consent, staging
from broadcaster.models import Contact

LANGUAGES_KEPT_S = 300


class LanguageFilter(DropdownFilter):
    """Languages that contacts have; kept for a while, since each costs a query."""

    title = "language"
    parameter_name = "language"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The codes, as they are."""
        codes: list[str] = cache.get_or_set("contact-languages", _languages, LANGUAGES_KEPT_S) or []
        return [(code, code) for code in codes]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> QuerySet[Contact]:
        """Those who have the language."""
        return queryset.filter(language=self.value()) if self.value() else queryset


@admin.register(Contact)
class ContactAdmin(Erasing, Export, SmallImport, Admin):
    """One person a row; small files in and out, large ones go by audience files."""

    form = ContactForm
    list_display = ("shown_name", "phone", "identifier", "language", "own_fields_in_short", "changed")
    list_filter = (GroupFilter, LanguageFilter)
    search_fields = ("name", "phone", "identifier")
    search_help_text = "Beginning of the name, phone or identifier"
    actions = ("add_to_group",)
    resource_classes = (ContactResource,)
    import_table = ContactSpreadsheet
    import_help = (
        "Columns we know: name, phone, identifier, language, time_zone, groups (separated by ; or ,). Any other column "
        "becomes a field of the contact. An empty cell keeps what is known, and -- in a field takes it away. "
        "For more rows, begin a broadcast and upload the file there."
    )
    empty_title = "No contacts yet"
    empty_text = "Contacts come from audience files, or are added one by one."
    empty_button = "Add contact"

    # -- the list ----------------------------------------------------------------------------------------------------

    @admin.display(description="Name", ordering="name")
    def shown_name(self, contact: Contact) -> str:
        """The name, or what stands for it."""
        return contact.name or contact.address

    @admin.display(description="Fields")
    def own_fields_in_short(self, contact: Contact) -> str:
        """The first of the contact's own fields."""
        pairs = [f"{name}: {value}" for name, value in list(contact.fields.items())[:3]]
        return ", ".join(pairs)[:80]

    @admin.display(description="Changed", ordering="modified_at")
    def changed(self, contact: Contact) -> str:
        """When it was last changed."""
        return words.local_time(contact.modified_at, settings.TIME_ZONE)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Contact], search_term: str
    ) -> tuple[QuerySet[Contact], bool]:
        """By what an index can find: the beginning of a phone or of the name, or a whole identifier."""
        term = search_term.strip()
        return matching(queryset, term) if term else queryset, False

    def get_urls(self) -> list[URLPattern]:
        """And the search of those who choose contacts in a form."""
        search = self.admin_site.admin_view(ContactSearchView.as_view(admin_site=self.admin_site))
        urls: list[URLPattern] = super().get_urls()
        return [path("search/", search, name=URL_NAME), *urls]

    @admin.action(description="Add to group\u2026", permissions=["change"])
    def add_to_group(self, request: HttpRequest, queryset: QuerySet[Contact]) -> HttpResponse | None:
        """Ask for the group, then add the chosen contacts."""
        form = GroupChoiceForm(request.POST if "into_group" in request.POST else None, user=request.user)
        if form.is_valid():
            group = form.chosen()
            added = add_to_group(group, queryset.order_by().values_list("pk", flat=True).iterator())
            self.message_user(request, f"Added to {group.name}: {added}.", messages.SUCCESS)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": "Add to group",
            "opts": self.opts,
            "form": form,
            "count": queryset.count(),
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "broadcaster/records/add_to_group.html", context)

    # -- the form ----------------------------------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Contact | None = None) -> Any:
        """What may be typed; one who may only look sees a table of the contact's own fields."""
        about = ("name", "phone", "identifier", "language", "time_zone")
        if self.has_change_permission(request, obj) or obj is None:
            return [(None, {"fields": about}), ("Fields and groups", {"fields": ("own_fields", "groups")})]
        return [(None, {"fields": about}), ("Fields and groups", {"fields": ("own_fields_table", "group_names")})]

    def get_readonly_fields(self, request: HttpRequest, obj: Contact | None = None) -> tuple[str, ...]:
        """Words, where nothing may be typed."""
        may_change = obj is None or self.has_change_permission(request, obj)
        return () if may_change else ("own_fields_table", "group_names")

    @admin.display(description="Fields")
    def own_fields_table(self, contact: Contact) -> str:
        """The contact's own fields."""
        return render_to_string("broadcaster/records/pairs.html", {"pairs": contact.fields.items()})

    @admin.display(description="Groups")
    def group_names(self, contact: Contact) -> str:
        """The lists the contact is on."""
        return ", ".join(group.name for group in contact.groups.all())

    def save_model(self, request: HttpRequest, obj: Contact, form: Any, change: bool) -> None:  # noqa: FBT001
        """Whoever opted out stays out at the new phone too."""
        consent.carry_over(obj)
        super().save_model(request, obj, form, change)
        keep_field_names(obj)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        """The groups, once the contact has a key."""
        super().save_related(request, form, formsets, change)
        if "groups" in form.cleaned_data:
            form.instance.groups.set(form.cleaned_data["groups"])

    def delete_model(self, request: HttpRequest, obj: Contact) -> None:
        """Not between an import's look at who is known and its writing."""
        with transaction.atomic():
            staging.one_at_a_time()
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> None:
        """The same for several."""
        with transaction.atomic():
            staging.one_at_a_time()
            super().delete_queryset(request, queryset)

    # -- files -------------------------------------------------------------------------------------------------------

    def get_export_queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        """With the groups, in one more query a chunk."""
        queryset: QuerySet[Contact] = super().get_export_queryset(request).prefetch_related("groups")
        return queryset


def _languages() -> list[str]:
    """The codes, each found in the index by the one before it."""
    found: list[str] = []
    codes = Contact.objects.order_by("language").values_list("language", flat=True)
    while following := codes.filter(language__gt=found[-1] if found else "")[:1]:
        found += following
    return found

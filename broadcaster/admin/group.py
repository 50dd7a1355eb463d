"""Groups: named lists of people. Who is in one is seen in the list of contacts, which can be searched and paged."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from broadcaster.admin import words
from broadcaster.admin.base import Admin
from broadcaster.admin.contact_search import ContactSearch, in_words
from broadcaster.admin.deletion import CountedDeletion
from broadcaster.admin.membership import add_to_group, size_in_words, with_size
from broadcaster.admin.model_form import ModelForm
from broadcaster.models import Contact, Group, Membership


class GroupForm(ModelForm):
    """A name, and people to add; members are never all listed in a form."""

    add_contacts = forms.ModelMultipleChoiceField(
        label="Add contacts",
        queryset=Contact.objects.all(),
        required=False,
        help_text="Search by the beginning of a name, a phone or an identifier.",
    )

    class Meta:
        model = Group
        fields = ("name",)


@admin.register(Group)
class GroupAdmin(CountedDeletion, Admin):
    """Many people join by an audience file, or from the list of contacts."""

    form = GroupForm
    list_display = ("name", "members", "created")
    search_fields = ("name",)
    delete_confirmation_template = delete_selected_confirmation_template = "broadcaster/records/delete_group.html"
    empty_title = "No groups yet"
    empty_text = "A group is a list of contacts that broadcasts can go to again and again."
    empty_button = "Add group"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        """Groups with the number of their members, counted for the page's groups only."""
        return with_size(super().get_queryset(request))

    @admin.display(description="Members")
    def members(self, group: Any) -> SafeString:
        """How many, and the way to them."""
        return self._to_members(group, size_in_words(group.size))

    @admin.display(description="Members")
    def all_members(self, group: Group) -> SafeString:
        """The same for one group, counted to the last."""
        size = Membership.objects.filter(group=group).count()
        return self._to_members(group, f"{size:,} {'contact' if size == 1 else 'contacts'}")

    def _to_members(self, group: Group, size: str) -> SafeString:
        link = reverse("admin:broadcaster_contact_changelist")
        return format_html(
            '<a class="text-primary-600 dark:text-primary-500" href="{}?groups__id__exact={}">{}</a>',
            link,
            group.pk,
            size,
        )

    @admin.display(description="Created", ordering="created_at")
    def created(self, group: Group) -> str:
        """Since when there is the group."""
        return words.local_time(group.created_at, settings.TIME_ZONE)

    def get_fields(self, request: HttpRequest, obj: Group | None = None) -> tuple[str, ...]:
        """The number of members once there is a group."""
        if obj is None:
            return ("name", "add_contacts")
        return ("name", "all_members", *(("add_contacts",) if self.has_change_permission(request, obj) else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: Group | None = None) -> tuple[str, ...]:
        """The number is counted."""
        return ("all_members",) if obj else ()

    def get_form(self, request: HttpRequest, obj: Group | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        """Contacts are searched while one types."""
        form = super().get_form(request, obj, change, **kwargs)
        if "add_contacts" in form.base_fields:
            field = form.base_fields["add_contacts"]
            field.widget, field.label_from_instance = ContactSearch(self.admin_site), in_words
        return form

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        """The chosen contacts join, once the group has a key."""
        super().save_related(request, form, formsets, change)
        chosen = form.cleaned_data.get("add_contacts") or ()
        if chosen:
            added = add_to_group(form.instance, [contact.pk for contact in chosen])
            self.message_user(request, f"Added to {form.instance.name}: {added}.", messages.INFO)

    def goes_along(self, records: list[Group]) -> dict[str, QuerySet[Any]]:
        """Only the fact of being in the group."""
        return {"memberships": Membership.objects.filter(group__in=records)}

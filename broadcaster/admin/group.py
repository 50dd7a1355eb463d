"""Groups: named people, on a list or by a rule. Who is in one is seen in the list of contacts, page by page."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from broadcaster import tasks
from broadcaster.admin import words
from broadcaster.admin.base import Admin
from broadcaster.admin.contact_search import ContactSearch, in_words
from broadcaster.admin.deletion import CountedDeletion
from broadcaster.admin.exporting import Export
from broadcaster.admin.group_form import GroupForm
from broadcaster.admin.group_preview import preview
from broadcaster.admin.group_resource import IMPORT_HELP, GroupResource, GroupSpreadsheet
from broadcaster.admin.membership import add_to_group, group_size, whole_size, with_size
from broadcaster.admin.small_import import SmallImport
from broadcaster.audience import group_uses, rules_counts, rules_words
from broadcaster.models import Group, Membership


@admin.register(Group)
class GroupAdmin(Export, SmallImport, CountedDeletion, Admin):
    """Many people join by an audience file, or from the list of contacts."""

    form = GroupForm
    list_display = ("name", "members", "who", "created")
    search_fields = ("name",)
    resource_classes = (GroupResource,)
    import_table = GroupSpreadsheet
    import_help = IMPORT_HELP
    change_form_outer_before_template = "broadcaster/groups/planned.html"
    delete_confirmation_template = delete_selected_confirmation_template = "broadcaster/records/delete_group.html"
    empty_title = "No groups yet"
    empty_text = "A group is people that broadcasts can go to again and again: a list, or whoever fits a rule."
    empty_button = "Add group"

    # -- the list ----------------------------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        """Groups with the number of their members, counted for the page's groups only."""
        return with_size(super().get_queryset(request))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list as it was last counted; a worker counts anew what somebody looks at."""
        if request.POST.get("action") == "delete_selected":
            with transaction.atomic():  # so that no rule comes to name a group between the look at it and its end
                return super().changelist_view(request, extra_context)
        response = super().changelist_view(request, extra_context)
        if shown := (getattr(response, "context_data", None) or {}).get("cl"):
            tasks.wake_counts(rules_counts.stale(shown.result_list))
        return response

    @admin.display(description="Members")
    def members(self, group: Any) -> SafeString:
        """How many, and the way to them."""
        return self._to_members(group, group_size(group))

    @admin.display(description="Who is in it")
    def who(self, group: Group) -> str:
        """The rule in words."""
        return rules_words.of_group(group) if group.is_smart else "People who were added"

    @admin.display(description="Created", ordering="created_at")
    def created(self, group: Group) -> str:
        """Since when there is the group."""
        return words.local_time(group.created_at, settings.TIME_ZONE)

    # -- the form ----------------------------------------------------------------------------------------------------

    @admin.display(description="Members")
    def all_members(self, group: Group) -> SafeString:
        """A list is counted to the last, unless that would keep the page waiting."""
        return self._to_members(group, whole_size(group))

    def _to_members(self, group: Group, size: str) -> SafeString:
        link = reverse("admin:broadcaster_contact_changelist")
        return format_html(
            '<a class="text-primary-600 dark:text-primary-500" href="{}?groups__id__exact={}">{}</a>',
            link,
            group.pk,
            size,
        )

    def get_fields(self, request: HttpRequest, obj: Group | None = None) -> tuple[str, ...]:
        """A list that has people stays one."""
        if obj is None:
            return ("name", "sort", "add_contacts", "conditions")
        if not self.has_change_permission(request, obj):
            return ("name", "all_members", "who")
        is_list = not obj.is_smart and Membership.objects.filter(group=obj).exists()
        return ("name", "all_members", *(("add_contacts",) if is_list else ("sort", "add_contacts", "conditions")))

    def get_readonly_fields(self, request: HttpRequest, obj: Group | None = None) -> tuple[str, ...]:
        """What is counted, and the rule of who may only look."""
        return ("all_members", "who") if obj else ()

    def get_form(self, request: HttpRequest, obj: Group | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        """Contacts are searched while one types."""
        form = super().get_form(request, obj, change, **kwargs)
        if "add_contacts" in form.base_fields:
            field = form.base_fields["add_contacts"]
            field.widget, field.label_from_instance = ContactSearch(self.admin_site), in_words
        return form

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form, with the broadcasts that will go by it above."""
        group = self.get_object(request, object_id)
        if group is not None:
            tasks.wake_counts(rules_counts.stale([group]))
        facts = {"planned": group_uses.planned(group) if group else []}
        response: HttpResponse = super().change_view(request, object_id, form_url, facts | (extra_context or {}))
        return response

    def save_model(self, request: HttpRequest, obj: Group, form: GroupForm, change: bool) -> None:  # noqa: FBT001
        """A new rule is counted at once, and whoever planned to send by it is told."""
        super().save_model(request, obj, form, change)
        if not form.has_new_rule:
            return
        if obj.is_smart:
            transaction.on_commit(lambda: tasks.recount(obj.pk))
        if names := [broadcast.name for broadcast in group_uses.planned(obj)]:
            sentence = f"The new rule counts for {', '.join(names)}: it goes to whoever fits when it is prepared."
            self.message_user(request, sentence, messages.WARNING)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        """The chosen contacts join, once the group has a key."""
        super().save_related(request, form, formsets, change)
        chosen = form.cleaned_data.get("add_contacts") or ()
        if chosen:
            added = add_to_group(form.instance, [contact.pk for contact in chosen])
            self.message_user(request, f"Added to {form.instance.name}: {added}.", messages.INFO)

    def get_urls(self) -> list[URLPattern]:
        """And a look at whom a rule fits."""
        urls: list[URLPattern] = super().get_urls()
        return [path("preview/", self.admin_site.admin_view(preview), name="broadcaster_group_preview"), *urls]

    # -- deleting ----------------------------------------------------------------------------------------------------

    def goes_along(self, records: list[Group]) -> dict[str, QuerySet[Any]]:
        """Only the fact of being in the group."""
        return {"memberships": Membership.objects.filter(group__in=records)}

    def in_use(self, records: list[Group]) -> Iterator[str]:
        """The rules that name it, and what is about to go to it or is to leave it out."""
        return group_uses.hindrances(records)

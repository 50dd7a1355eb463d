"""Who may come in and what they may do: users and their roles, in plain names."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from broadcaster.admin import words
from broadcaster.admin.base import Admin
from broadcaster.admin.export_columns import UserResource
from broadcaster.admin.exporting import Export
from broadcaster.roles import ADMIN_APPS

admin.site.unregister([User, Group])  # importing Django's pages has registered them


@admin.register(User)
class UserAdmin(Export, DjangoUserAdmin, Admin):  # type: ignore[type-arg]  # generic only in the stubs
    """People who may log in. What they may do comes from their roles."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "full_name", "email", "role_names", "is_active", "last_login")
    list_filter = ("is_active", "is_superuser", ("groups", RelatedDropdownFilter))
    filter_horizontal = ()
    autocomplete_fields = ("groups",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Access", {"fields": ("is_active", "is_staff", "groups", "is_superuser")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "password1", "password2")}),
        ("Access", {"fields": ("is_staff", "groups")}),
    )
    readonly_fields = ("last_login", "date_joined")
    resource_classes = (UserResource,)
    empty_button = "New user"

    @admin.display(description="Name", empty_value=words.NONE)
    def full_name(self, user: User) -> str | None:
        """First and last name."""
        return user.get_full_name() or None

    @admin.display(description="Roles", empty_value=words.NONE)
    def role_names(self, user: User) -> str | None:
        """The roles, or what stands above all of them."""
        roles = ["Everything"] if user.is_superuser else []
        return ", ".join([*roles, *(group.name for group in user.groups.all())]) or None

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """People with their roles."""
        users: QuerySet[User] = super().get_queryset(request)
        return users.prefetch_related("groups")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new user is mostly a person who works here."""
        return {"is_staff": True} | super().get_changeform_initial_data(request)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """The form's fields in our words."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name in ACCESS_WORDS:
            field.label, field.help_text = ACCESS_WORDS[db_field.name]
        return field


ACCESS_WORDS = {
    "is_active": ("May log in", "Take this away instead of deleting a person, so that the record keeps the name."),
    "is_staff": ("May use these pages", "Off for an account that only programs use."),
    "is_superuser": ("May do everything", "Without any role, everywhere."),
    "groups": ("Roles", "What this person may do: the sum of all roles."),
}


WITHOUT_PAGES = (
    "permission",
    "audiencerow",
    "rejectedrow",
    "batch",
    "idempotentcall",
    "membership",
    "receipt",
    "success",
    "task",
)


class PermissionsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # generic only in the stubs
    """Permissions by what they allow."""

    def label_from_instance(self, obj: Any) -> str:
        """The permission's own sentence; the users' groups are called roles."""
        name = str(obj.name)
        return name.replace("group", "role") if obj.content_type.app_label == "auth" else name


@admin.register(Group)
class RoleAdmin(DjangoGroupAdmin, Admin):
    """Roles: named sets of permissions."""

    search_help_text = "Name of a role"
    empty_button = "New role"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, by its name for people."""
        return super().changelist_view(request, {"title": "Roles"} | (extra_context or {}))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The form, by its name for people."""
        extra = {"title": "Role" if object_id else "New role"} | (extra_context or {})
        response: HttpResponse = super().changeform_view(request, object_id, form_url, extra)
        return response

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any) -> Any:
        """Only the permissions that do something here."""
        ours = Permission.objects.filter(content_type__app_label__in=ADMIN_APPS).select_related("content_type")
        offered = ours.exclude(content_type__model__in=WITHOUT_PAGES)
        return super().formfield_for_manytomany(
            db_field, request, queryset=offered, form_class=PermissionsField, **kwargs
        )

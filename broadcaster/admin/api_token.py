"""API tokens: made for one's own programs, shown once, revoked and never deleted, so that the record stays."""

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from broadcaster import tokens
from broadcaster.admin import asking, token_form, words
from broadcaster.admin.base import Admin
from broadcaster.admin.export_columns import TokenResource
from broadcaster.admin.exporting import Export
from broadcaster.models import ApiToken

LIST = "admin:broadcaster_apitoken_changelist"
PAGE = "admin:broadcaster_apitoken_change"
REVOKE = "broadcaster_apitoken_revoke"
NEVER = "Never"
VALID, EXPIRED, REVOKED = "Valid", "Expired", "Revoked"
COLOURS = {VALID: "success", EXPIRED: "warning", REVOKED: "quiet"}
SHOWN = ("name", "state", "whose", "scope", "last_characters", "channel", "created", "expires", "revoked", "last_used")
ASKED = ("name", "scope", "channel", "ends", "ends_on")
POINTS = (
    "From the next call on, programs that use it are refused.",
    "Its record stays in the list. It cannot be given back, but you can make another one.",
)


@admin.register(ApiToken)
class ApiTokenAdmin(Export, Admin):
    """One's own tokens, or everybody's for those who manage them."""

    list_display = ("name", "state", "whose", "scope", "last_characters", "channel", "created", "expires", "last_used")
    list_filter = ("scope",)
    list_select_related = ("user", "channel")
    search_fields = ("name", "user__username")
    search_help_text = "Name of a token or of its user"
    resource_classes = (TokenResource,)
    readonly_fields = SHOWN
    conditional_fields = {"ends_on": f"ends == '{token_form.ON_DATE}'"}
    change_form_outer_before_template = "broadcaster/records/token_state.html"
    empty_title = "No API tokens yet"
    empty_text = "A program that sends broadcasts, or reads what became of them, calls the API with a token."
    empty_button = "Add API token"

    # -- what is shown -------------------------------------------------------------------------------------------------

    @admin.display(description="State")
    def state(self, token: ApiToken) -> SafeString:
        """Whether it opens anything."""
        state = state_of(token, timezone.now())
        return words.tag(state, COLOURS[state])

    @admin.display(description="User", ordering="user__username")
    def whose(self, token: ApiToken) -> str:
        """Whose program it is, without a way to a page that only administrators may see."""
        return str(token.user)

    @admin.display(description="Last characters")
    def last_characters(self, token: ApiToken) -> str:
        """What tells it from others."""
        return token.hint

    @admin.display(description="Created", ordering="created_at")
    def created(self, token: ApiToken) -> str:
        """When it was made."""
        return words.local_time(token.created_at, settings.TIME_ZONE)

    @admin.display(description="Expires", ordering="expires_at")
    def expires(self, token: ApiToken) -> str:
        """When it ends by itself."""
        return words.local_time(token.expires_at, settings.TIME_ZONE) or NEVER

    @admin.display(description="Revoked", empty_value=words.NONE)
    def revoked(self, token: ApiToken) -> str | None:
        """When somebody ended it."""
        return words.local_time(token.revoked_at, settings.TIME_ZONE) or None

    @admin.display(description="Last used", ordering="last_used_at")
    def last_used(self, token: ApiToken) -> str:
        """When a program last called with it."""
        return words.local_time(token.last_used_at, settings.TIME_ZONE) or NEVER

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        """The person's own, or all."""
        rows: QuerySet[ApiToken] = super().get_queryset(request)
        person = request.user if isinstance(request.user, User) else None
        return rows if may_manage(request) else rows.filter(user=person)

    def get_list_display(self, request: HttpRequest) -> list[str]:
        """With their users, where those differ."""
        return [name for name in self.list_display if name != "whose" or may_manage(request)]

    # -- making one ----------------------------------------------------------------------------------------------------

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> tuple[str, ...]:
        """What is asked, and later what is known."""
        if obj is not None:
            return SHOWN
        return ("user", *ASKED) if may_manage(request) else ASKED

    def get_readonly_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> tuple[str, ...]:
        """A token is never changed."""
        return () if obj is None else SHOWN

    def get_form(self, request: HttpRequest, obj: ApiToken | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002  Django's signature
        """The form for this person."""
        if obj is None and isinstance(request.user, User):
            kwargs["form"] = token_form.form_class(request.user)
        return super().get_form(request, obj, change, **kwargs)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One button, since the token is shown next."""
        one_button = {"show_save_and_add_another": False, "show_save_and_continue": False}
        response: HttpResponse = super().add_view(request, form_url, one_button | (extra_context or {}))
        return response

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:  # noqa: FBT001  as above
        """Keep it; the token itself stays with the row until it is shown."""
        obj.key = tokens.issue(obj)

    def response_add(self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None) -> HttpResponse:
        """Show it in this answer and nowhere else: a message would lie in the session until it is read."""
        context = {**self.admin_site.each_context(request), "title": "New API token", "token": obj, "key": obj.key}
        context |= {"list": reverse(LIST), "page": reverse(PAGE, args=[obj.pk])}
        return TemplateResponse(request, "broadcaster/records/token.html", context)

    # -- ending one ----------------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """And the page that revokes."""
        view = self.admin_site.admin_view(self.revoke_view)
        return [path("<path:object_id>/revoke/", view, name=REVOKE), *super().get_urls()]

    def revoke_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then revoke. Raises PermissionDenied, Http404."""
        if not may_revoke(request):
            raise PermissionDenied
        token = self.get_object(request, object_id)
        if token is None:
            raise Http404
        if request.method == "POST":
            return self._revoke(request, token)
        return asking.page(
            request,
            self.admin_site,
            forms.Form(),
            question=f"Revoke {token}?",
            points=POINTS,
            warning="",
            button="Revoke",
            back=reverse(PAGE, args=[token.pk]),
        )

    def _revoke(self, request: HttpRequest, token: ApiToken) -> HttpResponse:
        if tokens.revoke(token):
            self.log_change(request, token, "Revoked.")
            messages.success(request, f"{token} is revoked.")
        else:
            messages.info(request, f"{token} was revoked before.")
        return HttpResponseRedirect(reverse(LIST))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The token, with the way to revoke it instead of a button that deletes."""
        extra = {"show_delete": False, "may_revoke": may_revoke(request)}
        response: HttpResponse = super().change_view(request, object_id, form_url, extra | (extra_context or {}))
        return response

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Whoever would delete it revokes it."""
        return HttpResponseRedirect(reverse(f"admin:{REVOKE}", args=[object_id]))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """What can be done with several; not to delete them."""
        actions: dict[str, Any] = super().get_actions(request)
        return {name: action for name, action in actions.items() if name != "delete_selected"}

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """Nobody widens what somebody handed out."""
        return False


def state_of(token: ApiToken, now: datetime) -> str:
    """Whether it opens anything, and why not."""
    if token.revoked_at is not None:
        return REVOKED
    return VALID if token.is_valid(now) else EXPIRED


def may_manage(request: HttpRequest) -> bool:
    """Whether everybody's tokens are this person's business."""
    return bool(request.user.has_perm(token_form.MANAGE))


def may_revoke(request: HttpRequest) -> bool:
    """Whether this person may revoke the tokens that they see."""
    return may_manage(request) or bool(request.user.has_perm("broadcaster.add_apitoken"))

"""Account templates: what providers hold for our channels and whether it may be sent. Looked at, and taken over."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from broadcaster import accounts, tasks
from broadcaster.admin import account_state, words
from broadcaster.admin.base import ReadOnlyAdmin
from broadcaster.admin.export_columns import ListedTemplateResource
from broadcaster.admin.exporting import Export
from broadcaster.content import adoption
from broadcaster.models import Channel, ListedTemplate

LIST = "admin:broadcaster_listedtemplate_changelist"
FRAGMENT = "broadcaster/records/account_templates.html"
USE = '<button type="submit" class="row-button" formaction="{}" aria-label="Use {} in a new template">Use it</button>'


@admin.register(ListedTemplate)
class ListedTemplateAdmin(Export, ReadOnlyAdmin):
    """The provider's list as of the last look, one line for each language of a template."""

    list_display = ("name", "where", "language", "category", "variables", "shown_approval", "seen", "use")
    ordering = ("name",)
    list_filter = (
        ("channel", RelatedDropdownFilter),
        ("approval", ChoicesDropdownFilter),
        "language",
    )
    list_select_related = ("channel",)
    resource_classes = (ListedTemplateResource,)
    search_fields = ("name", "body")
    search_help_text = "Name or text of a template"
    fields = (
        *("name", "where", "language", "shown_approval", "seen_at", "category", "says", "variables"),
        *("header", "shown_buttons", "namespace", "template_id"),
    )
    list_before_template = "broadcaster/records/listed_templates.html"
    change_form_outer_before_template = "broadcaster/records/use_template.html"
    empty_title = "No account templates yet"
    empty_text = "Here stand the templates that your WhatsApp accounts hold, and whether they may be sent."

    # -- what is shown ---------------------------------------------------------------------------------------------

    @admin.display(description="Channel", ordering="channel__name")
    def where(self, template: ListedTemplate) -> str:
        """Whose account holds it."""
        return str(template.channel)

    @admin.display(description="Approval", ordering="approval")
    def shown_approval(self, template: ListedTemplate) -> SafeString:
        """Whether it may be sent, and why not."""
        return format_html("{} {}", account_state.approval(template), template.reason)

    @admin.display(description="Last look", ordering="channel__templates_at")
    def seen(self, template: ListedTemplate) -> SafeString:
        """How old the word is; the time itself shows under the pointer."""
        then = template.channel.templates_at or timezone.now()
        time = words.local_time(then, settings.TIME_ZONE)
        return format_html('<span title="{}">{}</span>', time, account_state.age(then))

    @admin.display(description="Last look")
    def seen_at(self, template: ListedTemplate) -> str:
        """When the provider was asked."""
        return account_state.moment(template.channel.templates_at)

    @admin.display(description="Text")
    def says(self, template: ListedTemplate) -> SafeString:
        """What it says, as far as the provider tells."""
        return format_html('<span class="listed-body">{}</span>', template.body or words.NONE)

    @admin.display(description="Buttons that vary")
    def shown_buttons(self, template: ListedTemplate) -> str:
        """The kinds of those that a message must fill."""
        return ", ".join(str(kind) for kind in template.buttons) or words.NONE

    @admin.display(description="")
    def use(self, template: ListedTemplate) -> SafeString:
        """Take it over. The list is a form of its own, so the button says where it posts to."""
        url = reverse("admin:broadcaster_listedtemplate_use", args=[template.pk])
        return format_html(USE, url, template)

    def get_list_display(self, request: HttpRequest) -> Any:
        """No button for those who may not add templates."""
        return [name for name in self.list_display if name != "use" or _may_use(request)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ListedTemplate]:
        """With the channel, whose last look is shown."""
        queryset: QuerySet[ListedTemplate] = super().get_queryset(request).select_related("channel")
        return queryset

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list below the time of each look."""
        channels = [channel for channel in Channel.objects.filter(enabled=True) if accounts.lists_templates(channel)]
        facts = {
            "listings": [account_state.listing(channel) for channel in channels],
            "may_look": account_state.may_look(request),
        }
        return super().changelist_view(request, facts | (extra_context or {}))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One of them, with the button that takes it over."""
        facts = {"may_use": _may_use(request)}
        return super().changeform_view(request, object_id, form_url, facts | (extra_context or {}))

    # -- what can be done --------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """Look, wait for the look, take one over."""
        wrap, name = self.admin_site.admin_view, "broadcaster_listedtemplate"
        return [
            path("look/<int:channel_id>/", wrap(require_POST(self.look_view)), name=f"{name}_look"),
            path("state/<int:channel_id>/", wrap(self.state_view), name=f"{name}_state"),
            path("<int:pk>/use/", wrap(require_POST(self.use_view)), name=f"{name}_use"),
            *super().get_urls(),
        ]

    def look_view(self, request: HttpRequest, channel_id: int) -> HttpResponse:
        """Let a worker ask the provider now; the page shows when it has."""
        channel = get_object_or_404(Channel, pk=channel_id)
        if not account_state.may_look(request):
            raise PermissionDenied
        if not accounts.lists_templates(channel):
            self.message_user(request, f"{channel} cannot be asked for its templates.", messages.ERROR)
        else:
            tasks.wake_listing(channel)
        page = reverse("admin:broadcaster_channel_change", args=[channel.pk])
        return HttpResponseRedirect(reverse(LIST) if request.GET.get("on") == "list" else page)

    def state_view(self, request: HttpRequest, channel_id: int) -> HttpResponse:
        """What is known of one account's templates, for a page that waits for a look; a list is drawn anew then."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        listing = account_state.listing(get_object_or_404(Channel, pk=channel_id))
        on_list = request.GET.get("on") == "list"
        context = {
            "listing": listing,
            "heading": listing.channel.name if on_list else "Account templates",
            "on": "list" if on_list else "channel",
            "may_look": account_state.may_look(request),
        }
        response = render(request, FRAGMENT, context)
        if on_list and not listing.is_wanted:
            response["HX-Refresh"] = "true"
        return response

    def use_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Begin a template of ours with it, and go on in its form."""
        listed = get_object_or_404(ListedTemplate, pk=pk)
        if not _may_use(request) or not self.has_view_permission(request):
            raise PermissionDenied
        template = adoption.adopt(listed)
        self.log_addition(request, template, f"Begun with {listed} of {listed.channel}.")
        self.message_user(request, f"{template} is added. Now say what stands in its places, and save it.")
        return HttpResponseRedirect(reverse("admin:broadcaster_template_change", args=[template.pk]))


def _may_use(request: HttpRequest) -> bool:
    return request.user.has_perm("broadcaster.add_template")

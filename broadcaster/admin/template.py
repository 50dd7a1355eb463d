"""Templates: what is said, one translation a language, drawn from the fields of the content kind."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from unfold.admin import StackedInline

from broadcaster.admin import template_form, words
from broadcaster.admin.base import TwoStepAdmin
from broadcaster.admin.exporting import Export
from broadcaster.admin.small_import import SmallImport
from broadcaster.admin.template_resource import TemplateResource, TemplateSpreadsheet
from broadcaster.models import ListedTemplate, Template, TemplateTranslation


class TranslationInline(StackedInline):
    """The translations of a template whose content kind is settled."""

    model = TemplateTranslation
    formset = template_form.TranslationFormSet
    verbose_name = "translation"

    def get_formset(self, request: HttpRequest, obj: Template | None = None, **kwargs: Any) -> Any:
        """A form of the template's kind; the first one begins in the base language."""
        if obj is not None:
            language = "" if obj.translations.exists() else obj.base_language
            may_upload = request.user.has_perm("broadcaster.add_mediafile")
            kwargs["form"] = template_form.form_class(obj.kind, language=language, may_upload=may_upload)
        return super().get_formset(request, obj, **kwargs)

    def get_extra(self, request: HttpRequest, obj: Template | None = None, **kwargs: Any) -> int:
        """One form to begin with."""
        return int(obj is not None and not obj.translations.exists())

    def get_fields(self, request: HttpRequest, obj: Template | None = None) -> list[str]:
        """What may be typed; one who may only look sees what it says."""
        if obj is None or not self.has_change_permission(request, obj):
            return ["language", "shown"]
        may_upload = request.user.has_perm("broadcaster.add_mediafile")
        return ["language", *template_form.content_fields(obj.kind, may_upload=may_upload)]

    def get_readonly_fields(self, request: HttpRequest, obj: Template | None = None) -> list[str]:
        """The content in words, where nothing may be typed."""
        return [] if self.has_change_permission(request, obj) else ["shown"]

    @admin.display(description="Content")
    def shown(self, translation: TemplateTranslation) -> str:
        """What the translation says."""
        pairs = template_form.shown_content(translation.template.kind, translation.content)
        return render_to_string("broadcaster/records/pairs.html", {"pairs": pairs})


@admin.register(Template)
class TemplateAdmin(Export, SmallImport, TwoStepAdmin):
    """Added in two steps, since the fields of a translation depend on the content kind that is chosen in the first."""

    form = template_form.TemplateForm
    fields = ("name", "kind", "base_language")
    list_display = ("name", "kind", "languages", "says", "changed")
    list_filter = ("kind",)
    search_fields = ("name",)
    inlines = (TranslationInline,)
    resource_classes = (TemplateResource,)
    import_table = TemplateSpreadsheet
    import_help = (
        "One row for each language of a template, with the columns name, kind (text, template, event, flow or voice), "
        "base_language and language, and one for each field of the content, such as content_text. The export of this "
        "list shows them all. A column that the file lacks stays as it is."
    )
    change_form_before_template = "broadcaster/records/placeholders.html"
    change_form_outer_after_template = "broadcaster/records/listed_values.html"
    empty_title = "No templates yet"
    empty_text = "A template is a message with a text for each language, and placeholders for what differs."
    empty_button = "Add template"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Template]:
        """Templates with their translations, in two queries."""
        translations = Prefetch("translations", TemplateTranslation.objects.order_by("id"))
        queryset: QuerySet[Template] = super().get_queryset(request).prefetch_related(translations)
        return queryset

    @admin.display(description="Languages")
    def languages(self, template: Template) -> str:
        """The languages it can be said in, the base language first."""
        codes = [translation.language for translation in template.translations.all()]
        return ", ".join(sorted(codes, key=lambda code: (code != template.base_language, code)))

    @admin.display(description="Says", empty_value="Nothing yet")
    def says(self, template: Template) -> str:
        """The beginning of what it says in the base language."""
        for translation in template.translations.all():
            if translation.language == template.base_language:
                shown = template_form.shown_content(template.kind, translation.content)
                return shortened(shown[0][1]) if shown else ""
        return ""

    @admin.display(description="Changed", ordering="modified_at")
    def changed(self, template: Template) -> str:
        """When it was last changed."""
        return words.local_time(template.modified_at, settings.TIME_ZONE)

    def get_readonly_fields(self, request: HttpRequest, obj: Template | None = None) -> tuple[str, ...]:
        """The kind is settled once: the translations are stored in its fields."""
        return ("kind",) if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Template | None) -> Any:
        """No translations before there is a kind to draw them from."""
        return self.inlines if obj else ()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form, which offers what the accounts hold to those who may see it."""
        may_see = request.user.has_perm("broadcaster.view_listedtemplate")
        offered = {"listed_values": listed_values() if may_see else {}}
        response: HttpResponse = super().change_view(request, object_id, form_url, offered | (extra_context or {}))
        return response

    def logged(self, instance: TemplateTranslation) -> Template:
        """A translation has no page of its own."""
        return instance.template

    def response_add(self, request: HttpRequest, obj: Template, post_url_continue: str | None = None) -> HttpResponse:
        """Go on with the translations."""
        self.message_user(request, f"{obj.name} is added. Now write what it says.")
        return HttpResponseRedirect(reverse("admin:broadcaster_template_change", args=[obj.pk]))


def listed_values() -> dict[str, list[str]]:
    """Names and languages of the accounts' templates that may be sent, for the fields of these names."""
    approved = ListedTemplate.objects.filter(approval=ListedTemplate.Approval.APPROVED)
    return {name: sorted(set(approved.values_list(name, flat=True))) for name in ("name", "language")}


def shortened(text: str, limit: int = 60) -> str:
    """The first line of a text, no longer than a list's column likes."""
    line = text.partition("\n")[0]
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}\u2026"

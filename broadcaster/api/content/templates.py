"""`/api/v2/templates`: what broadcasts say, in each language; written through the rules that the pages' forms have."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from broadcaster.api import filters
from broadcaster.api.content.template_form import TemplateForm
from broadcaster.api.fields import When
from broadcaster.api.parameters import NAME, UUID
from broadcaster.api.permissions import administering, reading
from broadcaster.api.resource import Resource
from broadcaster.content.rendering import freeze, placeholders_of
from broadcaster.content.values import Unreadable
from broadcaster.models import Template

NO_UUID = "Say which template by the parameter “uuid”."
CONTENT = {"type": "object", "additionalProperties": {"type": "object"}}


class TemplateItem(serializers.Serializer[Template]):
    """A template."""

    uuid = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.CharField(help_text="text, template, event, flow or voice")
    base_language = serializers.CharField(help_text="For everybody whose own language has no translation.")
    languages = serializers.SerializerMethodField()
    content = serializers.SerializerMethodField()
    placeholders = serializers.SerializerMethodField()
    created_on = When(source="created_at")
    modified_on = When(source="modified_at")

    def get_languages(self, template: Template) -> list[str]:
        """The languages in which it can be said."""
        return [translation.language for translation in template.translations.all()]

    @extend_schema_field(CONTENT)
    def get_content(self, template: Template) -> dict[str, Any]:
        """The fields of its kind, by language."""
        return {translation.language: translation.content for translation in template.translations.all()}

    def get_placeholders(self, template: Template) -> list[str]:
        """The variables that it uses, such as `contact.name` and `row.amount`."""
        try:
            return placeholders_of(freeze(template))
        except (Unreadable, KeyError):  # written by hand, or of a kind that is no more
            return []


class Templates(Resource):
    """All templates, and one that is named by its UUID in the query, as RapidPro names what is changed."""

    needs = {
        "GET": reading("view_template"),
        "POST": administering("add_template", "change_template"),
        "DELETE": administering("delete_template"),
    }
    serializer_class = TemplateItem

    def get_queryset(self) -> QuerySet[Template]:
        """Those that the call asks for."""
        return filters.called(self.request, Template.objects.prefetch_related("translations"))

    @extend_schema(parameters=[UUID, NAME], responses=TemplateItem(many=True))
    def get(self, request: Request) -> Response:
        """List templates, the newest first."""
        return self.listed(request)

    @extend_schema(parameters=[UUID], request=TemplateForm, responses={200: TemplateItem, 201: TemplateItem})
    def post(self, request: Request) -> Response:
        """Make a template, or change what the call names of the one with this UUID."""
        uuid = filters.uuid(request, "uuid")
        known = get_object_or_404(Template, uuid=uuid) if uuid else None
        form = TemplateForm(known, data=request.data, partial=known is not None, context=self.get_serializer_context())
        form.is_valid(raise_exception=True)
        with transaction.atomic():
            template = form.save()
        return self.answer(template, status=200 if known else 201)

    @extend_schema(operation_id="templates_delete", parameters=[UUID], responses={204: None})
    def delete(self, request: Request) -> Response:
        """Delete the template with this UUID; what is scheduled with it still says what it said."""
        uuid = filters.uuid(request, "uuid")
        if uuid is None:
            raise ParseError(NO_UUID)
        get_object_or_404(Template, uuid=uuid).delete()
        return Response(status=204)


class OneTemplate(Resource):
    """One template."""

    needs = {"GET": reading("view_template"), "DELETE": administering("delete_template")}
    serializer_class = TemplateItem
    lookup_field = "uuid"
    queryset = Template.objects.prefetch_related("translations")

    @extend_schema(responses=TemplateItem)
    def get(self, request: Request, uuid: str) -> Response:
        """Show a template."""
        return self.answer(self.get_object())

    @extend_schema(responses={204: None})
    def delete(self, request: Request, uuid: str) -> Response:
        """Delete a template; what is scheduled with it still says what it said."""
        self.get_object().delete()
        return Response(status=204)

"""`/api/v2/workspace`: this installation, as RapidPro tells of the workspace that a token belongs to."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from broadcaster.api.permissions import reading
from broadcaster.api.resource import WORKSPACE, Resource
from broadcaster.audience import regions
from broadcaster.content import rules
from broadcaster.models import TemplateTranslation

NAME = "Broadcaster"
BASE_LANGUAGE = "eng"  # of a text that names none
NOT_COUNTED = -1


class Credits(serializers.Serializer[Any]):
    """Messages cost what the provider's contract says: nobody counts them here."""

    used = serializers.IntegerField()
    remaining = serializers.IntegerField()


class WorkspaceItem(serializers.Serializer[Any]):
    """The installation."""

    uuid = serializers.UUIDField()
    name = serializers.CharField()
    country = serializers.CharField(help_text="ISO 3166, where all channels are of one country; else empty.")
    languages = serializers.ListField(child=serializers.CharField(), help_text="Of templates; the base language first.")
    primary_language = serializers.CharField(help_text="Of a text that names none.")
    timezone = serializers.CharField()
    date_style = serializers.ChoiceField(choices=["day_first"])
    credits = Credits(help_text="-1: they are not counted.")
    anon = serializers.BooleanField(help_text="Whether addresses are hidden; they are not.")


class Workspace(Resource):
    """The installation."""

    needs = {"GET": reading()}
    serializer_class = WorkspaceItem
    pagination_class = None

    @extend_schema(responses=WorkspaceItem)
    def get(self, request: Request) -> Response:
        """Tell of this installation."""
        facts = {
            "uuid": WORKSPACE,
            "name": NAME,
            "country": regions.home() or "",
            "languages": _languages(),
            "primary_language": BASE_LANGUAGE,
            "timezone": settings.TIME_ZONE,
            "date_style": "day_first",  # as dates in files are read where nobody says otherwise
            "credits": {"used": NOT_COUNTED, "remaining": NOT_COUNTED},
            "anon": False,
        }
        return Response(WorkspaceItem(facts).data)


def _languages() -> list[str]:
    """Those in which there is a template, the base language before them."""
    codes = set(TemplateTranslation.objects.order_by().values_list("language", flat=True).distinct())
    return [BASE_LANGUAGE, *sorted(code for code in codes - {BASE_LANGUAGE} if not rules.language_error(code))]

"""How an address of the API is written: below /api/v2/, with and without `.json`, and never with a slash behind it."""

from typing import Any

from django.urls import URLPattern, re_path
from rest_framework.generics import GenericAPIView

UUID = r"(?P<uuid>[0-9a-fA-F-]{36})"


def resource(place: str, view: type[GenericAPIView[Any]], name: str = "") -> URLPattern:
    """An address; `place` is a regular expression, and its name is `api_` and the place, unless a name is given."""
    return re_path(rf"^v2/{place}(?:\.json)?$", view.as_view(), name=f"api_{name or place}")

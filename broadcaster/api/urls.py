"""The addresses of the API. Each is there with and without `.json`, and none is ever redirected.

A redirect would turn a program's POST into a GET, so whatever is not here is answered at once.
"""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, re_path
from django.views.decorators.csrf import csrf_exempt
from rest_framework.generics import GenericAPIView

from broadcaster.api import broadcasts


def resource(name: str, view: type[GenericAPIView[Any]], place: str = "") -> URLPattern:
    """An address below /api/v2/; `name` stands in it, unless a `place` as a regular expression does."""
    return re_path(rf"^v2/{place or name}(?:\.json)?$", view.as_view(), name=f"api_{name.replace('/', '_')}")


@csrf_exempt
def nothing_here(request: HttpRequest) -> JsonResponse:
    """Say so as the API says everything."""
    return JsonResponse({"detail": "Not found."}, status=404)


urlpatterns = [
    resource("broadcasts", broadcasts.Broadcasts),
    re_path(r"", nothing_here),
]

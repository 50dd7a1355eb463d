"""The addresses of the API, of which none is ever redirected.

A redirect would turn a program's POST into a GET, so whatever is not here is answered at once.
"""

from django.http import HttpRequest, JsonResponse
from django.urls import re_path
from django.views.decorators.csrf import csrf_exempt

from broadcaster.api import docs
from broadcaster.api.audiences import urls as audiences
from broadcaster.api.broadcasts import urls as broadcasts
from broadcaster.api.content import urls as content
from broadcaster.api.people import urls as people
from broadcaster.api.records import urls as records
from broadcaster.api.webhooks import urls as webhooks


@csrf_exempt
def nothing_here(request: HttpRequest) -> JsonResponse:
    """Say so as the API says everything."""
    return JsonResponse({"detail": "Not found."}, status=404)


urlpatterns = [
    *broadcasts.addresses,
    *people.addresses,
    *records.addresses,
    *audiences.addresses,
    *content.addresses,
    *webhooks.addresses,
    *docs.addresses,
    re_path(r"", nothing_here),
]

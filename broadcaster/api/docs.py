"""`/api/v2/`, a page to read and to try the API, and the description from which it is drawn, in JSON and in YAML."""

from collections.abc import Callable
from functools import cache

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, re_path
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer

READING = ("GET", "HEAD")
JSON, YAML = "application/json", "application/yaml"
RENDERERS = {JSON: OpenApiJsonRenderer, YAML: OpenApiYamlRenderer}
View = Callable[[HttpRequest], HttpResponse]


def described(kind: str) -> View:
    """An address at which the description is, in this form."""

    def answer(request: HttpRequest) -> HttpResponse:
        return HttpResponse(_written(kind), content_type=kind)

    return only_reading(answer)


def page(request: HttpRequest) -> HttpResponse:
    """The page; whoever is signed in tries the calls as themselves."""
    return render(request, "broadcaster/api/page.html")


def only_reading(view: View) -> View:
    """The view; every other method is refused as all of the API refuses it."""

    def answer(request: HttpRequest) -> HttpResponse:
        if request.method in READING:
            return view(request)
        detail = f'Method "{request.method}" not allowed.'
        return JsonResponse({"detail": detail}, status=405, headers={"Allow": ", ".join(READING)})

    return csrf_exempt(answer)


@cache
def _written(kind: str) -> str | bytes:
    """The description; it changes with the program only."""
    schema = SchemaGenerator().get_schema(public=True)
    return RENDERERS[kind]().render(schema, renderer_context={})


addresses: list[URLPattern] = [
    re_path(r"^v2/?$", only_reading(page), name="api_docs"),
    re_path(r"^v2/schema(?:\.json)?$", described(JSON), name="api_schema"),
    re_path(r"^v2/schema\.yaml$", described(YAML), name="api_schema_yaml"),
]

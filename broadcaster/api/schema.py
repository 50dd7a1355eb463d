"""The description of the API (OpenAPI 3.1): what drf-spectacular reads off the views, and what all calls share.

So that views stay short: who may call, from `needs`; the refusals that every call can meet; the pages' cursor; the
`Idempotency-Key`; the examples, which schema_examples.py has.
"""

import re
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_parameter_type
from drf_spectacular.utils import OpenApiParameter

from broadcaster.api import schema_examples, schema_fields, schema_refusals, schema_words
from broadcaster.api.permissions import Need

Object = dict[str, Any]

PLACE = "/api/v2/"
ONE_THING_OF_ANOTHER = re.compile(r"\}/\w+$")  # `broadcasts/{uuid}/pause`
CURSOR = "Where the page begins: follow `next` and `previous` instead of making one."
KEY = (
    "A name for this call, of up to 255 characters. The same call under the same key is answered as the first time, "
    "and nothing is done again; another call under it is refused with 409. Kept for 48 hours."
)

__all__ = ["Description", "schema_fields"]  # the second is imported so that its fields are known


class TokenScheme(OpenApiAuthenticationExtension):
    """`Authorization: Token <token>`."""

    target_class = "broadcaster.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> Object:
        """How a caller is known."""
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": schema_words.TOKEN}


class BasicScheme(OpenApiAuthenticationExtension):
    """`Authorization: Basic`, for programs that know nothing else."""

    target_class = "broadcaster.api.authentication.BasicAuthentication"
    name = "basic"

    def get_security_definition(self, auto_schema: AutoSchema) -> Object:
        """How a caller is known."""
        return {"type": "http", "scheme": "basic", "description": schema_words.BASIC}


class Description(AutoSchema):
    """What is said of one call."""

    def get_operation_id(self) -> str:
        """`broadcasts_list`, `broadcasts_create`, `broadcasts_pause`, `webhooks_update`."""
        name: str = super().get_operation_id()
        if self.method == "POST" and self.path.endswith("}"):
            return name.replace("_create", "_update")
        is_alone = len(getattr(self.view, "needs", ())) == 1
        return name.rpartition("_")[0] if is_alone and ONE_THING_OF_ANOTHER.search(self.path) else name

    def get_operation(self, *place: Any, **more: Any) -> Object | None:
        """All that is said of it: the docstring's first line is its heading, and who may call stands under the rest."""
        call: Object | None = super().get_operation(*place, **more)
        if call is None:
            return None
        first, _, rest = call.pop("description", "").partition("\n")
        need = getattr(self.view, "needs", {}).get(self.method)
        description = "\n\n".join(filter(None, (rest.strip(), need and _who(need))))
        summary = first.rstrip(".").replace("`", "")  # the page shows it as it is
        return {"operationId": call["operationId"], "summary": summary, "description": description} | call

    def get_tags(self) -> list[str]:
        """The area, by the first part of the address."""
        return [schema_words.AREAS[self.path.removeprefix(PLACE).partition("/")[0]]]

    def get_override_parameters(self) -> list[Any]:
        """The `Idempotency-Key`, with every POST that knows it."""
        key = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, description=KEY)
        return [
            *super().get_override_parameters(),
            *([key] if self.method.lower() in getattr(self.view, "once", ()) else []),
        ]

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Object:  # noqa: FBT001, FBT002
        """Without the mark by which drf-spectacular would give each list of words a component of its own."""
        found: Object = super()._map_serializer_field(field, direction, bypass_extensions)
        found.pop("x-spec-enum-id", None)
        return found

    def _get_pagination_parameters(self) -> list[Object]:
        if not self._is_list_view():
            return []
        return [build_parameter_type("cursor", {"type": "string"}, OpenApiParameter.QUERY, description=CURSOR)]

    def _get_response_bodies(self, direction: Any = "response") -> Object:
        own: Object = super()._get_response_bodies(direction)
        return own | {status: told for status, told in schema_refusals.of(self.method).items() if status not in own}


def complete(result: Object, **_others: Any) -> Object:
    """Add what stands beside the calls: areas, refusals, examples. A hook of drf-spectacular."""
    result["info"]["description"] = schema_words.ABOUT
    result["tags"] = [{"name": name} for name in dict.fromkeys(schema_words.AREAS.values())]
    parts = result.setdefault("components", {})
    parts.setdefault("schemas", {}).update(schema_refusals.SCHEMAS)
    parts["responses"] = schema_refusals.RESPONSES
    for calls in result["paths"].values():
        for call in calls.values():
            schema_examples.add(call)
    return result


def _who(need: Need) -> str:
    permissions = ", ".join(f"`{permission}`" for permission in need.permissions)
    return f"Scope: **{need.scope}**." + (f" The token's user needs {permissions}." if permissions else "")

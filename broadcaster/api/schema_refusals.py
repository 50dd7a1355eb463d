"""The refusals that calls share, each described once."""

from typing import Any

Object = dict[str, Any]

WITH_BODY = ("POST", "PUT", "PATCH")

DETAIL = {
    "type": "object",
    "required": ["detail"],
    "properties": {"detail": {"type": "string", "description": "One sentence."}},
}
# Field by field; what is wrong with an item of a list or with one language stands under its place.
PROBLEMS = {
    "type": "object",
    "description": "What is wrong, by field; `non_field_errors` is about all of it, `detail` about the call.",
    "additionalProperties": {
        "anyOf": [
            {"type": "string"},
            {"type": "array", "items": {"type": "string"}},
            {"$ref": "#/components/schemas/Problems"},
        ]
    },
}
SCHEMAS = {"Detail": DETAIL, "Problems": PROBLEMS}
WAIT = {"description": "Seconds to wait.", "required": True, "schema": {"type": "integer", "minimum": 0}}


def _refusal(words: str, schema: str, example: Object, **more: Any) -> Object:
    content = {"schema": {"$ref": f"#/components/schemas/{schema}"}, "example": example}
    return {"description": words, **more, "content": {"application/json": content}}


RESPONSES = {
    "BadRequest": _refusal(
        "Something in the call is wrong.",
        "Problems",
        {"urns": {"0": ["Invalid URN: 0788123123. Ensure phone numbers contain country codes."]}},
    ),
    "Forbidden": _refusal(
        "No valid token, or one that may not do this.",
        "Detail",
        {"detail": "Authentication credentials were not provided."},
    ),
    "NotFound": _refusal("It is not there.", "Detail", {"detail": "Not found."}),
    "Conflict": _refusal(
        "It contradicts what is there, or the key belongs to another call.",
        "Problems",
        {"detail": "Cannot create object because workspace has reached limit of 250."},
    ),
    "TooLarge": _refusal(
        "The body has more than the server takes.",
        "Detail",
        {"detail": "The request is too large. Send fewer things in one, or upload them as a file."},
    ),
    "UnsupportedMediaType": _refusal(
        "The body is of another kind than this call takes.",
        "Detail",
        {"detail": 'Unsupported media type "text/plain" in request.'},
    ),
    "TooManyRequests": _refusal(
        "The token has no calls left in this hour.",
        "Detail",
        {"detail": "Request was throttled. Expected available in 1200 seconds."},
        headers={"Retry-After": WAIT},
    ),
}
OF_ALL = {"400": "BadRequest", "403": "Forbidden", "404": "NotFound", "429": "TooManyRequests"}
OF_CHANGES = {"409": "Conflict"}
OF_BODIES = {"413": "TooLarge", "415": "UnsupportedMediaType"}


def of(method: str) -> Object:
    """The refusals of a call, by status."""
    names = OF_ALL | (OF_CHANGES if method != "GET" else {}) | (OF_BODIES if method in WITH_BODY else {})
    return {status: {"$ref": f"#/components/responses/{name}"} for status, name in sorted(names.items())}

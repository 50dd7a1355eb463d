"""The description of the API, as the tests hold it against the code."""

from typing import Any

from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

Object = dict[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
UUID = "0199bb93-ec0f-703e-9b5b-d26d4b6b133c"


def description() -> Object:
    """The whole of it."""
    found: Object = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    return found


def calls(whole: Object) -> dict[tuple[str, str], Object]:
    """Each call, by method and path."""
    return {
        (method.upper(), path): call
        for path, methods in whole["paths"].items()
        for method, call in methods.items()
        if method in METHODS
    }


def answer_of(whole: Object, call: Object, status: int) -> Object:
    """What is said of an answer, followed to where it stands."""
    told: Object = call["responses"][str(status)]
    return whole["components"]["responses"][told["$ref"].rpartition("/")[2]] if "$ref" in told else told


def wrong_with(whole: Object, described: Object, value: Any) -> list[str]:
    """In what a value is not as `described`, the object that holds its schema by kind of body."""
    schema = described["content"]["application/json"]["schema"] | {"components": whole["components"]}
    errors = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).iter_errors(value)
    return [f"{error.json_path}: {error.message}" for error in errors]

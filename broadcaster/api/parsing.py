"""The body of a call: JSON that a database can keep, or an error that says why it is none."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework import parsers
from rest_framework.exceptions import ParseError

from broadcaster.api.errors import TOO_LARGE, TooLarge

Context = Mapping[str, Any]
NOT_STORABLE = "JSON parse error - There is a NUL or half of a surrogate pair in the text, which is no character."
TOO_DEEP = "JSON parse error - The objects are nested too deeply."


class JSONParser(parsers.JSONParser):
    """JSON whose texts are Unicode: no database keeps NUL, and no encoding a lone surrogate."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Context | None = None) -> Any:
        """The value. Raises ParseError and TooLarge."""
        if _length(parser_context) > (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0):
            raise TooLarge(TOO_LARGE)
        try:
            value = super().parse(stream, media_type, parser_context)
            storable = all(map(_is_storable, _texts(value)))
        except RecursionError as error:
            raise ParseError(TOO_DEEP) from error
        if not storable:
            raise ParseError(NOT_STORABLE)
        return value


def _length(context: Context | None) -> int:
    """The bytes of the body, as its header has them; where that is wrong, the server reads no more than it says."""
    request = (context or {}).get("request")
    return int(request.META.get("CONTENT_LENGTH") or 0) if request else 0


def _texts(value: Any) -> list[str]:
    """Every text in the value, keys too."""
    found: list[str] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, dict):
            found += one.keys()
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return found


def _is_storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)

"""A program of its own that calls RapidPro's client as it is told, a line of JSON for each call and for each answer."""

import json
import sys
from datetime import datetime
from typing import Any

from temba_client.exceptions import TembaException
from temba_client.serialization import TembaObject
from temba_client.v2 import TembaClient


def plain(found: Any) -> Any:
    """What the client gave back, as JSON has it: an object's fields, a time's text, the pages of a list."""
    if isinstance(found, TembaObject):
        return vars(found)
    return found.isoformat() if isinstance(found, datetime) else list(found.iterfetches())


def ask(client: TembaClient, name: str, values: dict[str, Any]) -> dict[str, Any]:
    """The result of one call, or how it failed."""
    try:
        return {"found": json.loads(json.dumps(getattr(client, name)(**values), default=plain))}
    except TembaException as error:
        return {"failed": type(error).__name__, "said": str(error), "retry_after": getattr(error, "retry_after", None)}


if __name__ == "__main__":
    for line in sys.stdin:
        host, token, name, values = json.loads(line)
        sys.stdout.write(json.dumps(ask(TembaClient(host, token), name, values)) + "\n")
        sys.stdout.flush()

"""Breaking a sound request in one place, so that a refusal can only be for that."""

import copy
from typing import Any

REMOVE = object()


def altered(body: dict[str, Any], path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """A copy of `body` with `value` at `path`, or without what is there (REMOVE)."""
    changed = copy.deepcopy(body)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    if value is REMOVE:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return changed


def name(value: object) -> str:
    """A label for a parametrised case: the path, or the start of the value."""
    if isinstance(value, tuple):
        return ".".join(map(str, value))
    return "absent" if value is REMOVE else repr(value)[:20]

"""The columns page as a browser posts it, and as it is drawn."""

import json
from typing import Any

HEADERS = ["Phone", "Name", "Amount"]


def form(*roles: str, headers: list[str] = HEADERS, **fields: str) -> dict[str, str]:
    """What the page posts; `field_2` and `kind_2` are those of the third column."""
    given = {"delimiter": ";", "encoding": "utf-8", "region": "ID", "header_row": "on", "headers": json.dumps(headers)}
    chosen = roles or ("phone", "name", "row")
    named = {name.replace("_", "-") if name[-1].isdigit() else name: value for name, value in fields.items()}
    return given | {f"role-{place}": role for place, role in enumerate(chosen)} | named


def columns(response: Any) -> dict[str, str]:
    """The role of each column."""
    return {column.header: column.role for column in response.context["reading"].columns}


def column(response: Any, place: int) -> Any:
    """One column as the page shows it."""
    return response.context["reading"].columns[place]

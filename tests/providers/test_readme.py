"""The feature matrix of the providers' README says what the code says."""

from dataclasses import fields
from pathlib import Path

import pytest

import providers

README = Path(providers.__file__).with_name("README.md").read_text()
# The columns of each table, and the capability that each shows.
COLUMNS = {
    "What each can do": {
        "content": "content_kinds",
        "batch: usual": "default_batch",
        "batch: most": "max_batch",
        "recipient": "recipient_key",
        "mobile only": "mobile_only",
        "scheduling": "native_schedule",
        "expiry": "expiry",
        "priority": "priority",
        "our reference, bytes": "correlation_bytes",
        "groups": "groups",
        "media": "media",
        "quick replies": "quick_replies",
    },
    "What each tells": {
        "receipts": "receipts",
        "replies": "inbound",
        "lookup": "lookup",
        "templates": "templates",
        "balance": "balance",
        "estimate": "estimate",
    },
}
ELSEWHERE = {"channels", "batch_within_rate", "cautions"}  # what only operators read, in the product
TABLES = [*COLUMNS, "Settings", "What each cannot do, and what nobody documents"]


def lines(heading: str) -> list[list[str]]:
    """The table under the heading, line by line, its head first."""
    section = README.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in rows]


def table(heading: str) -> dict[str, list[str]]:
    """The rows of the table under the heading, by their first cell, which is the provider's kind."""
    return {row[0].strip("`"): row[1:] for row in lines(heading)[1:]}


def shown(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case frozenset():
            return ", ".join(sorted(value))
        case _:
            return str(value or "none").replace("_", " ")


@pytest.mark.parametrize("heading", COLUMNS)
def test_columns_have_their_names(heading: str) -> None:
    [_, *names] = lines(heading)[0]
    assert [name for name in names if name != "provider"] == list(COLUMNS[heading])


@pytest.mark.parametrize("heading", COLUMNS)
@pytest.mark.parametrize("kind", providers.kinds())
def test_matrix_says_what_the_adapter_says(kind: str, heading: str) -> None:
    client_class = providers.client_class(kind)
    label = [client_class.label] if "provider" in lines(heading)[0] else []
    said = [shown(getattr(client_class.capabilities, name)) for name in COLUMNS[heading].values()]
    assert table(heading)[kind] == label + said


def test_matrix_has_a_column_for_every_capability() -> None:
    named = {name for columns in COLUMNS.values() for name in columns.values()}
    assert named | ELSEWHERE == {each.name for each in fields(providers.Capabilities)}


@pytest.mark.parametrize("kind", providers.kinds())
def test_every_setting_is_listed(kind: str) -> None:
    needed, optional = table("Settings")[kind]
    for field in providers.client_class(kind).config_fields:
        column = needed if field.required and field.default == "" else optional
        assert f"`{field.name}`{'*' if field.secret else ''}" in column


@pytest.mark.parametrize("heading", TABLES)
def test_each_provider_has_one_row(heading: str) -> None:
    assert tuple(table(heading)) == providers.kinds()

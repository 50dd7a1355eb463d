"""The feature matrix of the providers' README says what the code says."""

from pathlib import Path

import pytest

import providers

README = Path(providers.__file__).with_name("README.md").read_text()


def table(heading: str) -> dict[str, list[str]]:
    """The rows of the first table under the heading, by their first cell."""
    section = README.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]
    return {row[0].strip(" `"): [cell.strip() for cell in row[1:]] for row in rows}


def yes(value: object) -> str:
    return "yes" if value else "no"


def described(kind: str) -> list[str]:
    client_class = providers.client_class(kind)
    can = client_class.capabilities
    return [
        client_class.label,
        ", ".join(sorted(can.content_kinds)),
        f"{can.default_batch} / {can.max_batch}",
        can.recipient_key.replace("_", " "),
        *(yes(can.native_schedule), yes(can.expiry), yes(can.priority)),
        str(can.correlation_bytes or "none"),
        *(can.receipts, yes(can.inbound), yes(can.balance), yes(can.lookup)),
    ]


@pytest.mark.parametrize("kind", providers.kinds())
def test_matrix_says_what_the_adapter_says(kind: str) -> None:
    assert table("What each can do")[kind] == described(kind)


@pytest.mark.parametrize("kind", providers.kinds())
def test_every_setting_is_listed(kind: str) -> None:
    needed, optional = table("Settings")[kind]
    for field in providers.client_class(kind).config_fields:
        column = needed if field.required and field.default == "" else optional
        assert f"`{field.name}`{'*' if field.secret else ''}" in column


@pytest.mark.parametrize("heading", ["What each can do", "Settings", "What each cannot do, and what nobody documents"])
def test_each_provider_has_one_row(heading: str) -> None:
    assert tuple(table(heading)) == providers.kinds()

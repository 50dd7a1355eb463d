"""The direction of all imports, as the README's picture of the way of the data has it: each part knows those below."""

import ast
from collections.abc import Iterator
from pathlib import Path

import providers

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [path for package in ("providers", "broadcaster") for path in sorted((ROOT / package).rglob("*.py"))]
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)

# From the bottom to the top. Parts of one row do not know each other.
LAYERS = (
    ("models", "errors", "queue", "seats", "theme", "bootstrap", "checks"),
    ("hooks",),
    ("gateway", "audience", "roles", "tokens", "demo", "settings", "apps", "wsgi", "migrations"),
    ("content",),
    ("accounts", "provider_groups"),
    ("forecasts",),
    ("sending",),
    ("receipts", "reports"),
    ("tasks",),
    ("api", "admin", "management"),
    ("urls",),
)
LAYER = {part: height for height, parts in enumerate(LAYERS) for part in parts}
SIMULATOR_COMMAND = "broadcaster/management/commands/simulator.py"


def modules_of(node: ast.AST) -> Iterator[str]:
    """The dotted names that an import statement brings in, each with the name that is taken from it."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are written in full"
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported(path: Path) -> list[str]:
    return [name for node in ast.walk(ast.parse(path.read_text("utf-8"))) for name in modules_of(node)]


def names(package: str) -> Iterator[tuple[str, str]]:
    """(File, dotted name that it imports), for each file of the package."""
    for path in SOURCES:
        if path.is_relative_to(ROOT / package):
            yield from ((str(path.relative_to(ROOT)), name) for name in imported(path))


def part_of(path: str) -> str:
    return Path(path).parts[1].removesuffix(".py")


def test_providers_know_neither_django_nor_the_project() -> None:
    forbidden = ("broadcaster", "tests", "environ", "django")
    assert [pair for pair in names("providers") if pair[1].startswith(forbidden)] == []


def test_the_project_sees_the_public_face_of_the_providers_only() -> None:
    face = {"providers", *(f"providers.{name}" for name in providers.__all__)}
    behind = [pair for pair in names("broadcaster") if pair[1].startswith("providers") and pair[1] not in face]
    assert [pair for pair in behind if not (pair[0] == SIMULATOR_COMMAND and ".simulator." in pair[1])] == []


def test_each_part_knows_only_those_below() -> None:
    pairs = [
        (path, name, part_of(path), name.split(".")[1])
        for path, name in names("broadcaster")
        if name.startswith("broadcaster.")
    ]
    assert [pair[:2] for pair in pairs if pair[2] != pair[3] and LAYER[pair[3]] >= LAYER[pair[2]]] == []


def test_nothing_is_imported_inside_a_function() -> None:
    for path in SOURCES:
        functions = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, FUNCTIONS)]
        inside = [name for function in functions for node in ast.walk(function) for name in modules_of(node)]
        assert (path, inside) == (path, [])

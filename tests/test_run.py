"""`run.py` itself, which every Python must be able to read, and what the launcher may import."""

import ast
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    ("version", "platform", "sentence"),
    [
        ((2, 7), "posix", "Broadcaster needs Python 3.11 or newer, and this is Python 2.7."),
        ((3, 10), "posix", "Broadcaster needs Python 3.11 or newer, and this is Python 3.10."),
        ((3, 12), "nt", "Broadcaster runs on Linux and macOS; on Windows, start it inside WSL."),
        ((3, 11), "posix", None),
        ((4, 0), "posix", None),
    ],
)
def test_a_machine_that_cannot_run_it_is_told_why(
    version: tuple[int, int], platform: str, sentence: str | None
) -> None:
    assert runpy.run_path(str(REPOSITORY / "run.py"))["complaint"](version, platform) == sentence


def test_old_pythons_can_read_the_launcher() -> None:
    tree = ast.parse((REPOSITORY / "run.py").read_text(), feature_version=(3, 4))
    newer = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr)

    assert not [node for node in ast.walk(tree) if isinstance(node, newer)]
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.arg) and node.annotation]


def test_the_launcher_imports_the_standard_library_and_itself_only() -> None:
    modules = [path for path in (REPOSITORY / "broadcaster" / "bootstrap").glob("*.py") if path.stem != "probe"]
    imported = {name.split(".")[0] for path in modules for name in imports(ast.parse(path.read_text()))}

    assert imported <= sys.stdlib_module_names | {"broadcaster"}


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)

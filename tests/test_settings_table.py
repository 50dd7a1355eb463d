"""The README's table of settings is the one that the code reads."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROW = re.compile(r"^\| `([A-Z_]+)` \| (.+?) \| .+ \|$", re.MULTILINE)


def read_from_environment() -> dict[str, ast.expr | None]:
    """Each setting that settings.py reads through `env`, with its default."""
    tree = ast.parse((ROOT / "broadcaster/settings.py").read_text("utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    ours = [call for call in calls if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "env"]
    return {
        call.args[0].value: next((each.value for each in call.keywords if each.arg == "default"), None)
        for call in ours
        if isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    }


def in_the_readme() -> list[tuple[str, str]]:
    """(Setting, default as it is written) for each row."""
    text = (ROOT / "README.md").read_text("utf-8")
    return ROW.findall(text.partition("## Settings")[2].partition("\n## ")[0])


def test_every_setting_stands_in_the_readme_once_and_no_other() -> None:
    assert sorted(name for name, _default in in_the_readme()) == sorted(read_from_environment())


def test_the_defaults_are_those_of_the_code() -> None:
    plain = {
        name: str(default.value).lower() if isinstance(default.value, bool) else str(default.value)
        for name, default in read_from_environment().items()
        if isinstance(default, ast.Constant) and default.value != ""
    }
    written = {name: default.strip("`") for name, default in in_the_readme()}
    assert len(plain) > 10
    assert {name: written[name] for name in plain} == plain

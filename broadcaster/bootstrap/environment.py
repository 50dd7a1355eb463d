"""The first step of every start: a virtual environment that holds exactly the locked packages.

What is installed is written down in a stamp inside the environment; while the stamp agrees with the lock file, nothing
is done and nothing is asked of the network. A mark outside says that work is under way: an environment on which the
mark still stands was left half-made, and is made anew.
"""

import hashlib
import importlib.util
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from broadcaster.bootstrap.console import LaunchError, say, tail
from broadcaster.bootstrap.locks import environment_lock
from broadcaster.bootstrap.processes import Finished, Processes
from broadcaster.bootstrap.project import Project

RUNTIME = ("requirements.lock",)
DEVELOPMENT = ("requirements.lock", "requirements-dev.lock")  # the last one installed holds the others
STAMP = "installed.json"
VERSION_QUESTION = """
import platform, sys
from importlib.util import find_spec
assert sys.version_info >= (3, 11) and find_spec("pip")
print(platform.python_version())
"""
# A machine whose pip was told one of these gets its packages through pip: uv would not ask pip's settings.
PIP_SETTINGS = re.compile(
    r"\.(?:index-url|extra-index-url|no-index|find-links|cert|client-cert|proxy|trusted-host|constraint)="
)


def ensure_environment(project: Project, processes: Processes, locks: tuple[str, ...] = RUNTIME) -> None:
    """Make the environment hold the packages of the last of `locks`.

    Raises `LaunchError` where Python lacks venv or a package cannot be had.
    """
    wanted = {lock: _digest(project.root / lock) for lock in locks}
    with environment_lock(project.data / "environment.lock"):
        version = _version(project, processes)
        if not is_current(_read_stamp(project), version, wanted):
            _build(project, processes, version, wanted)


def is_current(stamp: dict[str, Any], version: str, wanted: dict[str, str]) -> bool:
    """Tell whether the stamp was written by this Python for these locks, or for more than these."""
    return bool(version) and stamp.get("python") == version and wanted.items() <= stamp.get("locks", {}).items()


def uses_pip_settings(listing: str) -> bool:
    """Tell whether `pip config list` names a place to get packages from, or a way to reach it."""
    return bool(PIP_SETTINGS.search(listing))


def _build(project: Project, processes: Processes, version: str, wanted: dict[str, str]) -> None:
    unfinished = project.data / "environment-unfinished"
    reusable = version and not unfinished.exists() and _read_stamp(project).get("python", version) == version
    unfinished.touch()
    if not reusable:
        _make(project, processes)
    _install(project, processes, list(wanted)[-1])
    stamp = {"python": _version(project, processes), "locks": wanted}
    (project.venv / STAMP).write_text(json.dumps(stamp, indent=1), encoding="utf-8")
    unfinished.unlink()


def _make(project: Project, processes: Processes) -> None:
    if not all(importlib.util.find_spec(module) for module in ("venv", "ensurepip")):
        raise LaunchError(
            "This Python cannot make a virtual environment: its venv module is missing. "
            "Install it (Debian and Ubuntu: apt install python3-venv) and start again."
        )
    say("Making a virtual environment in .venv ...")
    made = processes.run([base_python(), "-m", "venv", "--clear", str(project.venv)])
    if made.status:
        raise LaunchError(f"The virtual environment could not be made:\n{tail(made.output + made.errors)}")


def _install(project: Project, processes: Processes, lock: str) -> None:
    say(f"Installing the packages of {lock}; the first time this takes a minute or two ...")
    installed = processes.run([*_installer(project, processes), "--require-hashes", "-r", str(project.root / lock)])
    if installed.status:
        raise LaunchError(
            f"The packages of {lock} could not be installed. Check that this machine reaches its package index "
            f"(pip's settings are honoured), then start again. The installer's last words:\n{_last_words(installed)}"
        )


def _installer(project: Project, processes: Processes) -> list[str]:
    pip = [str(project.python), "-m", "pip", "--no-input", "--disable-pip-version-check"]
    uv = shutil.which("uv")
    if uv and not uses_pip_settings(processes.run([*pip, "config", "list"]).output):
        return [uv, "pip", "install", "--python", str(project.python)]
    return [*pip, "install", "--quiet", "--progress-bar", "off"]


def base_python() -> str:
    """Return an interpreter that is not the one inside `.venv`, which is emptied before it is made anew."""
    if sys.prefix == sys.base_prefix:
        return sys.executable
    return str(Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}"))


def _version(project: Project, processes: Processes) -> str:
    """Return the version of the environment's Python; empty if it is missing, broken, too old or without pip."""
    if not project.python.exists():
        return ""
    answer = processes.run([str(project.python), "-c", VERSION_QUESTION])
    return "" if answer.status else answer.output.strip()


def _read_stamp(project: Project) -> dict[str, Any]:
    try:
        stamp = json.loads((project.venv / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # no stamp or a torn one: the packages are installed again
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _last_words(finished: Finished) -> str:
    return tail(finished.errors or finished.output)

"""What every start makes sure of once the packages stand: keys, tables, groups, the first user, demo data."""

import json
from collections.abc import Mapping
from pathlib import Path

from broadcaster.bootstrap import env_file
from broadcaster.bootstrap.console import LaunchError, say, tail
from broadcaster.bootstrap.processes import Processes
from broadcaster.bootstrap.project import Project
from broadcaster.bootstrap.site import Site


def prepare(project: Project, processes: Processes, site: Site | None = None) -> None:
    """Make what is missing, and touch nothing that is there; demo data only for a site with a simulator."""
    for name in env_file.ensure_keys(project.root / ".env"):
        say(f"Wrote a new {name} to .env.")
    environment = site.environment(project) if site else {}
    _manage(project, processes, ["migrate", "--no-input", "--verbosity", "0"], environment)
    demo = ["--demo", "--simulator-url", site.simulator_url] if site and site.simulator_url else []
    answer = _manage(project, processes, ["setup_site", *demo], environment)
    remember_login(project, json.loads(answer.splitlines()[-1]))


def remember_login(project: Project, login: Mapping[str, str | None]) -> None:
    """Keep a password that has just been made where only the owner of the files can read it."""
    if login["password"]:
        text = f"User: {login['user']}\nPassword: {login['password']}\n"
        env_file.write_private(_login_file(project), text)


def first_login(project: Project) -> str:
    """Return user and password of the first start while their file stands, else where a new password comes from."""
    file = _login_file(project)
    if file.exists():
        return f"{file.read_text(encoding='utf-8')}(kept in {file}; delete it once you have changed the password)"
    return "User and password: your own. Forgotten? .venv/bin/python manage.py changepassword <user>"


def _manage(project: Project, processes: Processes, arguments: list[str], environment: Mapping[str, str]) -> str:
    finished = processes.run([*project.manage, *arguments], environment=environment)
    if finished.status:
        raise LaunchError(f"manage.py {arguments[0]} failed:\n{tail(finished.errors or finished.output, lines=20)}")
    return finished.output


def _login_file(project: Project) -> Path:
    return project.data / "first-login.txt"

"""Runs tests and the like: what needs a database on PostgreSQL and Redis where they answer, then all on SQLite."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from broadcaster.bootstrap.console import LaunchError, say
from broadcaster.bootstrap.environment import DEVELOPMENT, ensure_environment
from broadcaster.bootstrap.processes import Processes
from broadcaster.bootstrap.project import Project

POSTGRES_URLS = ("postgres://postgres@127.0.0.1:5432/postgres", "postgres://root:root@127.0.0.1:5432/postgres")
REDIS_URLS = ("redis://127.0.0.1:6379/15",)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
HOW_TO_GET = {
    "postgres": "the tests on PostgreSQL; apt install postgresql, or name a server in TEST_POSTGRES_URL",
    "redis": "the tests on Redis; apt install redis-server, or name a server in TEST_REDIS_URL",
    "browser": "the tests in a browser; apt install chromium",
}
SETTINGS = {"postgres": "DATABASE_URL", "redis": "REDIS_URL"}
TITLES = {"postgres": "PostgreSQL", "redis": "Redis"}
# With these, or for a part of the suite, starting workers costs more than it saves or takes the terminal away.
NOT_IN_PARALLEL = ("-n", "--numprocesses", "--pdb", "--trace", "-s", "--capture=no", "--collect-only")
ONE_BY_ONE = ("--maxschedchunk", "1")  # the longest tests come first, and no worker is to have them all
NOTHING_SELECTED = 5  # pytest's exit status
ENDING = ((None, 3.0), (signal.SIGINT, 20.0), (signal.SIGKILL, None))


@dataclass(frozen=True, slots=True)
class Run:
    """One run of pytest: its heading, the settings it is made with, and the markers it leaves out."""

    heading: str
    environment: Mapping[str, str]
    without: tuple[str, ...]


def test(project: Project, arguments: list[str]) -> int:
    """Run the suite with pytest's own arguments; the exit status is 0 only if every run passed."""
    found = _prepare(project)
    left_out = [how for name, how in HOW_TO_GET.items() if name not in found]
    for how in left_out:
        say(f"Left out: {how}.")
    if left_out and os.environ.get("BROADCASTER_TEST_ALL") == "1":
        raise LaunchError("BROADCASTER_TEST_ALL is set, so nothing may be left out.")
    return verdict({run.heading: _pytest(project, run, arguments) for run in plan(project, found)})


def develop(project: Project) -> int:
    """Install what tests and checks need, and end."""
    with Processes(project.root) as processes:
        ensure_environment(project, processes, DEVELOPMENT)
    return 0


def bench(project: Project, arguments: list[str]) -> int:
    """Run the benchmarks with their own arguments."""
    found = _prepare(project)
    environment = {f"TEST_{name.upper()}_URL": found[name] for name in SETTINGS if name in found}
    return in_foreground([str(project.python), "-m", "tests.benchmarks", *arguments], project.root, environment)


def soak(project: Project, arguments: list[str]) -> int:
    """Send a long broadcast under kills, on PostgreSQL and Redis where they answer, with the soak's own arguments."""
    found = _prepare(project)
    environment = {SETTINGS[name]: found.get(name, "") for name in SETTINGS}
    return in_foreground([str(project.python), "-m", "tests.faults.soak", *arguments], project.root, environment)


def plan(project: Project, found: Mapping[str, str]) -> list[Run]:
    """Return the runs for what was found. The whole suite comes last, so that the last line read is about all of it."""
    own_database = {"DATABASE_URL": f"sqlite:///{project.data / 'tests.sqlite3'}", "REDIS_URL": ""}
    no_browser = () if "browser" in found else ("browser",)
    runs = [Run("SQLite, the whole suite", own_database, ("postgres", "redis", *no_browser))]
    servers = [name for name in SETTINGS if name in found]
    if servers:
        addresses = {SETTINGS[name]: found[name] for name in servers}
        only_database = {"PYTEST_PLUGINS": "tests.database_only"}
        missing = tuple(name for name in SETTINGS if name not in found)
        heading = f"{' and '.join(TITLES[name] for name in servers)}, what depends on the database"
        runs.insert(0, Run(heading, own_database | addresses | only_database, (*missing, *no_browser)))
    return runs


def command(project: Project, run: Run, arguments: list[str]) -> list[str]:
    """Return the command line of one run; the person's arguments come last and win."""
    words = [str(project.python), "-m", "pytest"]
    if not any(word.startswith(NOT_IN_PARALLEL) or (project.root / word.split("::")[0]).exists() for word in arguments):
        words += ["-n", str(os.cpu_count() or 1), *ONE_BY_ONE]
    if run.without:
        words += ["-m", " and ".join(f"not {marker}" for marker in run.without)]
    return [*words, *arguments]


def verdict(statuses: Mapping[str, int]) -> int:
    """Return the exit status of all runs together; one that selected nothing does not count beside another."""
    selected = {heading: status for heading, status in statuses.items() if status != NOTHING_SELECTED}
    failed = {heading: status for heading, status in selected.items() if status}
    if failed:
        say(f"Failed: {'; '.join(failed)}.")
    return next(iter(failed.values()), 0 if selected else NOTHING_SELECTED)


def in_foreground(words: list[str], folder: Path, environment: Mapping[str, str]) -> int:
    """Run a command that owns the terminal, as a debugger needs it, and return its exit status."""
    with subprocess.Popen(words, cwd=folder, env={**os.environ, **environment}) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            _see_off(process)
            raise


def _prepare(project: Project) -> dict[str, str]:
    with Processes(project.root) as processes:
        ensure_environment(project, processes, DEVELOPMENT)
        return _find_services(project, processes)


def _find_services(project: Project, processes: Processes) -> dict[str, str]:
    """Return the addresses of PostgreSQL and Redis and the path of a browser, as far as they are there."""
    own = {name: project.settings.get(f"TEST_{name.upper()}_URL") for name in SETTINGS}
    urls = {"postgres": POSTGRES_URLS, "redis": REDIS_URLS} | {name: (url,) for name, url in own.items() if url}
    found = {name: next(_answering(project, processes, name, urls[name]), None) for name in SETTINGS}
    found["browser"] = next((path for path in map(shutil.which, BROWSERS) if path), None)
    return {name: place for name, place in found.items() if place}


def _answering(project: Project, processes: Processes, service: str, urls: Iterable[str]) -> Iterator[str]:
    probe = [str(project.python), "-m", "broadcaster.bootstrap.probe", service]
    return (url for url in urls if processes.run([*probe, url]).status == 0)


def _pytest(project: Project, run: Run, arguments: list[str]) -> int:
    say(f"\nTests on {run.heading}:")
    return in_foreground(command(project, run, arguments), project.root, run.environment)


def _see_off(process: subprocess.Popen[bytes]) -> None:
    """Wait for a child that Ctrl-C in the terminal has reached too; ask, then force one that it has not reached."""
    for request, patience_s in ENDING:
        if request:
            process.send_signal(request)
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            continue
        return

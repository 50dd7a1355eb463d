"""What `run.py test` runs where: the plan, the command lines, the verdict, and the choice of what needs a database."""

import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from broadcaster.bootstrap import suite
from broadcaster.bootstrap.console import LaunchError
from broadcaster.bootstrap.project import Project
from broadcaster.bootstrap.suite import Run
from tests import database_only
from tests.bootstrap.waiting import eventually

EVERYTHING = {"postgres": "postgres://one", "redis": "redis://two", "browser": "/usr/bin/chromium"}
SQLITE = Run("SQLite", {}, ())
# Like pytest, it uses an interrupt to say what it has seen so far.
TALKER = """
import pathlib, time
try:
    pathlib.Path("running").touch()
    time.sleep(600)
except KeyboardInterrupt:
    pathlib.Path("summary").touch()
"""
LAUNCHER = f"""
import pathlib, sys
from broadcaster.bootstrap import suite
suite.ENDING = ((None, 0.1), *suite.ENDING[1:])
suite.in_foreground([sys.executable, "-c", {TALKER!r}], pathlib.Path(sys.argv[1]), {{}})
"""


@pytest.fixture
def runs(project: Project, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The headings of the runs that were made; nothing is installed and pytest is not started."""
    made: list[str] = []

    def passed(project: Project, run: Run, arguments: list[str]) -> int:
        made.append(run.heading)
        return 0

    monkeypatch.setattr(suite, "_pytest", passed)
    return made


def machine_with(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setattr(suite, "_prepare", lambda project: {name: EVERYTHING[name] for name in names})


def test_with_everything_there_are_two_runs_and_the_whole_suite_is_the_last(project: Project) -> None:
    servers, sqlite = suite.plan(project, EVERYTHING)

    assert (servers.environment["DATABASE_URL"], servers.environment["REDIS_URL"]) == ("postgres://one", "redis://two")
    assert servers.environment["PYTEST_PLUGINS"] == "tests.database_only"
    assert servers.without == ()
    assert sqlite.environment["DATABASE_URL"].startswith("sqlite:///")
    assert sqlite.environment["REDIS_URL"] == ""
    assert sqlite.without == ("postgres", "redis")


@pytest.mark.parametrize(
    ("there", "without"),
    [
        (("postgres",), [("redis", "browser"), ("postgres", "redis", "browser")]),
        (("redis", "browser"), [("postgres",), ("postgres", "redis")]),
        (("browser",), [("postgres", "redis")]),
        ((), [("postgres", "redis", "browser")]),
    ],
)
def test_what_is_missing_is_left_out_by_its_marker(
    project: Project, there: tuple[str, ...], without: list[tuple[str, ...]]
) -> None:
    found = {name: EVERYTHING[name] for name in there}

    assert [run.without for run in suite.plan(project, found)] == without


def test_one_plain_line_for_each_thing_left_out(
    project: Project, runs: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    machine_with(monkeypatch, "postgres")
    monkeypatch.delenv("BROADCASTER_TEST_ALL", raising=False)

    assert suite.test(project, []) == 0
    assert [line.split(";")[1] for line in capsys.readouterr().out.splitlines()] == [
        " apt install redis-server, or name a server in TEST_REDIS_URL.",
        " apt install chromium.",
    ]


def test_nothing_is_said_when_nothing_is_left_out(
    project: Project, runs: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    machine_with(monkeypatch, *EVERYTHING)
    monkeypatch.setenv("BROADCASTER_TEST_ALL", "1")

    assert suite.test(project, []) == 0
    assert (len(runs), capsys.readouterr().out) == (2, "")


def test_leaving_anything_out_is_a_failure_where_all_is_asked_for(
    project: Project, runs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine_with(monkeypatch, "postgres", "redis")
    monkeypatch.setenv("BROADCASTER_TEST_ALL", "1")

    with pytest.raises(LaunchError, match="nothing may be left out"):
        suite.test(project, [])
    assert runs == []


def test_the_whole_suite_runs_on_all_cores(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 4)

    assert suite.command(project, SQLITE, [])[1:] == ["-m", "pytest", "-n", "4", "--maxschedchunk", "1"]


@pytest.mark.parametrize("argument", ["requirements.lock", "requirements.lock::test_one", "-n2", "--pdb", "-s"])
def test_a_part_of_the_suite_or_a_debugger_has_one_process(project: Project, argument: str) -> None:
    assert suite.command(project, SQLITE, [argument])[1:] == ["-m", "pytest", argument]


def test_the_persons_arguments_come_last(project: Project) -> None:
    words = suite.command(project, Run("x", {}, ("redis", "browser")), ["-k", "keys"])

    assert words[-4:] == ["-m", "not redis and not browser", "-k", "keys"]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [((0, 0), 0), ((0, 1), 1), ((1, 0), 1), ((2, 1), 2), ((5, 0), 0), ((0, 5), 0), ((5, 1), 1), ((5, 5), 5), ((5,), 5)],
)
def test_the_verdict_is_good_only_if_every_run_was(statuses: tuple[int, ...], expected: int) -> None:
    assert suite.verdict({f"run {number}": status for number, status in enumerate(statuses)}) == expected


def test_a_run_that_failed_is_named_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    suite.verdict({"PostgreSQL": 1, "SQLite": 0})

    assert capsys.readouterr().out == "Failed: PostgreSQL.\n"


def test_a_command_in_the_foreground_has_folder_settings_and_status(tmp_path: Path) -> None:
    code = "import os, sys; sys.exit(int(os.environ['STATUS']) + (os.getcwd() == sys.argv[1]))"

    assert suite.in_foreground([sys.executable, "-c", code, str(tmp_path)], tmp_path, {"STATUS": "6"}) == 7


def test_an_interrupted_run_is_asked_to_end_and_may_say_its_last_words(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", LAUNCHER, str(tmp_path)], stderr=subprocess.DEVNULL) as launcher:
        assert eventually((tmp_path / "running").exists)
        launcher.send_signal(signal.SIGINT)

    assert (tmp_path / "summary").exists()


@pytest.mark.parametrize(
    ("markers", "fixtures", "expected"),
    [
        ((), (), False),
        ((), ("tmp_path",), False),
        (("django_db",), (), True),
        (("redis",), (), True),
        ((), ("live_server",), True),
        (("browser",), ("db",), True),
    ],
)
def test_what_depends_on_the_database(
    markers: tuple[str, ...],
    fixtures: tuple[str, ...],
    expected: bool,  # noqa: FBT001
) -> None:
    item = SimpleNamespace(get_closest_marker=lambda name: name in markers, fixturenames=fixtures)

    assert database_only.depends_on_database(item) is expected


def test_the_second_run_leaves_out_what_no_database_could_change(tmp_path: Path) -> None:
    (tmp_path / "test_both.py").write_text("def test_pure(): pass\n\ndef test_stored(db): pass\n")
    words = [sys.executable, "-m", "pytest", "-p", "tests.database_only", "--collect-only", "-q", str(tmp_path)]
    listing = subprocess.run(words, capture_output=True, text=True, check=True).stdout

    assert "test_stored" in listing
    assert "test_pure" not in listing

"""When packages are installed, with what, and what is said when they cannot be had. Nothing is installed here."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from broadcaster.bootstrap import environment
from broadcaster.bootstrap.console import LaunchError
from broadcaster.bootstrap.environment import DEVELOPMENT, RUNTIME, STAMP, ensure_environment
from broadcaster.bootstrap.processes import Finished, Processes
from broadcaster.bootstrap.project import Project

PYTHON = "3.11.7"
DONE = Finished(0, "", "")


class Recorder:
    """Stands in for the processes: answers what Python, venv, pip and uv would, and keeps what they were asked."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.python = PYTHON
        self.pip_settings = ""
        self.installing = DONE
        self.making = DONE
        self.steps: list[str] = []

    def run(self, command: list[str]) -> Finished:
        words = " ".join(command)
        if "config list" in words:
            return Finished(0, self.pip_settings, "")
        if "-m venv" in words:
            return self._make()
        if " install " in words:
            self.steps.append(f"{'uv' if '/uv ' in words else 'pip'} {Path(command[-1]).name}")
            return self.installing
        return Finished(0 if self.python else 1, f"{self.python}\n", "")

    def _make(self) -> Finished:
        self.steps.append("venv")
        self.project.python.parent.mkdir(parents=True, exist_ok=True)
        self.project.python.touch()
        (self.project.venv / STAMP).unlink(missing_ok=True)
        return self.making


@pytest.fixture
def recorder(project: Project, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    monkeypatch.setattr("shutil.which", lambda name: None)
    return Recorder(project)


@pytest.fixture
def ensure(recorder: Recorder) -> Callable[..., list[str]]:
    """Ensure the environment and return the steps that this took."""

    def steps(locks: tuple[str, ...] = RUNTIME) -> list[str]:
        recorder.steps.clear()
        ensure_environment(recorder.project, recorder, locks)  # type: ignore[arg-type]
        return list(recorder.steps)

    return steps


def test_the_first_start_makes_the_environment_and_installs(ensure: Callable[..., list[str]]) -> None:
    assert ensure() == ["venv", "pip requirements.lock"]


def test_the_second_start_does_nothing(ensure: Callable[..., list[str]]) -> None:
    ensure()

    assert ensure() == []


def test_a_changed_lock_is_installed_into_what_is_there(ensure: Callable[..., list[str]], project: Project) -> None:
    ensure()
    (project.root / "requirements.lock").write_text("# newer")

    assert ensure() == ["pip requirements.lock"]


def test_the_tests_need_one_more_installation_and_a_start_after_them_none(ensure: Callable[..., list[str]]) -> None:
    ensure()

    assert ensure(DEVELOPMENT) == ["pip requirements-dev.lock"]
    assert ensure(RUNTIME) == []
    assert ensure(DEVELOPMENT) == []


def test_tests_on_a_fresh_checkout_install_once(ensure: Callable[..., list[str]]) -> None:
    assert ensure(DEVELOPMENT) == ["venv", "pip requirements-dev.lock"]
    assert ensure(RUNTIME) == []


def test_another_python_gets_an_environment_of_its_own(ensure: Callable[..., list[str]], recorder: Recorder) -> None:
    ensure()
    recorder.python = "3.12.1"

    assert ensure() == ["venv", "pip requirements.lock"]


def test_a_python_that_does_not_start_is_replaced(
    ensure: Callable[..., list[str]], recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure()
    recorder.python = ""

    assert ensure() == ["venv", "pip requirements.lock"]


def test_an_environment_made_by_hand_is_kept_and_completed(
    ensure: Callable[..., list[str]], recorder: Recorder
) -> None:
    recorder._make()

    assert ensure() == ["pip requirements.lock"]


def test_a_torn_stamp_leads_to_an_installation(ensure: Callable[..., list[str]], project: Project) -> None:
    ensure()
    (project.venv / STAMP).write_text('{"python": "3.')

    assert ensure() == ["pip requirements.lock"]


@pytest.mark.parametrize("stamp", ["[]", "{}", json.dumps({"python": PYTHON}), json.dumps({"locks": {}})])
def test_a_stamp_of_another_shape_is_not_believed(
    ensure: Callable[..., list[str]], project: Project, stamp: str
) -> None:
    ensure()
    (project.venv / STAMP).write_text(stamp)

    assert ensure() == ["pip requirements.lock"]


def test_an_environment_whose_making_was_killed_is_made_anew(
    ensure: Callable[..., list[str]], recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "_install", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ensure()
    monkeypatch.undo()

    assert ensure() == ["venv", "pip requirements.lock"]


def interrupted(*arguments: object) -> None:
    raise KeyboardInterrupt


def test_a_package_that_cannot_be_had_is_one_sentence_with_the_end_of_what_pip_said(
    ensure: Callable[..., list[str]], recorder: Recorder
) -> None:
    recorder.installing = Finished(1, "", "\n".join(f"line {number}" for number in range(20)) + "\nERROR: No match\n")

    with pytest.raises(
        LaunchError, match=r"packages of requirements.lock could not be installed.*\n    line 13\n"
    ) as e:
        ensure()
    assert str(e.value).endswith("\n    ERROR: No match")


def test_after_a_failed_installation_the_next_start_tries_again(
    ensure: Callable[..., list[str]], recorder: Recorder
) -> None:
    recorder.installing = Finished(1, "", "ERROR")
    with pytest.raises(LaunchError):
        ensure()
    recorder.installing = DONE

    assert ensure() == ["venv", "pip requirements.lock"]


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_without_venv_is_explained(
    ensure: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == module else object())

    with pytest.raises(LaunchError, match="apt install python3-venv"):
        ensure()


def test_an_environment_that_cannot_be_made_is_explained(ensure: Callable[..., list[str]], recorder: Recorder) -> None:
    recorder.making = Finished(1, "", "No space left on device")

    with pytest.raises(LaunchError, match=r"could not be made:\n    No space left on device"):
        ensure()


def test_uv_installs_where_it_is_found(ensure: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")

    assert ensure() == ["venv", "uv requirements.lock"]


def test_pip_installs_where_the_machine_has_told_pip_where_packages_are(
    ensure: Callable[..., list[str]], recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    recorder.pip_settings = "global.index-url='https://packages.example/simple'\n"

    assert ensure() == ["venv", "pip requirements.lock"]


@pytest.mark.parametrize(
    ("listing", "expected"),
    [
        ("", False),
        (":env:.default-timeout='60'", False),
        (":env:.disable-pip-version-check='1'", False),
        ("global.index-url='https://packages.example/simple'", True),
        ("install.find-links='/srv/wheels'", True),
        (":env:.cert='/etc/ssl/own.pem'", True),
        ("user.timeout='5'\nglobal.proxy='http://proxy.example:3128'", True),
        ("global.no-index='true'", True),
    ],
)
def test_pip_settings_that_say_where_packages_are(listing: str, expected: bool) -> None:  # noqa: FBT001
    assert environment.uses_pip_settings(listing) is expected


def test_the_environment_is_not_made_by_the_python_inside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.prefix", "/checkout/.venv")
    monkeypatch.setattr("sys.base_prefix", "/usr")

    assert environment.base_python().startswith("/usr/bin/python3.")


def test_the_question_for_the_version_is_understood_by_a_real_python(installed: Project, processes: Processes) -> None:
    ensure_environment(installed, processes, DEVELOPMENT)  # would try to install if the stamp did not agree

    assert not (installed.data / "environment-unfinished").exists()

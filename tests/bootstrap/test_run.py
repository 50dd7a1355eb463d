"""`run.py` as a person types it, in a checkout in miniature: real processes, signals and ports, no packages."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from broadcaster.bootstrap.project import Project
from tests.bootstrap.waiting import alive, eventually

Launch = Callable[..., "Launched"]
TEST_SETTINGS = {"PUBLIC_URL", "ALLOWED_HOSTS", "DATA_DIR", "SECRET_KEY", "CHANNEL_KEYS"}


class Launched:
    """A launcher at work, and what it has said so far."""

    def __init__(self, checkout: Path, *arguments: str, **settings: str) -> None:
        self.checkout = checkout
        self.said = checkout / "said.txt"
        environment = {name: value for name, value in os.environ.items() if name not in TEST_SETTINGS} | settings
        with self.said.open("w") as output:
            words = [sys.executable, "run.py", *arguments]
            self.process = subprocess.Popen(words, cwd=checkout, env=environment, stdout=output, stderr=output)

    def is_running(self) -> bool:
        return (
            eventually(lambda: "Ctrl-C" in self.output or self.process.poll() is not None) and "Ctrl-C" in self.output
        )

    def ended(self) -> int | None:
        assert eventually(lambda: self.process.poll() is not None), self.output
        return self.process.returncode

    @property
    def output(self) -> str:
        return self.said.read_text()

    def called(self, what: str) -> list[list[str]]:
        """What the children wrote down of themselves: process, PUBLIC_URL and arguments."""
        lines = (self.checkout / "calls.txt").read_text().splitlines()
        return [line.split()[1:] for line in lines if line.split()[0] == what]

    def children(self) -> list[int]:
        assert eventually(lambda: self.called("worker"))
        return [int(words[0]) for what in ("serving", "qcluster", "worker") for words in self.called(what)]


@pytest.fixture
def launch(checkout: Project) -> Iterator[Launch]:
    launched: list[Launched] = []

    def start(*arguments: str, **settings: str) -> Launched:
        launched.append(Launched(checkout.root, *arguments, **settings))
        return launched[-1]

    yield start
    for one in launched:
        one.process.terminate()
        one.process.wait()


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_the_first_start_says_where_it_is_and_how_to_log_in(launch: Launch, port: int) -> None:
    launched = launch("--port", str(port))

    assert launched.is_running(), launched.output
    assert f"Broadcaster is running: http://127.0.0.1:{port}\nUser: admin\nPassword: correct horse\n" in launched.output


def test_it_prepares_keys_tables_and_demo_before_it_starts_anything(launch: Launch, port: int) -> None:
    launched = launch("--port", str(port))
    assert launched.is_running(), launched.output
    simulator = (launched.checkout / "data" / "simulator-port").read_text().strip()

    assert "Wrote a new SECRET_KEY to .env." in launched.output
    assert [words[2] for words in launched.called("migrate")] == ["migrate"]
    assert launched.called("setup_site")[0][1:] == [
        f"http://127.0.0.1:{port}",
        *("setup_site", "--demo", "--simulator-url", f"http://127.0.0.1:{simulator}"),
    ]


def test_the_second_start_keeps_password_and_ports(launch: Launch, port: int) -> None:
    first = launch("--port", str(port))
    assert first.is_running(), first.output
    simulator = (first.checkout / "data" / "simulator-port").read_text()
    first.process.terminate()
    first.ended()
    second = launch("--port", str(port))

    assert second.is_running(), second.output
    assert "Password: correct horse" in second.output
    assert (second.checkout / "data" / "simulator-port").read_text() == simulator


def test_a_password_that_has_been_put_away_is_not_repeated(launch: Launch, port: int) -> None:
    launched = launch("setup")
    launched.ended()
    (launched.checkout / "data" / "first-login.txt").unlink()
    launched = launch("--port", str(port))

    assert launched.is_running(), launched.output
    assert "Forgotten? .venv/bin/python manage.py changepassword" in launched.output


def test_setup_prepares_and_ends(launch: Launch) -> None:
    launched = launch("setup")

    assert launched.ended() == 0
    assert "ready.\nUser: admin\nPassword: correct horse\n" in launched.output
    assert launched.called("setup_site")[0][2:] == ["setup_site"]
    assert not launched.called("qcluster")


def test_the_first_password_is_kept_for_its_owner_only(launch: Launch) -> None:
    launched = launch("setup")
    launched.ended()

    assert (launched.checkout / "data" / "first-login.txt").stat().st_mode & 0o777 == 0o600


def test_an_empty_start_has_no_demo_and_no_simulator(launch: Launch, port: int) -> None:
    launched = launch("--empty", "--port", str(port))

    assert launched.is_running(), launched.output
    assert launched.called("setup_site")[0][2:] == ["setup_site"]
    assert len(launched.called("serving")) == 1


def test_a_persons_own_address_is_printed_and_passed_on(launch: Launch, port: int) -> None:
    launched = launch("--port", str(port), PUBLIC_URL="https://own.example")

    assert launched.is_running(), launched.output
    assert "running: https://own.example\n" in launched.output
    assert {words[1] for words in launched.called("serving")} == {"https://own.example"}


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_ends_every_child_and_is_no_failure(launch: Launch, port: int, signum: int) -> None:
    launched = launch("--port", str(port))
    assert launched.is_running(), launched.output
    children = launched.children()
    launched.process.send_signal(signum)

    assert launched.ended() == 0, launched.output
    assert len(children) == 4
    assert eventually(lambda: not any(map(alive, children)))


def test_an_interrupt_is_heard_though_a_script_started_it_in_the_background(launch: Launch, port: int) -> None:
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell without job control does for its children
    launched = launch("--port", str(port))
    signal.signal(signal.SIGINT, handler)
    assert launched.is_running(), launched.output
    launched.process.send_signal(signal.SIGINT)

    assert launched.ended() == 0


def test_a_killed_launcher_leaves_nothing_and_the_next_start_succeeds(launch: Launch, port: int) -> None:
    launched = launch("--port", str(port))
    assert launched.is_running(), launched.output
    children = launched.children()
    launched.process.kill()
    successor = launch()

    assert successor.is_running(), successor.output
    assert not any(map(alive, children))


def test_a_worker_that_is_killed_is_replaced(launch: Launch, port: int) -> None:
    launched = launch("--port", str(port))
    assert launched.is_running(), launched.output
    launched.children()
    os.kill(int(launched.called("qcluster")[0][0]), signal.SIGKILL)

    assert eventually(lambda: len(launched.called("qcluster")) == 2)
    assert "The workers ended unexpectedly (signal 9)" in launched.output


def test_a_web_server_that_does_not_start_ends_in_a_sentence(launch: Launch, checkout: Project) -> None:
    (checkout.root / "gunicorn.py").write_text("raise SystemExit('no such module')")
    supervisor = checkout.root / "broadcaster" / "bootstrap" / "supervisor.py"
    supervisor.write_text(re.sub(r"PAUSES_S = .*", "PAUSES_S = (0.0,)", supervisor.read_text()))
    launched = launch()

    assert launched.ended() == 1
    assert "run.py: The web server ended unexpectedly (exit status 1) 2 times in a row" in launched.output
    assert launched.output.rstrip().endswith("    no such module")


def test_a_second_start_from_the_same_folder_is_refused(launch: Launch, port: int) -> None:
    first = launch("--port", str(port))
    assert first.is_running(), first.output
    second = launch()

    assert second.ended() == 1
    assert f"already running from this folder (process {first.process.pid}); stop it first" in second.output


def test_a_taken_port_is_told_before_anything_is_done(launch: Launch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        launched = launch("--port", str(server.getsockname()[1]))

        assert launched.ended() == 1
    assert re.fullmatch(r"run.py: Port \d+ of 127.0.0.1 is taken by another program; stop .*\n", launched.output)
    assert not (launched.checkout / "calls.txt").exists()


def test_a_command_that_fails_is_told_with_its_last_words(launch: Launch, checkout: Project) -> None:
    (checkout.root / "manage.py").write_text("raise SystemExit('the disk is full')")
    launched = launch("setup")

    assert launched.ended() == 1
    assert launched.output.endswith("run.py: manage.py migrate failed:\n    the disk is full\n")


def test_an_interrupted_preparation_says_so_and_leaves_nothing(launch: Launch, checkout: Project) -> None:
    (checkout.root / "manage.py").write_text("import fake, time; fake.record('migrate'); time.sleep(600)")
    launched = launch("setup")
    assert eventually((checkout.root / "calls.txt").exists)
    assert eventually(lambda: launched.called("migrate"))
    launched.process.terminate()

    assert launched.ended() == 130
    assert launched.output.endswith("run.py: interrupted.\n")
    assert not alive(int(launched.called("migrate")[0][0]))


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_a_port_that_is_none_is_refused(launch: Launch, port: str) -> None:
    launched = launch(f"--port={port}")

    assert launched.ended() == 2
    assert "is not a port: give a number from 1 to 65535" in launched.output


def test_help_names_every_command(launch: Launch) -> None:
    launched = launch("-h")

    assert launched.ended() == 0
    assert all(f"  {command} " in launched.output for command in ("setup", "develop", "test", "bench", "soak"))


@pytest.mark.parametrize(("command", "module"), [("bench", "benchmarks"), ("soak", "faults/soak")])
def test_arguments_are_passed_on_to_the_module_that_does_it(
    command: str, module: str, launch: Launch, checkout: Project
) -> None:
    file = checkout.root / "tests" / f"{module}.py"
    file.parent.mkdir(parents=True)
    file.write_text("import sys; print(sys.argv[1:]); sys.exit(3)")
    launched = launch(command, "--json", "numbers.json", "-h")

    assert launched.ended() == 3
    assert launched.output == "['--json', 'numbers.json', '-h']\n"


def test_arguments_of_the_tests_are_passed_on(launch: Launch, checkout: Project) -> None:
    (checkout.root / "pytest.py").write_text("import os, sys; print(sys.argv[-2:], os.environ['DATABASE_URL'][:10])")
    launched = launch("test", "-k", "keys")

    assert launched.ended() == 0
    assert launched.output.endswith("Tests on SQLite, the whole suite:\n['-k', 'keys'] sqlite:///\n")

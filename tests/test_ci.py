"""`.ci/run` on machines that have and lack things; its tools are stubs that write down how they were called."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parent.parent
NEEDED = ("bash", "dirname", "env", "id", "ls", "mktemp", "od", "rm", "sleep", "sort", "tail", "tr", "cat", "chmod")
SERVERS = ("chromium", "curl", "pg_ctlcluster", "redis-server")
RECORD = '#!/bin/bash\necho "${0##*/} $*" >> "$CALLS"\n'


class Machine:
    """A folder of tools that is the whole PATH, a checkout, and ports on which services answer or do not."""

    def __init__(self, folder: Path, open_port: int, closed_port: int) -> None:
        self.folder, self.calls = folder, folder / "calls.txt"
        self.open_port, self.closed_port = open_port, closed_port
        (folder / "bin").mkdir()
        (folder / ".ci").mkdir()
        (folder / ".venv" / "bin").mkdir(parents=True)
        shutil.copy(REPOSITORY / ".ci" / "run", folder / ".ci" / "run")
        for tool in NEEDED:
            (folder / "bin" / tool).symlink_to(shutil.which(tool) or tool)
        for tool in ("python3", "apt-get", "su", *SERVERS):
            self.tool(tool)
        for tool in ("python", "ruff", "mypy"):
            self.tool(f"../.venv/bin/{tool}")

    def tool(self, name: str, code: str = "") -> None:
        path = self.folder / "bin" / name
        path.write_text(RECORD + code)
        path.chmod(0o755)

    def without(self, *tools: str) -> None:
        for tool in tools:
            (self.folder / "bin" / tool).unlink()

    def run(self, *, postgres: bool = True, redis: bool = True) -> subprocess.CompletedProcess[str]:
        ports = {True: str(self.open_port), False: str(self.closed_port)}
        environment = {"PATH": str(self.folder / "bin"), "CALLS": str(self.calls), "PATIENCE_S": "0"}
        environment |= {"POSTGRES_PORT": ports[postgres], "REDIS_PORT": ports[redis]}
        return subprocess.run(
            [str(self.folder / ".ci" / "run")], env=environment, capture_output=True, text=True, check=False
        )

    def called(self, beginning: str) -> list[str]:
        return [line for line in self.calls.read_text().splitlines() if line.startswith(beginning)]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets it, and nobody answers
        yield Machine(tmp_path, server.getsockname()[1], closed.getsockname()[1])


def test_a_complete_machine_installs_nothing_and_checks_everything(machine: Machine) -> None:
    finished = machine.run()

    assert finished.returncode == 0, finished.stderr
    assert not machine.called("apt-get")
    assert machine.called("ruff") == ["ruff check .", "ruff format --check ."]
    assert machine.called("mypy") == ["mypy ."]
    assert machine.called("python manage.py") == [
        "python manage.py makemigrations --check --dry-run",
        "python manage.py check --deploy --fail-level WARNING",
    ]
    assert machine.called("python3 run.py") == ["python3 run.py develop", "python3 run.py test"]


def test_what_is_missing_is_installed_from_debians_packages(machine: Machine) -> None:
    machine.without(*SERVERS)
    machine.run(postgres=False, redis=False)

    assert machine.called("apt-get install") == [
        "apt-get install -q -y --no-install-recommends chromium curl postgresql redis-server"
    ]


def test_a_python_without_venv_gets_it(machine: Machine) -> None:
    machine.tool("python3", '[[ "$*" != *ensurepip* ]]\n')
    machine.run()

    assert machine.called("apt-get install") == ["apt-get install -q -y --no-install-recommends python3 python3-venv"]


def test_a_newer_python_beside_an_old_one_is_taken(machine: Machine) -> None:
    machine.tool("python3", "exit 1\n")
    machine.tool("python3.12")

    assert machine.run().returncode == 0
    assert machine.called("python3.12 run.py") == ["python3.12 run.py develop", "python3.12 run.py test"]


def test_a_service_that_answers_is_used_though_its_package_is_missing(machine: Machine) -> None:
    machine.without("pg_ctlcluster", "redis-server")

    assert machine.run().returncode == 0
    assert not machine.called("apt-get")


def test_postgresql_is_started_where_it_does_not_answer(machine: Machine) -> None:
    finished = machine.run(postgres=False)

    assert finished.returncode == 1
    assert finished.stderr.endswith(f"PostgreSQL does not answer on port {machine.closed_port} within 0 s.\n")
    assert machine.called("pg_ctlcluster")[0].endswith(" main start")


def test_redis_is_started_where_it_does_not_answer(machine: Machine) -> None:
    finished = machine.run(redis=False)

    assert finished.returncode == 1
    assert machine.called("redis-server")[0].startswith("redis-server --daemonize yes --bind 127.0.0.1")


def test_a_database_that_lets_nobody_in_gets_a_role_for_the_tests(machine: Machine) -> None:
    machine.tool("../.venv/bin/python", '[[ "$*" != *POSTGRES_URLS* ]] || echo one two; [[ "$*" != *probe* ]]\n')
    machine.tool("su", 'cat >> "$CALLS"\n')
    machine.tool("python3", 'echo "${TEST_POSTGRES_URL%:*:*}" >> "$CALLS"\n')

    assert machine.run().returncode == 0
    assert len(machine.called("python -m broadcaster.bootstrap.probe")) == 2
    assert machine.called("ALTER ROLE broadcaster_test LOGIN CREATEDB PASSWORD '")
    assert machine.called("postgres://")


def test_a_database_that_lets_the_tests_in_is_left_alone(machine: Machine) -> None:
    machine.tool("../.venv/bin/python", '[[ "$*" != *POSTGRES_URLS* ]] || echo one\n')

    assert machine.run().returncode == 0
    assert not machine.called("su")


def test_the_tests_may_leave_nothing_out(machine: Machine) -> None:
    machine.tool("python3", 'echo "all=${BROADCASTER_TEST_ALL:-}" >> "$CALLS"\n')
    machine.run()

    assert machine.called("all=")[-1] == "all=1"


@pytest.mark.parametrize("tool", ["ruff", "mypy", "python"])
def test_the_first_failure_stops_it(machine: Machine, tool: str) -> None:
    machine.tool(f"../.venv/bin/{tool}", "exit 1\n")
    machine.tool("su")

    assert machine.run().returncode != 0
    assert not machine.called("python3 run.py test")


def test_a_failing_test_fails_it(machine: Machine) -> None:
    machine.tool("python3", '[[ "$*" != "run.py test" ]]\n')
    finished = machine.run()

    assert finished.returncode == 1
    assert "All of it holds" not in finished.stdout


def test_production_settings_are_checked_without_those_of_the_machine(machine: Machine) -> None:
    machine.tool("../.venv/bin/python", 'echo "$DEBUG $PUBLIC_URL ${#SECRET_KEY}" >> "$CALLS"\n')
    machine.run()

    assert "off https://broadcaster.example 80" in machine.calls.read_text().splitlines()


def test_the_hooks_run_what_the_environment_holds() -> None:
    (local,) = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text())["repos"]

    assert local["repo"] == "local"
    assert {hook["entry"].split()[0] for hook in local["hooks"]} == {".venv/bin/ruff", ".venv/bin/mypy"}


def test_it_can_be_run() -> None:
    assert os.access(REPOSITORY / ".ci" / "run", os.X_OK)

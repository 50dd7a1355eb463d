"""A Redis and a PostgreSQL of a test's own, to be stopped and started in the middle of its work."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import redis

from tests.bootstrap.waiting import eventually

POSTGRES_TOOLS = Path("/usr/lib/postgresql")  # Debian keeps initdb and pg_ctl out of the path


class RedisServer:
    """One redis-server without a memory: started anew, it is empty."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(command, cwd=self._folder, stdout=subprocess.DEVNULL)
        assert eventually(self._answers)

    def stop(self) -> None:
        """End it at once, with all that it holds."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            return bool(redis.from_url(self.url).ping())
        except redis.ConnectionError:
            return False


class PostgresServer:
    """One cluster in a folder of its own; as root it runs as the user postgres, for it refuses to run as root."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"
        self._data = folder / "data"
        self._socket = folder
        self._control(f"initdb -D {self._data} -U postgres -A trust --no-sync -E UTF8", timeout_s=120)

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self._socket}"
        self._control(f"pg_ctl -D {self._data} -l {self._socket}/log -o '{options}' -w start")
        assert eventually(self._answers)

    def stop(self, mode: str = "fast") -> None:
        """Stop it: `fast` ends every connection, `immediate` is a crash."""
        self._control(f"pg_ctl -D {self._data} -m {mode} -w stop")

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url, connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def _control(self, command: str, *, timeout_s: float = 60) -> None:
        as_postgres = ["su", "postgres", "-s", "/bin/sh", "-c", f"cd / && {tools()}/{command}"]
        as_ourselves = ["sh", "-c", f"{tools()}/{command}"]
        subprocess.run(  # the server inherits the output, so it must not be a pipe that somebody reads to its end
            as_postgres if os.getuid() == 0 else as_ourselves,
            check=True,
            timeout=timeout_s,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@contextmanager
def own_redis() -> Iterator[RedisServer]:
    """A running Redis, ended afterwards."""
    with tempfile.TemporaryDirectory(prefix="broadcaster-redis-") as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def own_postgres() -> Iterator[PostgresServer]:
    """A running PostgreSQL, ended afterwards."""
    with tempfile.TemporaryDirectory(prefix="broadcaster-postgres-") as folder:
        if os.getuid() == 0:
            shutil.chown(folder, "postgres")
        server = PostgresServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def no_postgres() -> str:
    """Why no PostgreSQL of our own can be started here; empty where it can."""
    if not tools():
        return "PostgreSQL's initdb and pg_ctl are not installed"
    if os.getuid() == 0 and not any(user.pw_name == "postgres" for user in pwd.getpwall()):
        return "PostgreSQL does not run as root, and there is no user postgres"
    return ""


def tools() -> str:
    """The folder of initdb and pg_ctl, the newest version's; empty where there is none."""
    found = sorted(POSTGRES_TOOLS.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3].split(".")[0]))
    if found:
        return str(found[-1].parent)
    in_path = shutil.which("initdb")
    return str(Path(in_path).parent) if in_path else ""

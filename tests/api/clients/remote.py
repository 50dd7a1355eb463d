"""A client in a process of its own, since no process has two versions of a package; and where the oldest comes from."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.leaving_out import left_out

HERE = Path(__file__).parent
LOCK = HERE / "oldest.lock"
PATIENCE_S = 120


class Failed(Exception):  # noqa: N818
    """The client raised; its exception's name, its sentence, and the seconds to wait, if it knows."""

    def __init__(self, name: str, sentence: str, retry_after: int | None) -> None:
        super().__init__(name, sentence)
        self.name, self.sentence, self.retry_after = name, sentence, retry_after


class Remote:
    """A client of one version; each of its methods is called by `ask`. A context manager that ends its process."""

    def __init__(self, host: str, token: str, folder: Path | None = None) -> None:
        self.host, self.token = host, token
        self.environment = dict(os.environ) | ({"PYTHONPATH": str(folder)} if folder else {})

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "asking.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=self.environment,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self.process:
            self.process.kill()

    def ask(self, method: str, **values: Any) -> Any:
        """What the client's method gives back: an object, or pages of objects. Raises Failed."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([self.host, self.token, method, values]) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "failed" in answer:
            raise Failed(answer["failed"], answer["said"], answer["retry_after"])
        return answer["found"]


def oldest(cache: Path) -> Path:
    """The folder with the oldest client, installed once for each lock; skips, or fails where nothing may be skipped."""
    folder = cache / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    if folder.exists():
        return folder
    with tempfile.TemporaryDirectory(dir=cache) as made:
        place = Path(made, "packages")
        _install(place)
        try:
            place.rename(folder)
        except OSError:  # another worker was quicker
            assert folder.exists()
    return folder


def _install(place: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    done = subprocess.run(
        [*pip, "--target", str(place), "-r", str(LOCK)], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    if done.returncode:
        left_out(f"the oldest rapidpro-python cannot be installed: {done.stderr.strip().splitlines()[-1]}")

"""A checkout in miniature: the launcher is the real one, everything it starts is a few lines of Python."""

import hashlib
import json
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from broadcaster.bootstrap import environment
from broadcaster.bootstrap.processes import Processes
from broadcaster.bootstrap.project import Project

REPOSITORY = Path(__file__).resolve().parent.parent.parent
SERVER = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
def serve(port):
    record("serving")
    http.server.HTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()
def record(what):
    with open("calls.txt", "a") as calls:
        print(what, os.getpid(), os.environ.get("PUBLIC_URL"), *sys.argv[1:], file=calls)
"""
GUNICORN = "import sys, fake\nfake.serve(sys.argv[sys.argv.index('--bind') + 1].rsplit(':', 1)[1])"
MANAGE = """
import json, signal, subprocess, sys, fake
command = sys.argv[1]
if command == "simulator":
    fake.serve(sys.argv[3])
fake.record(command)
if command == "qcluster":
    worker = subprocess.Popen([sys.executable, "-c", "import fake, time; fake.record('worker'); time.sleep(600)"])
    def stop(*_):
        worker.terminate()
        worker.wait()
        sys.exit()
    signal.signal(signal.SIGTERM, stop)
    signal.pause()
if command == "setup_site":
    first = open("calls.txt").read().count("\\nsetup_site ") == 1
    print("noise before the answer")
    print(json.dumps({"user": "admin", "password": "correct horse" if first else None}))
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for lock in environment.DEVELOPMENT:
        (tmp_path / lock).write_text(f"# {lock}\n")
    return Project(tmp_path)


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    with Processes(tmp_path, grace_s=1.0) as processes:
        yield processes


@pytest.fixture
def installed(project: Project) -> Project:
    """An environment that is made of this test's own Python, and stamped as complete."""
    project.python.parent.mkdir(parents=True)
    project.python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    project.python.chmod(0o755)
    locks = {lock: hashlib.sha256((project.root / lock).read_bytes()).hexdigest() for lock in environment.DEVELOPMENT}
    stamp = {"python": platform.python_version(), "locks": locks}
    (project.venv / environment.STAMP).write_text(json.dumps(stamp))
    return project


@pytest.fixture
def checkout(installed: Project) -> Project:
    """Everything that `run.py` starts, in miniature; what was started is written to calls.txt."""
    shutil.copy(REPOSITORY / "run.py", installed.root)
    shutil.copytree(REPOSITORY / "broadcaster" / "bootstrap", installed.root / "broadcaster" / "bootstrap")
    for name, text in {"fake.py": SERVER, "gunicorn.py": GUNICORN, "manage.py": MANAGE}.items():
        (installed.root / name).write_text(text)
    return installed

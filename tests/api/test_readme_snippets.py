"""Each snippet of the README's section about the API runs as printed, one after the other, in a shell or in Python."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from broadcaster.models import ApiToken, Broadcast
from tests.api.calling import user
from tests.leaving_out import left_out
from tests.running import ROOT, database_url
from tests.sending.broadcasts import channel_and_template

SECTION = (ROOT / "README.md").read_text("utf-8").partition("\n## API\n")[2].partition("\n## ")[0]
SNIPPETS = re.findall(r"^```(\w+)\n(.+?)^```$", SECTION, re.MULTILINE | re.DOTALL)
PATIENCE_S = 120


@pytest.fixture
def environment(live_server: LiveServer, tmp_path: Path) -> dict[str, str]:
    """What the snippets find around them: an installation with the demo's channel, and its program's Python."""
    user("Operator", "admin")
    channel_and_template("rapidpro")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "manage.py").symlink_to(ROOT / "manage.py")
    found = {"BROADCASTER_URL": live_server.url, "DATABASE_URL": database_url(), "PWD": str(tmp_path)}
    return {**os.environ, **found}


def run(words: list[str], environment: dict[str, str]) -> str:
    """What the snippet prints; fails with what it complains of."""
    done = subprocess.run(
        words, cwd=environment["PWD"], env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_every_snippet_runs_as_printed(environment: dict[str, str]) -> None:
    if not shutil.which("curl"):
        left_out("the README's snippets need curl: apt install curl")
    (_, first), *others = SNIPPETS
    environment["TOKEN"] = run(["bash", "-euc", f'{first}\nprintf %s "$TOKEN"'], environment)
    assert re.fullmatch("[0-9a-f]{40}", environment["TOKEN"])
    told = [
        run(["bash", "-euc", code] if language == "sh" else [sys.executable, "-c", code], environment)
        for language, code in others
    ]
    assert [len(told), ApiToken.objects.count(), Broadcast.objects.count()] == [3, 1, 3]
    assert "tel:+628123456789" in told[0]
    assert told[1].endswith("interrupted\n")
    assert told[2].count("Hello @contact.name") == 3

"""What a machine cannot test is left out with one line; where nothing may be left out, it fails."""

import os
from typing import NoReturn

import pytest


def left_out(what: str) -> NoReturn:
    """Skip the test, or fail it where BROADCASTER_TEST_ALL is set."""
    if os.environ.get("BROADCASTER_TEST_ALL") == "1":
        pytest.fail(f"BROADCASTER_TEST_ALL is set, so nothing may be left out: {what}")
    pytest.skip(what)

"""A process whose clock is wrong sees another time of day, and the same durations."""

import os
import subprocess
import sys

import pytest

from tests.running import ROOT

LOOK = """
import django, time
django.setup()
from django.utils import timezone
print(time.time(), timezone.now().timestamp())
"""


@pytest.mark.parametrize("seconds", [-7_200, 7_200])
def test_a_wrong_clock_is_wrong_everywhere(seconds: int) -> None:
    environment = {**os.environ, "CLOCK_SKEW_S": str(seconds), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    right, wrong = (
        [float(word) for word in subprocess.check_output([sys.executable, "-c", LOOK], cwd=ROOT, env=env).split()]
        for env in ({**environment, "CLOCK_SKEW_S": "0"}, environment)
    )
    assert [round((there - here - seconds) / 600) for here, there in zip(right, wrong, strict=True)] == [0, 0]

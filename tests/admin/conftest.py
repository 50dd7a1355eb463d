"""Pages are served with their static files' folder in place, as after `collectstatic`; its absence is a warning."""

import pytest
from django.conf import settings


@pytest.fixture(scope="session", autouse=True)
def static_root() -> None:
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)

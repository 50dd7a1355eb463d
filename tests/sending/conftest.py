"""What several of the engine's test modules ask for."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

import providers
from broadcaster.models import MediaFile
from tests.files import stored
from tests.queued import clear
from tests.sending.libraries import Library
from tests.simulating import Simulator


@pytest.fixture
def empty_queue(db: None) -> None:
    """No task of another test waits."""
    clear()


@pytest.fixture
def silent() -> Iterator[Simulator]:
    """A provider that takes every message and answers after half a minute."""
    with Simulator.start(latency_ms=30_000) as simulator:
        yield simulator


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings) -> Library:
    """A provider that is given files, which lie in a place of their own."""
    settings.MEDIA_ROOT = tmp_path / "files"
    library = Library()
    kind = providers.client_class("rapidpro")
    monkeypatch.setattr(kind, "upload", staticmethod(library.upload))
    monkeypatch.setattr(kind, "capabilities", replace(kind.capabilities, media=True))
    return library


@pytest.fixture
def file(library: Library) -> MediaFile:
    """A file that was uploaded here."""
    return stored()

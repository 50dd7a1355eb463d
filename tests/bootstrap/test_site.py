"""Settings that follow from host and ports."""

import socket
from pathlib import Path

import pytest

from broadcaster.bootstrap.project import Project
from broadcaster.bootstrap.site import Site


def test_the_children_are_told_where_the_site_is(tmp_path: Path) -> None:
    settings = Site("127.0.0.1", 8001, 8700).environment(Project(tmp_path))

    assert settings["PUBLIC_URL"] == "http://127.0.0.1:8001"
    assert settings["SIMULATOR_URL"] == "http://127.0.0.1:8700"
    assert settings["ALLOWED_HOSTS"].split(",") == ["127.0.0.1", "localhost", socket.gethostname()]


def test_a_persons_own_address_stays(tmp_path: Path) -> None:
    project = Project(tmp_path, {"PUBLIC_URL": "https://own.example", "ALLOWED_HOSTS": "own.example"})
    site = Site("127.0.0.1", 8001)

    assert not {"PUBLIC_URL", "ALLOWED_HOSTS"} & site.environment(project).keys()
    assert site.public_url(project) == "https://own.example"


def test_an_empty_site_has_no_simulator(tmp_path: Path) -> None:
    assert "SIMULATOR_URL" not in Site(simulator_port=None).environment(Project(tmp_path))


def test_a_site_on_all_interfaces_is_reached_from_outside_and_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("broadcaster.bootstrap.ports.reachable_host", lambda host: "192.0.2.7")
    site = Site("0.0.0.0", 8000)  # noqa: S104
    settings = site.environment(Project(tmp_path))

    assert (site.binding, site.local_url) == ("0.0.0.0:8000", "http://127.0.0.1:8000")
    assert settings["PUBLIC_URL"] == "http://192.0.2.7:8000"
    assert {"127.0.0.1", "192.0.2.7"} <= set(settings["ALLOWED_HOSTS"].split(","))


def test_an_ipv6_site_is_written_in_brackets() -> None:
    assert Site("::1", 8000).local_url == "http://[::1]:8000"

"""A pytest plugin for the second run, on another database: leaves out every test that no database could change."""

from typing import Any

import pytest

DATABASE_FIXTURES = frozenset({"db", "transactional_db", "live_server", "admin_user", "admin_client"})
DATABASE_MARKERS = ("django_db", "postgres", "redis")


def pytest_collection_modifyitems(config: pytest.Config, items: list[Any]) -> None:
    left_out = [item for item in items if not depends_on_database(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


def depends_on_database(item: Any) -> bool:
    marked = any(item.get_closest_marker(name) for name in DATABASE_MARKERS)
    return marked or not DATABASE_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))

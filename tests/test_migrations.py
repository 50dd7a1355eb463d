"""What an installation that is in use meets when it is upgraded."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

INDEX = "contact_by_change"
BEFORE = "0014_webhooks"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def whole_again() -> Iterator[None]:
    yield
    migrate()


def migrate(*target: str) -> list[str]:
    """Migrate to here, or to the newest; the statements."""
    with CaptureQueriesContext(
        connection,
    ) as statements:
        call_command("migrate", "broadcaster", *target, verbosity=0)
    return [statement["sql"] for statement in statements]


def definition() -> str:
    """How the index was made; empty where there is none."""
    words = {"postgresql": "indexdef FROM pg_indexes WHERE indexname", "sqlite": "sql FROM sqlite_master WHERE name"}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {words[connection.vendor]} = %s", [INDEX])
        row = cursor.fetchone()
    return str(row[0]).replace('"', "") if row else ""


def test_contacts_are_written_to_while_their_index_is_built() -> None:
    migrate(BEFORE)
    assert definition() == ""
    (built,) = [sql for sql in migrate() if sql.startswith("CREATE INDEX") and INDEX in sql]
    assert ("CONCURRENTLY" in built) == (connection.vendor == "postgresql")
    assert "(modified_at, id)" in definition()


def test_an_index_that_an_upgrade_left_half_built_is_made_anew() -> None:
    migrate(BEFORE)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE INDEX {INDEX} ON broadcaster_contact (id)")
    migrate()
    assert "(modified_at, id)" in definition()

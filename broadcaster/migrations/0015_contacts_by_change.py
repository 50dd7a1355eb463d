"""Contacts are listed by their last change. There may be millions, and they are written to while the index is built."""

from typing import Any

from django.db import migrations, models

NAME = "contact_by_change"


class AddIndexQuietly(migrations.AddIndex):
    """As AddIndexConcurrently, which only PostgreSQL has. One that an earlier try left half built is made anew."""

    atomic = False

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        is_postgres = schema_editor.connection.vendor == "postgresql"
        schema_editor.execute(f"DROP INDEX {'CONCURRENTLY ' if is_postgres else ''}IF EXISTS {self.index.name}")
        options = {"concurrently": True} if is_postgres else {}
        schema_editor.add_index(to_state.apps.get_model(app_label, self.model_name), self.index, **options)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("broadcaster", "0014_webhooks")]

    operations = [AddIndexQuietly("contact", models.Index(fields=["modified_at", "id"], name=NAME))]

"""Channels and templates get the names by which programs know them."""

import uuid

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

NAMED = ("channel", "template")


def name_each(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for model in NAMED:
        rows = apps.get_model("broadcaster", model).objects
        for pk in rows.filter(uuid=None).values_list("pk", flat=True):
            rows.filter(pk=pk).update(uuid=uuid.uuid4())


def field(**options: bool) -> models.UUIDField:
    return models.UUIDField(default=uuid.uuid4, editable=False, **options)


class Migration(migrations.Migration):
    dependencies = [("broadcaster", "0011_programs")]

    operations = [
        *(migrations.AddField(model, "uuid", models.UUIDField(null=True, editable=False)) for model in NAMED),
        migrations.RunPython(name_each, migrations.RunPython.noop),
        *(migrations.AlterField(model, "uuid", field(unique=True)) for model in NAMED),
    ]

"""A small file on its way in, as a person takes it: choose it, look at the preview, confirm."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse


def address(model: str, step: str = "import") -> str:
    return reverse(f"admin:broadcaster_{model}_{step}")


def check(client: Client, model: str, content: str | bytes) -> Any:
    """Upload the file; nothing is saved by that."""
    data = content.encode() if isinstance(content, str) else content
    return client.post(address(model), {"format": "0", "import_file": SimpleUploadedFile("table.csv", data)})


def confirm(client: Client, model: str, page: Any, **changes: str) -> Any:
    """Press the button below the preview."""
    form = page.context["confirm_form"]
    given = {name: form[name].value() for name in form.fields} | changes
    return client.post(address(model, "process_import"), given, follow=True)


def bring_in(client: Client, model: str, content: str | bytes) -> Any:
    """Upload the file and confirm."""
    return confirm(client, model, check(client, model, content))


def totals(page: Any) -> tuple[int, int, int]:
    """What the preview announces: new, updated, unchanged."""
    found = page.context["result"].totals
    return found["new"], found["update"], found["skip"]

"""People in front of the journey's pages, and broadcasts at each of its steps."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from broadcaster import tasks
from broadcaster.audience import uploads
from broadcaster.models import AudienceUpload, Broadcast, Contact, Group
from tests.content.conftest import make_channel, make_template

CSV = "Phone;Name;Amount\n0812-3456-7890;Ann;10\n0812-3456-7891;Budi;20\n"
OPERATOR = (
    *("view_broadcast", "add_broadcast", "change_broadcast", "send_broadcast"),
    *("add_audienceupload", "view_audienceupload", "add_group", "view_message"),
)
FRAGMENT = {"HX-Request": "true"}


def address(name: str, broadcast: Broadcast | None = None) -> str:
    return reverse(f"admin:broadcast_{name}", args=[broadcast.pk] if broadcast else [])


def csv_file(text: str | bytes = CSV, name: str = "june.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text)


def words(response: Any) -> str:
    """The page as text on one line, as a person reads it."""
    content = response.content if isinstance(response, HttpResponse) else b"".join(response.streaming_content)
    return " ".join(content.decode().replace("&#x27;", "'").split())


def person(*permissions: str, name: str = "operator") -> User:
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


@pytest.fixture(autouse=True)
def files(tmp_path: Path, settings: Settings) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def operator(db: None) -> User:
    return person(*OPERATOR)


@pytest.fixture
def browser(client: Client, operator: User) -> Client:
    client.force_login(operator)
    return client


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The imports that workers were asked for."""
    asked: list[int] = []
    monkeypatch.setattr(tasks, "wake_import", asked.append)
    return asked


Draft = Callable[..., Broadcast]


@pytest.fixture
def draft(operator: User) -> Draft:
    """A draft that has what is asked for: a group of two, a channel and a template."""

    def make(*, text: str = "Hello @contact.name", **fields: Any) -> Broadcast:
        group = fields.pop("group", None) or group_of("+6281234567890", "+6281234567891")
        given: dict[str, Any] = {"author": operator}
        if "channel" not in fields:
            given["channel"] = make_channel()
        if "template" not in fields:
            given["template"] = make_template(eng={"text": text})
        broadcast = Broadcast.objects.create(**{"name": "June reminder", **given, **fields})
        broadcast.groups.set([group])
        return broadcast

    return make


@pytest.fixture
def with_file(operator: User) -> Draft:
    """A draft with a file that waits for its columns."""

    def make(text: str | bytes = CSV, name: str = "june.csv", **fields: Any) -> Broadcast:
        upload = uploads.receive(csv_file(text, name), author=operator, region="ID")
        return Broadcast.objects.create(**{"name": "June reminder", "upload": upload, **fields})

    return make


def group_of(*phones: str, name: str = "Customers") -> Group:
    group = Group.objects.create(name=name)
    group.contacts.set([Contact.objects.get_or_create(phone=phone, defaults={"name": "Ann"})[0] for phone in phones])
    return group


def upload_of(broadcast: Broadcast) -> AudienceUpload:
    """The broadcast's file as the database has it now."""
    return AudienceUpload.objects.get(broadcast=broadcast)

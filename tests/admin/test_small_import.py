"""The way of a small file from its choice to the records: who may, what is kept meanwhile, and all or nothing."""

import os
from pathlib import Path
from time import time
from typing import Any

import pytest
from django.contrib.auth.models import Group as Role
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django.fixtures import Settings

from broadcaster.admin import small_import
from broadcaster.audience import stored
from broadcaster.models import Contact, Group, Template
from broadcaster.reports import retention
from broadcaster.roles import ROLES, ensure_roles
from tests.admin.imported import address, bring_in, check, confirm
from tests.admin.people import logged_in, messages_of, text_of

pytestmark = pytest.mark.django_db

FILES = {
    "contact": "phone,name\n+6281234567890,Ann\n",
    "group": "name\nVIP\n",
    "template": "name,kind,language,content_text\nHello,text,eng,Hi\n",
}
LIBRARY = ("import_export", "tablib", "Traceback", "Exception", "Error(")


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings: Settings) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path / stored.UNCONFIRMED


@pytest.fixture
def operator() -> Client:
    return logged_in("view_group", "add_group", "change_group")


def waiting(root: Path) -> int:
    return len(list(root.iterdir())) if root.exists() else 0


@pytest.mark.parametrize("model", FILES)
@pytest.mark.parametrize("role", [*ROLES, "Admin"])
def test_operators_and_admins_import_and_nobody_else(role: str, model: str) -> None:
    ensure_roles()
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Role.objects.get(name=role))
    client = Client()
    client.force_login(user)
    may = role in ("Operator", "Admin")
    assert client.get(address(model)).status_code == (200 if may else 403)
    assert client.post(address(model, "process_import")).status_code == (302 if may else 403)
    if may:
        assert "Imported: 1 new" in messages_of(bring_in(client, model, FILES[model]))


def test_a_file_waits_for_its_confirmation_and_no_longer(operator: Client, root: Path) -> None:
    page = check(operator, "group", "name\nVIP\n")
    assert waiting(root) == 1
    confirm(operator, "group", page)
    assert waiting(root) == 0
    assert "gone" in messages_of(confirm(operator, "group", page))
    assert Group.objects.count() == 1


@pytest.mark.parametrize("content", ["name\n\n", "nonsense\nVIP\n", f"name\n{'N' * 65}\n"])
def test_a_file_that_cannot_be_confirmed_is_not_kept(operator: Client, root: Path, content: str) -> None:
    check(operator, "group", content)
    assert waiting(root) == 0


def test_a_file_that_nobody_confirms_is_cleared_up_after_a_day(operator: Client, root: Path) -> None:
    for name in ("VIP", "Java"):
        check(operator, "group", f"name\n{name}\n")
    long_ago = time() - stored.KEPT.total_seconds() - 60
    os.utime(next(root.iterdir()), (long_ago, long_ago))
    assert (retention.discard_old_files(), waiting(root)) == (1, 1)
    assert retention.discard_old_files() == 0


def test_nobody_confirms_what_another_person_chose(operator: Client) -> None:
    page = check(operator, "group", "name\nVIP\n")
    response = confirm(logged_in("view_group", "add_group"), "group", page)
    assert "The file that you checked is gone. Choose it again." in messages_of(response)
    assert not Group.objects.exists()


@pytest.mark.parametrize("name", ["", "../settings", "x:y:z"])
def test_nobody_names_a_file_that_was_not_chosen(operator: Client, name: str) -> None:
    page = check(operator, "group", "name\nVIP\n")
    assert "is gone" in messages_of(confirm(operator, "group", page, import_file_name=name))


@pytest.mark.parametrize("changes", [{"format": "9"}, {"format": "x"}, {"resource": "7"}, {"original_file_name": ""}])
def test_what_else_the_form_says_is_of_no_account(operator: Client, changes: dict[str, str]) -> None:
    page = check(operator, "group", "name\nVIP\n")
    confirm(operator, "group", page, **changes)
    assert Group.objects.get().name == "VIP"


def test_a_row_that_is_refused_in_the_meantime_stops_all_of_it(operator: Client) -> None:
    page = check(operator, "group", "name,phone\nVIP,\nJava,\n")
    Group.objects.create(name="Java", rule={"all": []})
    Contact.objects.create(phone="+6281234567890")
    again = check(operator, "group", "name,phone\nNew,\nOther,+6281234567890\n")
    Contact.objects.all().delete()
    response = confirm(operator, "group", again)
    assert "There is no contact +6281234567890." in text_of(response)
    assert "Nothing was imported." in text_of(response)
    assert "Imported: 1 new, 0 updated, 1 unchanged." in messages_of(confirm(operator, "group", page))
    assert set(Group.objects.values_list("name", flat=True)) == {"VIP", "Java"}


def test_a_file_that_is_far_too_large_is_not_read(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small_import, "SIZE_LIMIT_BYTES", 3)
    errors = check(operator, "group", "name\nVIP\n").context["form"].errors["import_file"]
    assert errors == ["The file is larger than 0 MB. Take fewer rows."]


def broken(*args: Any, **kwargs: Any) -> None:
    raise RuntimeError("tablib: a secret of the server")


def test_an_error_that_nobody_foresaw_is_a_sentence_on_the_page_and_a_line_in_the_log(
    operator: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Group, "save", broken)
    html = text_of(check(operator, "group", "name\nVIP\n"))
    assert "Row 2: this row could not be saved." in html
    assert not any(word in html for word in (*LIBRARY, "secret of the server"))
    assert "secret of the server" in caplog.text


@pytest.mark.parametrize("model", FILES)
def test_the_page_says_what_to_choose_and_names_no_library(model: str) -> None:
    html = text_of(logged_in(f"add_{model}").get(address(model)))
    assert "A CSV or Excel file of at most 5,000 rows" in html
    assert not any(word in html for word in LIBRARY)


def test_a_wrong_kind_of_file_gets_a_sentence(operator: Client) -> None:
    page = operator.post(address("group"), {"format": "0", "import_file": SimpleUploadedFile("a.png", b"\x89PNG" * 99)})
    assert page.status_code == 200
    assert page.context["form"].errors["import_file"]
    assert not Template.objects.exists()

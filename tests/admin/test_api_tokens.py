"""The pages of API tokens: made for one's own programs, shown once, revoked and kept on record."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group as Role
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from broadcaster import tokens
from broadcaster.admin import token_form
from broadcaster.models import ApiToken
from broadcaster.roles import ROLES, ensure_roles
from tests.admin.exported import csv_rows
from tests.admin.people import messages_of, text_of
from tests.content.conftest import make_channel

pytestmark = pytest.mark.django_db

LIST = reverse("admin:broadcaster_apitoken_changelist")
ADD = reverse("admin:broadcaster_apitoken_add")
FORM = {"name": "Nightly export", "scope": "send", "ends": "never", "channel": "", "ends_on": ""}


def person(role: str, name: str = "olivia") -> User:
    ensure_roles()
    user = User.objects.create_user(name, is_staff=True)
    user.groups.add(Role.objects.get(name=role))
    return user


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def olivia() -> User:
    return person("Operator")


@pytest.fixture
def operator(olivia: User) -> Client:
    return browser(olivia)


@pytest.fixture
def administrator() -> Client:
    return browser(person("Admin", "ada"))


def page(token: ApiToken, name: str = "change") -> str:
    return reverse(f"admin:broadcaster_apitoken_{name}", args=[token.pk])


def token_of(user: User, **fields: Any) -> ApiToken:
    token, _ = tokens.create(user, name=f"Program of {user}")
    ApiToken.objects.filter(pk=token.pk).update(**fields)
    token.refresh_from_db()
    return token


def test_a_new_token_is_shown_once_and_kept_nowhere(operator: Client, olivia: User) -> None:
    shown = operator.post(ADD, FORM)
    key = shown.context["key"]
    assert shown.status_code == 200
    assert "no-store" in shown.headers["Cache-Control"]
    assert text_of(shown).count(key) == 1
    assert "cannot be shown again" in text_of(shown)
    token = tokens.find(key)
    assert token is not None
    assert (token.user, token.name, token.scope, token.expires_at) == (olivia, "Nightly export", "send", None)
    for address in (LIST, page(token), page(token, "history")):
        assert key not in text_of(operator.get(address))
    kept = [
        *LogEntry.objects.values(),
        *ApiToken.objects.values(),
        *(each.get_decoded() for each in Session.objects.all()),
    ]
    assert key not in str(kept)
    assert LogEntry.objects.get().object_repr == f"Nightly export (…{key[-4:]})"


@pytest.mark.parametrize(("ends", "days"), [("30", 30), ("90", 90), ("365", 365)])
def test_it_ends_after_so_many_days(operator: Client, ends: str, days: int) -> None:
    operator.post(ADD, FORM | {"ends": ends, "ends_on": "2000-01-01"})
    expires_at = ApiToken.objects.get().expires_at
    assert expires_at is not None
    assert timedelta(minutes=-1) < expires_at - timezone.now() - timedelta(days=days) <= timedelta()


def test_it_is_good_until_the_end_of_its_last_day(operator: Client, settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Jakarta"
    with time_machine.travel(datetime(2026, 6, 1, 16, 59, tzinfo=UTC), tick=False):
        operator.post(ADD, FORM | {"ends": "date", "ends_on": "2026-06-01"})
    assert ApiToken.objects.get().expires_at == datetime(2026, 6, 1, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"ends": "date"}, token_form.NO_DATE),
        ({"ends": "date", "ends_on": "2020-01-01"}, token_form.PAST),
        ({"ends": "date", "ends_on": "soon"}, "Enter a valid date."),
        ({"ends": "date", "ends_on": "9999-12-31"}, token_form.TOO_LATE),
        ({"ends": "1"}, "Select a valid choice."),
        ({"scope": "all"}, "Select a valid choice."),
        ({"name": ""}, "This field is required."),
        ({"channel": "77"}, "Select a valid choice."),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(operator: Client, wrong: dict[str, str], sentence: str) -> None:
    assert sentence in text_of(operator.post(ADD, FORM | wrong))
    assert not ApiToken.objects.exists()


def test_a_token_may_have_a_channel(operator: Client) -> None:
    channel = make_channel("rapidpro")
    operator.post(ADD, FORM | {"channel": str(channel.pk)})
    assert ApiToken.objects.get().channel == channel


def test_only_who_manages_tokens_makes_them_for_others(operator: Client, administrator: Client, olivia: User) -> None:
    ada = User.objects.get(username="ada")
    operator.post(ADD, FORM | {"user": str(ada.pk)})
    assert list(ApiToken.objects.values_list("user", flat=True)) == [olivia.pk]
    assert 'name="user"' not in text_of(operator.get(ADD))
    administrator.post(ADD, FORM | {"user": str(olivia.pk)})
    assert list(ApiToken.objects.values_list("user", flat=True)) == [olivia.pk] * 2


@pytest.mark.parametrize(
    ("name", "is_superuser", "may"), [("root", False, False), ("gone", True, False), ("root", True, True)]
)
def test_nobody_gets_a_token_of_somebody_who_may_more_than_roles_give(
    name: str, *, is_superuser: bool, may: bool
) -> None:
    User.objects.create_user("root", is_superuser=True)
    User.objects.create_user("gone", is_active=False)
    ada = person("Admin", "ada")
    ada.is_superuser = is_superuser
    ada.save()
    browser(ada).post(ADD, FORM | {"user": str(User.objects.get(username=name).pk)})
    assert ApiToken.objects.exists() == may


def test_everybody_sees_their_own_and_who_manages_them_sees_all(
    operator: Client, administrator: Client, olivia: User
) -> None:
    own, other = token_of(olivia), token_of(person("Approver", "arno"))
    seen = [text_of(client.get(LIST)) for client in (operator, administrator)]
    assert [f">{own.hint}<" in html for html in seen] == [True, True]
    assert [f">{other.hint}<" in html for html in seen] == [False, True]
    for name in ("change", "revoke", "history"):
        assert operator.get(page(other, name)).status_code in {302, 404}
        assert administrator.get(page(other, name)).status_code == 200
    operator.post(page(other, "revoke"))
    other.refresh_from_db()
    assert other.revoked_at is None
    exported = [len(csv_rows(client, "broadcaster_apitoken")) for client in (operator, administrator)]
    assert exported == [1, 2]


@pytest.mark.parametrize(("role", "status"), [*((role, 200) for role in ROLES if role != "Viewer"), ("Viewer", 403)])
def test_who_may_send_or_approve_may_have_tokens(role: str, status: int) -> None:
    client = browser(person(role))
    assert [client.get(address).status_code for address in (LIST, ADD)] == [status] * 2


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, "Valid"),
        ({"expires_at": timezone.now() + timedelta(hours=1)}, "Valid"),
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "Expired"),
        ({"revoked_at": timezone.now()}, "Revoked"),
        ({"revoked_at": timezone.now(), "expires_at": timezone.now() - timedelta(days=1)}, "Revoked"),
    ],
)
def test_the_list_tells_whether_a_token_opens_anything(
    operator: Client, olivia: User, fields: dict[str, Any], state: str
) -> None:
    token = token_of(olivia, **fields)
    html = text_of(operator.get(LIST))
    assert [word for word in ("Valid", "Expired", "Revoked") if f">{word}</span>" in html] == [state]
    assert ("Revoke…" in text_of(operator.get(page(token)))) == (state != "Revoked")


def test_revoking_asks_first_and_stays_on_record(operator: Client, olivia: User) -> None:
    token = token_of(olivia)
    assert f"Revoke {token}?" in text_of(operator.get(page(token, "revoke")))
    assert ApiToken.objects.filter(revoked_at=None).exists()
    assert f"{token} is revoked." in messages_of(operator.post(page(token, "revoke"), follow=True))
    revoked = ApiToken.objects.exclude(revoked_at=None).get()
    assert LogEntry.objects.get().change_message == "Revoked."
    assert f"{token} was revoked before." in messages_of(operator.post(page(token, "revoke"), follow=True))
    assert ApiToken.objects.get().revoked_at == revoked.revoked_at


def test_revoking_takes_the_form_s_own_token(olivia: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(olivia)
    assert strict.post(page(token_of(olivia), "revoke")).status_code == 403


def test_whoever_may_only_look_revokes_nothing(olivia: User) -> None:
    token = token_of(olivia)
    olivia.groups.clear()
    assert browser(olivia).post(page(token, "revoke")).status_code == 403


@pytest.mark.parametrize("client_name", ["operator", "administrator"])
def test_nothing_of_a_token_is_changed_or_deleted(
    client_name: str, olivia: User, request: pytest.FixtureRequest
) -> None:
    client = request.getfixturevalue(client_name)
    token = token_of(olivia)
    client.post(page(token), FORM | {"scope": "admin"})
    client.post(page(token, "delete"), {"post": "yes"})
    client.post(LIST, {"action": "delete_selected", "_selected_action": token.pk, "post": "yes"})
    assert ApiToken.objects.get().scope == "read"
    html = text_of(client.get(page(token)))
    assert (page(token, "delete") in html, 'name="scope"' in html) == (False, False)


def test_a_person_with_tokens_can_be_deleted_with_them(administrator: Client, olivia: User) -> None:
    token_of(olivia)
    administrator.post(reverse("admin:auth_user_delete", args=[olivia.pk]), {"post": "yes"})
    assert not ApiToken.objects.exists()


def test_an_abbreviation_keeps_its_capitals(operator: Client, olivia: User) -> None:
    token_of(olivia)
    assert "1 API token" in " ".join(text_of(operator.get(LIST)).split())
    assert "No API tokens fit" in text_of(operator.get(LIST, {"q": "nothing"}))

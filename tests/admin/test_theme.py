"""The frame around all pages: the way in, the sidebar, the words of an error, and no library's name anywhere."""

from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.views.defaults import server_error

from broadcaster import theme
from broadcaster.settings import REDIS_URL
from tests.admin.people import logged_in, text_of
from tests.admin.reading import visible

BROADCASTS = "/admin/broadcaster/broadcast/"
LIBRARIES = ("django", "axes", "import-export", "import_export", "unfold", "tablib")


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("ayu", password="right", is_staff=True, is_superuser=True)


@pytest.mark.parametrize("address", ["/", "/admin/", "/admin/broadcaster/", "/admin/auth/", "/admin/django_q/"])
def test_every_way_in_ends_at_the_broadcasts(address: str, admin_client: Client) -> None:
    response = admin_client.get(address, follow=True)
    assert response.status_code == 200
    assert response.request["PATH_INFO"] == BROADCASTS


@pytest.mark.parametrize("address", ["/", "/admin/login/", "/admin/login/?next=https://evil.example/"])
def test_the_login_leads_to_the_broadcasts(address: str, person: User, client: Client) -> None:
    door = client.get(address, follow=True).context["app_path"]
    landed = client.post(door, {"username": "ayu", "password": "right"}, follow=True)
    assert landed.request["PATH_INFO"] == BROADCASTS
    assert landed.status_code == 200


def test_a_wrong_password_is_refused_in_plain_words(person: User, client: Client) -> None:
    response = client.post("/admin/login/", {"username": "ayu", "password": "wrong"})
    assert "The username or the password is wrong." in text_of(response)
    assert "staff" not in visible(text_of(response))


def test_too_many_attempts_end_at_a_locked_door(person: User, client: Client) -> None:
    wrong = {"username": "ayu", "password": "wrong"}
    for _ in range(settings.AXES_FAILURE_LIMIT):
        response = client.post("/admin/login/", wrong)
    assert response.status_code == 429
    assert "Wait 15 minutes" in text_of(response)
    assert client.post("/admin/login/", wrong | {"password": "right"}).status_code == 429


def test_the_locked_door_tells_the_true_time() -> None:
    assert settings.AXES_COOLOFF_TIME * 60 == 15


def sidebar(client: Client) -> list[str]:
    groups = client.get(BROADCASTS).context["sidebar_navigation"]
    return [item["title"] for group in groups for item in group["items"] if item["has_permission"]]


def test_an_administrator_sees_all_of_the_sidebar(admin_client: Client) -> None:
    assert sidebar(admin_client) == [
        "Broadcasts", "Message log", "Audience files", "Contacts", "Groups", "Opt-outs", "Templates",
        "Account templates", "Media", "Channels", "Webhooks", "Users", "Roles", "API tokens", "API reference",
        "Scheduled tasks", "Failures", *([] if REDIS_URL else ["Queue"]),
    ]  # fmt: skip


def test_the_sidebar_shows_what_the_person_may_view(db: None) -> None:
    client = logged_in("view_broadcast", "view_contact")
    assert sidebar(client) == ["Broadcasts", "Contacts"]
    assert "Failures" not in visible(text_of(client.get(BROADCASTS)))


def test_every_line_of_the_sidebar_opens(admin_client: Client) -> None:
    for group in theme.NAVIGATION:
        for item in group["items"]:
            assert admin_client.get(str(item["link"])).status_code == 200, item["title"]


def test_the_queue_is_not_offered_where_redis_keeps_it(settings: object, admin_client: Client) -> None:
    settings.Q_CLUSTER = {"redis": "redis://nowhere"}  # type: ignore[attr-defined]
    assert "Queue" not in sidebar(admin_client)


def pages() -> list[str]:
    lists = [str(item["link"]) for group in theme.NAVIGATION for item in group["items"]]
    return [*lists, "/admin/password_change/", "/admin/auth/group/add/", "/admin/auth/user/add/"]


@pytest.mark.parametrize("address", pages())
def test_no_page_names_a_library(address: str, admin_client: Client) -> None:
    shown = visible(text_of(admin_client.get(address))).lower()
    assert "broadcaster" in shown
    assert [name for name in LIBRARIES if name in shown] == []


def test_the_login_names_the_product_and_no_library(client: Client, db: None) -> None:
    shown = visible(text_of(client.get("/admin/login/"))).lower()
    assert "welcome back to broadcaster" in shown
    assert [name for name in LIBRARIES if name in shown] == []


def test_nothing_is_registered_that_no_page_was_made_for() -> None:
    foreign = {model._meta.label for model in admin.site._registry if model._meta.app_label != "broadcaster"}
    assert foreign == {"auth.User", "auth.Group", "django_q.Schedule", "django_q.Failure", "django_q.OrmQ"}
    assert {type(page).__module__.partition(".")[0] for page in admin.site._registry.values()} == {"broadcaster"}


@pytest.mark.parametrize("page", ["400.html", "403.html", "404.html", "500.html", "403_csrf.html", "locked_out.html"])
def test_an_error_page_needs_nothing_and_says_one_thing(page: str) -> None:
    html = render_to_string(page)
    assert html.count("<h1>") == html.count("<p>") == 1
    assert "{{" not in html
    assert [name for name in LIBRARIES if name in visible(html).lower()] == []


def test_an_unknown_address_and_a_forbidden_page_are_answered_in_our_words(db: None) -> None:
    client = logged_in("view_broadcast")
    missing, forbidden = client.get("/nowhere/"), client.get(reverse("admin:auth_user_changelist"))
    assert (missing.status_code, forbidden.status_code) == (404, 403)
    assert "There is nothing here" in text_of(missing)
    assert "ask an administrator" in text_of(forbidden)


def test_a_form_without_its_token_is_answered_in_our_words(person: User) -> None:
    response = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "ayu", "password": "right"})
    assert response.status_code == 403
    assert "send the form once more" in text_of(response)


def test_a_crash_shows_a_sentence_and_no_trace() -> None:
    response = server_error(HttpRequest())
    assert response.status_code == 500
    assert "Something went wrong on our side" in text_of(response)


def test_no_page_carries_a_script_that_the_browser_would_refuse(admin_client: Client) -> None:
    for address in pages():
        response = admin_client.get(address)
        assert "'unsafe-inline'" not in response["Content-Security-Policy"].partition("script-src")[2].partition(";")[0]
        html = text_of(response)
        scripts = [tag.partition(">")[0] for tag in html.split("<script")[1:]]
        assert all("src=" in script or "application/json" in script for script in scripts), address
        assert " onclick=" not in html


@pytest.mark.parametrize("asset", ["app.css", "logo.svg", "favicon.svg", "login.svg"])
def test_the_theme_s_files_are_there(asset: str) -> None:
    assert Path(settings.STATICFILES_DIRS[0], "broadcaster", asset).is_file()

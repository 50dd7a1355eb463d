"""The pages behind the pages: users, roles and the queue, for those who administer."""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import Failure, OrmQ, Schedule, Task
from django_q.tasks import async_task

from broadcaster import roles
from broadcaster.settings import REDIS_URL
from tests.admin.people import logged_in, text_of
from tests.admin.reading import visible
from tests.queued import queued

USERS = reverse("admin:auth_user_changelist")
ROLES = reverse("admin:auth_group_changelist")
SCHEDULED = reverse("admin:django_q_schedule_changelist")
FAILURES = reverse("admin:django_q_failure_changelist")
QUEUE = reverse("admin:django_q_ormq_changelist")


@pytest.fixture
def operator_role(db: None) -> Group:
    roles.ensure_roles()
    return Group.objects.get(name="Operator")


def make_failure(**fields: Any) -> Failure:
    now = timezone.now()
    task = {"func": "broadcaster.tasks.poll_channel", "args": (7,), "started": now, "stopped": now, "success": False}
    return Failure.objects.create(id=uuid.uuid4().hex, name="poll", **task | fields)


@pytest.mark.parametrize("address", [USERS, ROLES, SCHEDULED, FAILURES, QUEUE])
def test_the_system_is_closed_to_those_without_a_permission(address: str, db: None) -> None:
    assert logged_in("view_broadcast", "view_message").get(address).status_code == 403


def test_the_admin_role_opens_the_system(operator_role: Group, client: Client) -> None:
    person = User.objects.create_user("ayu", is_staff=True)
    person.groups.add(Group.objects.get(name="Admin"))
    client.force_login(person)
    assert {client.get(address).status_code for address in (USERS, ROLES, SCHEDULED, FAILURES, QUEUE)} == {200}


def test_the_list_of_users_shows_their_roles(admin_client: Client, operator_role: Group) -> None:
    User.objects.create_user("budi", first_name="Budi", last_name="Santoso").groups.add(operator_role)
    shown = visible(text_of(admin_client.get(USERS)))
    assert "Budi Santoso" in shown
    assert "Operator" in shown
    assert "Everything" in shown


def test_a_user_is_made_with_a_role_in_one_go(admin_client: Client, operator_role: Group) -> None:
    passwords = {"password1": "long enough 7", "password2": "long enough 7"}
    form = {"username": "citra", "is_staff": "on", "groups": [operator_role.pk], **passwords}
    response = admin_client.post(reverse("admin:auth_user_add"), form)
    assert response.status_code == 302
    person = User.objects.get(username="citra")
    assert person.check_password("long enough 7")
    assert (person.is_staff, person.groups.get()) == (True, operator_role)


def test_a_new_user_is_offered_the_pages(admin_client: Client) -> None:
    form = admin_client.get(reverse("admin:auth_user_add")).context["adminform"].form
    assert form.get_initial_for_field(form.fields["is_staff"], "is_staff") is True


def test_a_weak_password_is_refused(admin_client: Client) -> None:
    form = {"username": "dimas", "password1": "12345678", "password2": "12345678"}
    assert "too common" in text_of(admin_client.post(reverse("admin:auth_user_add"), form))
    assert not User.objects.filter(username="dimas").exists()


def test_the_password_of_a_user_can_be_changed(admin_client: Client) -> None:
    person = User.objects.create_user("eka", password="old")
    page = reverse("admin:auth_user_password_change", args=[person.pk])
    admin_client.post(page, {"password1": "another one 8", "password2": "another one 8", "usable_password": "true"})
    person.refresh_from_db()
    assert person.check_password("another one 8")


def test_the_form_of_a_user_speaks_of_roles(admin_client: Client, admin_user: User) -> None:
    shown = visible(text_of(admin_client.get(reverse("admin:auth_user_change", args=[admin_user.pk]))))
    for expected in ("May log in", "May use these pages", "May do everything", "Roles"):
        assert expected in shown
    assert "staff" not in shown.lower()


def test_roles_are_called_roles(admin_client: Client, operator_role: Group) -> None:
    html = text_of(admin_client.get(ROLES))
    assert "<title>" in html
    assert "Roles | Broadcaster" in " ".join(html.split())
    assert "New role" in html


def test_a_role_offers_only_permissions_that_do_something(admin_client: Client, operator_role: Group) -> None:
    page = admin_client.get(reverse("admin:auth_group_change", args=[operator_role.pk]))
    offered = [label for _, label in page.context["adminform"].form.fields["permissions"].choices]
    assert "Can add role" in offered
    assert "Can schedule, pause, resume and cancel broadcasts" in offered
    assert not [label for label in offered if "log entry" in label or "session" in label or "permission" in label]


def test_a_role_can_be_given_a_permission(admin_client: Client, operator_role: Group) -> None:
    extra = Permission.objects.get(codename="delete_audienceupload")
    form = {"name": "Operator", "permissions": [extra.pk]}
    admin_client.post(reverse("admin:auth_group_change", args=[operator_role.pk]), form)
    assert list(operator_role.permissions.all()) == [extra]


def test_scheduled_tasks_are_read_in_plain_words(admin_client: Client) -> None:
    Schedule.objects.create(func="broadcaster.tasks.tick", schedule_type=Schedule.MINUTES, minutes=1)
    Schedule.objects.create(func="broadcaster.tasks.clean_up", schedule_type=Schedule.DAILY)
    shown = visible(text_of(admin_client.get(SCHEDULED)))
    for expected in ("Tick", "Every minute", "Clean up", "Daily"):
        assert expected in shown


def test_nobody_edits_a_schedule_as_one_bad_argument_stops_all(admin_client: Client) -> None:
    schedule = Schedule.objects.create(func="broadcaster.tasks.tick", args="1")
    page = reverse("admin:django_q_schedule_change", args=[schedule.pk])
    assert admin_client.post(page, {"args": "((("}).status_code == 403
    assert admin_client.get(reverse("admin:django_q_schedule_add")).status_code == 403


def test_a_failure_shows_its_error_without_a_trace(admin_client: Client) -> None:
    failure = make_failure(result="Connection refused : Traceback (most recent call last):\n File broker.py")
    for page in (FAILURES, reverse("admin:django_q_failure_change", args=[failure.pk])):
        html = text_of(admin_client.get(page))
        assert "Connection refused" in html
        assert "Poll channel" in html
        assert "Traceback" not in html


def test_a_failed_task_can_be_run_again(admin_client: Client) -> None:
    failure = make_failure()
    admin_client.post(FAILURES, {"action": "run_again", "_selected_action": [failure.pk]})
    assert queued() == [("poll_channel", (7,))]
    assert not Task.objects.exists()


def test_who_may_only_look_cannot_run_a_task_again(db: None) -> None:
    failure = make_failure()
    person = User.objects.create_user("viewer", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="view_failure"))
    client = Client()
    client.force_login(person)
    client.post(FAILURES, {"action": "run_again", "_selected_action": [failure.pk]})
    assert queued() == []


@pytest.mark.skipif(bool(REDIS_URL), reason="the queue is in Redis, so there is no page of it")
def test_the_queue_is_shown_and_can_be_thrown_away(admin_client: Client) -> None:
    async_task("broadcaster.tasks.run_pump", 3)
    waiting = OrmQ.objects.get()
    assert "Run pump" in visible(text_of(admin_client.get(QUEUE)))
    admin_client.post(reverse("admin:django_q_ormq_delete", args=[waiting.pk]), {"post": "yes"})
    assert not OrmQ.objects.exists()


@pytest.mark.parametrize(
    ("address", "words"),
    [(SCHEDULED, "No scheduled tasks"), (FAILURES, "No failures"), (QUEUE, "The queue is empty")],
)
def test_an_empty_page_says_so(address: str, words: str, admin_client: Client) -> None:
    assert words in visible(text_of(admin_client.get(address)))

"""`manage.py setup_site`: everything that a start needs, made once, told as one line of JSON."""

import json
from io import StringIO

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django_q.models import Schedule

from broadcaster import tasks
from broadcaster.models import Channel

pytestmark = pytest.mark.django_db


def setup_site(*arguments: str) -> dict[str, str | None]:
    out = StringIO()
    call_command("setup_site", *arguments, stdout=out)
    line, rest = out.getvalue().split("\n")
    assert rest == ""
    told: dict[str, str | None] = json.loads(line)
    return told


def test_the_first_start_makes_an_admin_who_can_log_in() -> None:
    told = setup_site()
    user = User.objects.get()
    assert (told["user"], user.is_superuser, user.is_staff) == ("admin", True, True)
    assert told["password"]
    assert len(told["password"]) >= 16
    assert user.check_password(told["password"])


def test_the_password_is_another_one_each_time() -> None:
    first = setup_site()["password"]
    User.objects.all().delete()
    assert setup_site()["password"] != first


def test_a_second_start_keeps_everything_and_tells_no_password() -> None:
    setup_site("--demo")
    before = list(User.objects.values())
    assert setup_site("--demo") == {"user": "admin", "password": None}
    assert list(User.objects.values()) == before
    assert (Group.objects.count(), Schedule.objects.count(), Channel.objects.count()) == (4, 1, 5)


def test_an_admin_who_is_there_already_is_enough() -> None:
    User.objects.create_superuser("boss", password="x")
    assert setup_site() == {"user": "boss", "password": None}
    assert User.objects.count() == 1


def test_the_tick_runs_every_minute_for_ever() -> None:
    setup_site()
    tick = Schedule.objects.get()
    assert (tick.func, tick.schedule_type, tick.minutes, tick.repeats) == (
        f"{tasks.__name__}.{tasks.tick.__name__}", Schedule.MINUTES, 1, -1,
    )  # fmt: skip


def test_a_tick_that_a_person_changed_stays() -> None:
    setup_site()
    Schedule.objects.update(minutes=5)
    setup_site()
    assert Schedule.objects.get().minutes == 5


def test_without_the_demo_there_is_nothing_in_it() -> None:
    setup_site()
    assert not Channel.objects.exists()


def test_the_demo_sends_to_the_simulator_that_is_named() -> None:
    setup_site("--demo", "--simulator-url", "http://127.0.0.1:8700/")
    assert Channel.objects.get(kind="khoros").config["base_url"] == "http://127.0.0.1:8700/khoros"

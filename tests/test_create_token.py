"""`manage.py create_token`: what a script gives and gets."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from broadcaster import tokens
from broadcaster.models import ApiToken
from tests.content.conftest import make_channel

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def olivia() -> User:
    return User.objects.create_user("olivia")


def run(*arguments: str) -> tuple[int, str, str]:
    """(Exit code, what was printed, what was said on stderr)."""
    output, errors = StringIO(), StringIO()
    code = 0
    try:
        call_command("create_token", *arguments, stdout=output, stderr=errors)
    except SystemExit as end:
        code = int(end.code or 0)
    return code, output.getvalue(), errors.getvalue()


def test_it_prints_the_token_alone(olivia: User) -> None:
    code, printed, said = run("olivia")
    assert (code, said) == (0, "")
    assert re.fullmatch(r"[0-9a-f]{40}\n", printed)
    found = tokens.find(printed.strip())
    assert found is not None
    assert (found.user, found.name, found.scope) == (olivia, "Made by create_token", "read")
    assert (found.channel, found.expires_at) == (None, None)


def test_it_is_as_it_was_asked_for() -> None:
    channel = make_channel("rapidpro")
    code, *_ = run("olivia", "--name", " Night  shift ", "--scope", "send", "--channel", channel.name, "--days", "90")
    token = ApiToken.objects.get()
    assert (code, token.name, token.scope, token.channel) == (0, "Night shift", "send", channel)
    assert token.expires_at is not None
    assert timedelta(minutes=-1) < token.expires_at - timezone.now() - timedelta(days=90) <= timedelta()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ghost"], "There is no user ghost. Give the name that the person logs in with.\n"),
        (["gone"], "gone may not log in, so a token would open nothing. Let gone log in first.\n"),
        (["olivia", "--channel", "X"], "There is no channel X. The channels are: none.\n"),
    ],
)
def test_whoever_or_whatever_is_not_there_is_named_in_a_sentence(arguments: list[str], sentence: str) -> None:
    User.objects.create_user("gone", is_active=False)
    assert run(*arguments) == (2, "", sentence)
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        *(["--days", days] for days in ("0", "-1", "1.5", "x", "36501", "9" * 5000, "\u0664")),
        *(["--name", name] for name in ("", " ", "x" * 101)),
        ["--scope", "all"],
    ],
)
def test_an_option_that_makes_no_sense_is_refused(wrong: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("create_token", "olivia", f"{wrong[0]}={wrong[1]}")
    assert not ApiToken.objects.exists()

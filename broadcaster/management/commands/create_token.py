"""`manage.py create_token USER`: a token of the API for one of this person's programs, alone on stdout.

    $ TOKEN=$(manage.py create_token olivia --name "Nightly export" --scope read --days 90)

Nobody can read the token again. The exit code is 2, with a sentence on stderr, where there is nobody or nothing of the
name.
"""

import sys
from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand
from django.utils import timezone

from broadcaster import tokens
from broadcaster.errors import Explained
from broadcaster.models import ApiToken, Channel

NOT_MADE = 2
MOST_DAYS = 36_500
NAME_CHARACTERS = 100  # as the table has it
NAME = "Made by create_token"


class NotMade(Explained):
    """There is nobody, or nothing, of the name that was given."""


class Command(BaseCommand):
    """Does what the page of tokens does, for whoever sets up a machine."""

    help = "Make a token of the API; prints the token alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What the page asks for."""
        parser.add_argument("user", metavar="USER", help="whose program it is; it may what this user may, at most")
        parser.add_argument("--name", type=_name, default=NAME, help="the program that uses it")
        parser.add_argument("--scope", choices=ApiToken.Scope.values, default=ApiToken.Scope.READ.value)
        parser.add_argument("--channel", metavar="NAME", default="", help="for broadcasts that name none")
        parser.add_argument("--days", type=_days, metavar="N", help="it ends after so many days; never if not said")

    def handle(self, *_args: str, **options: Any) -> None:
        """Make it and print it."""
        days = options["days"]
        try:
            _, key = tokens.create(
                _user(options["user"]),
                name=options["name"],
                scope=ApiToken.Scope(options["scope"]),
                channel=_channel(options["channel"]),
                expires_at=timezone.now() + timedelta(days=days) if days else None,
            )
        except NotMade as error:
            self.stderr.write(error.sentence)
            sys.exit(NOT_MADE)
        self.stdout.write(key)


def _user(name: str) -> User:
    """The user. Raises NotMade."""
    user = User.objects.filter(username=name).first()
    if user is None:
        raise NotMade(f"There is no user {name}. Give the name that the person logs in with.")
    if not user.is_active:
        raise NotMade(f"{name} may not log in, so a token would open nothing. Let {name} log in first.")
    return user


def _channel(name: str) -> Channel | None:
    """The channel, or None where none is named. Raises NotMade."""
    if not name:
        return None
    channel = Channel.objects.filter(name=name).first()
    if channel is None:
        names = ", ".join(Channel.objects.order_by("name").values_list("name", flat=True)) or "none"
        raise NotMade(f"There is no channel {name}. The channels are: {names}.")
    return channel


def _name(given: str) -> str:
    """The name as it is kept. Raises ArgumentTypeError."""
    name = " ".join(given.split())
    if not 0 < len(name) <= NAME_CHARACTERS:
        raise ArgumentTypeError(f"A name has 1 to {NAME_CHARACTERS} characters.")
    return name


def _days(given: str) -> int:
    """The number. Raises ArgumentTypeError."""
    if not (given.isdecimal() and given.isascii() and 0 < int(given[:9]) <= MOST_DAYS):
        raise ArgumentTypeError(f"Give a whole number of days from 1 to {MOST_DAYS}.")
    return int(given)

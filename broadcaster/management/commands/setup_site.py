"""`manage.py setup_site`: roles, the first user, the tick, and demo data; safe to run at every start."""

import json
import secrets
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand

from broadcaster import demo, roles, tasks


class Command(BaseCommand):
    """Prints one line of JSON: {"user": ..., "password": ... or null where the user was there before}."""

    help = "Make what the product needs to be used: roles, a first user, the schedule and, on request, demo data."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Demo data only on request."""
        parser.add_argument("--demo", action="store_true", help="make channels, templates, people and a first draft")
        parser.add_argument("--simulator-url", default="http://127.0.0.1:8010", help="where the demo channels send to")

    def handle(self, *_args: str, **options: Any) -> None:
        """Make what is missing."""
        roles.ensure_roles()
        tasks.ensure_schedule()
        user, password = ensure_user()
        if options["demo"]:
            demo.ensure_demo(simulator_url=options["simulator_url"].rstrip("/"), author=user)
        self.stdout.write(json.dumps({"user": user.username, "password": password}))


def ensure_user() -> tuple[User, str | None]:
    """The first superuser, made with a random password where there is none."""
    user = User.objects.filter(is_superuser=True).order_by("pk").first()
    if user:
        return user, None
    password = secrets.token_urlsafe(12)
    return User.objects.create_superuser("admin", password=password), password

"""Who calls, for the records of who did what."""

from typing import cast

from django.contrib.auth.models import User
from rest_framework.request import Request


def caller(request: Request) -> User:
    """The user whose token it is; a view lets nobody else in."""
    return cast("User", request.user)

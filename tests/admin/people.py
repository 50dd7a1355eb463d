"""Who sits before the pages: people with some permissions, and what they read there."""

from typing import Any

from django.contrib.auth.models import Permission, User
from django.test import Client


def logged_in(*permissions: str) -> Client:
    """A member of staff who may do just this."""
    user = User.objects.create_user(f"person-{User.objects.count()}", password="x", is_staff=True)
    ours = Permission.objects.filter(content_type__app_label="broadcaster")  # Django's own Group has the same names
    user.user_permissions.set(ours.filter(codename__in=permissions))
    assert user.user_permissions.count() == len(permissions)
    client = Client()
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    """The page as it was sent."""
    return str(response.content.decode())


def messages_of(response: Any) -> str:
    """What the page says happened, after following the redirect."""
    return " ".join(str(message) for message in response.context["messages"])

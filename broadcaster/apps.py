"""Starts the app: its name for people, its checks."""

from django.apps import AppConfig

from broadcaster import checks  # noqa: F401  registers them


class BroadcasterConfig(AppConfig):
    """The one app of the project."""

    name = "broadcaster"
    verbose_name = "Broadcasts"

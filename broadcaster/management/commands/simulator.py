"""`manage.py simulator`: the stand-in for the five providers, beside the project on the same machine."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections

from broadcaster import gateway
from broadcaster.models import Channel
from providers.simulator import arguments, server


class Command(BaseCommand):
    """Serves until it is told to end; all that it does is in `providers.simulator`."""

    help = "Run a local server that speaks the formats of all five providers, and shows what arrived."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The same options as `python -m providers.simulator`."""
        arguments.add_arguments(parser)

    def handle(self, *_args: str, **options: Any) -> None:
        """Listen and answer."""
        server.run(
            host=options["host"],
            port=options["port"],
            latency_ms=options["latency_ms"],
            receipt_delay_ms=options["receipt_delay_ms"],
            registered=dict(options["registered"]),
            callbacks=receipts_url_of,
        )


def receipts_url_of(account: str) -> str | None:
    """The receipts address that an operator would have registered for this account at the real provider."""
    close_old_connections()
    try:
        channels = list(Channel.objects.filter(enabled=True))
    except DatabaseError:  # not migrated yet, or away for a moment: asked again at the next receipt
        return None
    accounts = {str(channel.config.get(key)): channel for channel in channels for key in ("sid", "app_id")}
    return gateway.receipts_url(accounts[account]) if account in accounts else None

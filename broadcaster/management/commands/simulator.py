"""`manage.py simulator`: the stand-in for the five providers, beside the project on the same machine."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

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
        )

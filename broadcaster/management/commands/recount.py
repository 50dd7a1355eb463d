"""`manage.py recount`: do the counts that people see agree with the rows? It can run while everything goes on."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from broadcaster.models import Broadcast
from broadcaster.sending import recounting


class Command(BaseCommand):
    """Prints a line for each broadcast that differs; the exit code is 1 where any differs and is not mended."""

    help = "Compare the counts of broadcasts with their messages, and mend them on request."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """All broadcasts unless one is named; nothing is written unless asked for."""
        parser.add_argument("--broadcast", type=int, metavar="ID", help="only this broadcast")
        parser.add_argument("--fix", action="store_true", help="mend what differs")

    def handle(self, *_args: str, **options: Any) -> None:
        """Compare, tell, and mend."""
        chosen = recounting.broadcasts(options["broadcast"])
        if options["broadcast"] and not chosen:
            raise CommandError(f"There is no broadcast {options['broadcast']}.")
        wrong = [broadcast for broadcast in chosen if self._differs(broadcast, fix=options["fix"])]
        if wrong and not options["fix"]:
            sys.exit(1)

    def _differs(self, broadcast: Broadcast, *, fix: bool) -> bool:
        found = list(recounting.differences(broadcast.pk))
        if found:
            told = f"{broadcast.pk} {broadcast}: {recounting.total_of(found)} (batches: {len(found)})"
            self.stdout.write(f"{told}, mended" if fix else told)
        for difference in found if fix else []:
            recounting.mend(difference.batch_id)
        return bool(found)

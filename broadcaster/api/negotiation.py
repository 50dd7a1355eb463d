"""What form an answer has: the one that `Accept` asks for, if there is one, else JSON; never a refusal.

Programs written for RapidPro send whatever their library sends, and get JSON for the suffix `.json` there.
"""

from collections.abc import Iterable

from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class AnswersAnyway(DefaultContentNegotiation):
    """Falls back to the view's first form where none of them is asked for."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The renderer and the media type to answer with."""
        known = list(renderers)
        try:
            chosen: tuple[BaseRenderer, str] = super().select_renderer(request, known, format_suffix)
        except NotAcceptable:
            return known[0], known[0].media_type
        return chosen

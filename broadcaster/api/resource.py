"""What all resources have in common: who may call, in which order lists are, and what a call is answered with."""

import codecs
import uuid
from typing import Any

from django.conf import settings
from django.db.models import Model
from django.http import HttpRequest
from rest_framework.exceptions import ParseError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from broadcaster.api import idempotency
from broadcaster.api.pagination import Order
from broadcaster.api.permissions import Needs

WORKSPACE = uuid.uuid5(uuid.NAMESPACE_URL, settings.PUBLIC_URL)  # an installation is one, and the same one for ever
UTF_8 = "utf-8"
OTHER_CHARSET = "Write the call in UTF-8, and say charset=utf-8 or nothing in its Content-Type."


class Resource(GenericAPIView[Any]):
    """One address of the API.

    `needs` says what each method asks of the caller, `once` which methods may be repeated under an `Idempotency-Key`.
    """

    needs: Needs = {}
    once: tuple[str, ...] = ("post",)
    order = Order("created_at")

    def __init_subclass__(cls, **options: Any) -> None:
        """Let every POST know the call that it has answered already."""
        super().__init_subclass__(**options)
        for name in cls.once:
            if name in vars(cls):
                setattr(cls, name, idempotency.once(vars(cls)[name]))

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """The request, read as UTF-8 even where it is refused for what it names instead."""
        self.charset = request.encoding or UTF_8
        request.encoding = UTF_8
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse whoever may not call, and texts in an encoding that leads elsewhere. Raises APIException."""
        super().initial(request, *args, **kwargs)
        if codecs.lookup(self.charset).name != UTF_8:
            raise ParseError(OTHER_CHARSET)

    def order_of(self, request: Request) -> Order:
        """How the list is sorted for this call."""
        return self.order

    def listed(self, request: Request) -> Response:
        """The page of the view's rows that the call asks for."""
        rows = list(self.paginate_queryset(self.get_queryset()) or ())
        self.prepare(rows)
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    def prepare(self, rows: list[Any]) -> None:
        """Add to a page's rows what is known of all of them in one question; nothing, by default."""

    def answer(self, row: Model, status: int = 200) -> Response:
        """One row as it stands in lists."""
        self.prepare([row])
        return Response(self.get_serializer(row).data, status=status)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Add the headers by which RapidPro's answers tell the workspace."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response["X-Temba-Workspace"] = str(WORKSPACE)
        return response

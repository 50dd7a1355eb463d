"""What becomes of a call when somebody else changes the same rows at the same moment: it is told to come again."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import IntegrityError
from rest_framework.response import Response

from broadcaster.api.errors import Conflict

AGAIN = "Somebody changed the same at this moment. Make the call again."

Method = Callable[..., Response]


def told_of_others(method: Method) -> Method:
    """The method of a view, which looks before it writes; what came between the two is a conflict."""

    @wraps(method)
    def answer(*args: Any, **kwargs: Any) -> Response:
        try:
            return method(*args, **kwargs)
        except IntegrityError as error:
            raise Conflict(AGAIN) from error

    return answer

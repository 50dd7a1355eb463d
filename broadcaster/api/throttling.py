"""How many calls a token has in an hour, counted in the cache: for all processes where Redis is set, else for each.

A count for each hour of the clock, since a list of moments, as the framework keeps one, is read and written whole with
each call. So twice as many may come within an hour, around its turn; the limit is against runaways, not for billing.
"""

import logging
import math
import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from broadcaster.models import ApiToken

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which imports this module

log = logging.getLogger(__name__)

HOUR_S = 3600


class HourlyThrottle(BaseThrottle):
    """Refuses a token's calls beyond `API_CALLS_PER_HOUR`; people in the browser are not counted."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Whether the call is one of those that the token has."""
        if not isinstance(request.auth, ApiToken):
            return True
        try:
            return _is_within(request.auth)
        except RedisError as error:  # sending goes on without Redis, so calls do too
            log.warning("the cache is away, calls are not counted: %s", error)
            return True

    def wait(self) -> float:
        """Seconds until there are calls again; whole ones, since clients read `Retry-After` as an integer."""
        return math.ceil(HOUR_S - time.time() % HOUR_S)


def _is_within(token: ApiToken) -> bool:
    """Count a call of the token, and say whether it may be made."""
    key = f"api-calls:{token.pk}:{int(time.time()) // HOUR_S}"
    if cache.add(key, 1, HOUR_S):
        return True
    try:
        return bool(cache.incr(key) <= settings.API_CALLS_PER_HOUR)
    except ValueError:  # it ended between the two
        return True

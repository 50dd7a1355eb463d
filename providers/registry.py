"""Finds adapters by module name: a module in `providers.adapters` with a class `Client` is a provider, nothing else.

A module there whose name begins with an underscore is a part of its neighbour.
"""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

from providers import adapters
from providers.client import Client
from providers.errors import ConfigurationError


@cache
def kinds() -> tuple[str, ...]:
    """The provider kinds, which are their modules' names, sorted."""
    names = (module.name for module in pkgutil.iter_modules(adapters.__path__))
    return tuple(sorted(name for name in names if not name.startswith("_")))


@cache
def client_class(kind: str) -> type[Client]:
    """The provider's client class. Raises ConfigurationError for a kind that has no adapter."""
    if kind not in kinds():
        raise ConfigurationError(f"There is no provider called {kind!r}; choose one of {', '.join(kinds())}.")
    client: type[Client] = import_module(f"{adapters.__name__}.{kind}").Client
    return client


def connect(
    kind: str,
    *,
    config: Mapping[str, Any],
    secrets: Mapping[str, str],
    pool_size: int = 32,
    rate_per_second: int | None = None,
) -> Client:
    """A client for one account, whose pace is `rate_per_second` where one is agreed. Raises ConfigurationError."""
    return client_class(kind)(config=config, secrets=secrets, pool_size=pool_size, rate_per_second=rate_per_second)

"""A broadcast as long as wanted, under kills or an outage: `run.py soak`, and what the tests of outages run.

    python -m tests.faults.soak --messages 20000 --kills 20 [--seed 1] [--outage redis|postgres|clock]

Uses a database of its own on the server of DATABASE_URL, and the queue of REDIS_URL; an outage starts the server that
it stops. The exit status is 0 only if the promise was kept.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from random import SystemRandom
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import django

from tests.faults.servers import PostgresServer, RedisServer, no_postgres, own_postgres, own_redis

OUTAGES = ("redis", "postgres", "clock")
LEASE_S = "5"  # a minute would only make a soak longer


def main() -> int:
    """Do what the arguments say; the exit status."""
    options = parser().parse_args()
    with servers(options.outage) as server:
        prepare(str(os.getpid()))
        soaking: Any = importlib.import_module("tests.faults.soaking")  # only once the settings can be read
        return int(soaking.soak(options, server))


def parser() -> argparse.ArgumentParser:
    """The command line, the same for a person and for the tests."""
    built = argparse.ArgumentParser(
        prog="run.py soak", description="Send a long broadcast, and kill while it goes out."
    )
    built.add_argument("--messages", type=int, default=1_000_000, help="how many (default: %(default)s)")
    built.add_argument("--kills", type=int, default=1_000, help="how often workers are killed (default: %(default)s)")
    built.add_argument("--concurrency", type=int, default=16, help="requests at a time (default: %(default)s)")
    built.add_argument("--workers", type=int, default=3, help="processes of the cluster (default: %(default)s)")
    built.add_argument("--latency-ms", type=int, default=5, help="of the simulator (default: %(default)s)")
    built.add_argument(
        "--patience-s", type=int, default=120, help="longest time without a message (default: %(default)s)"
    )
    built.add_argument("--outage", choices=OUTAGES, help="what goes wrong in the middle, once")
    seed = SystemRandom().randrange(1_000_000)
    built.add_argument("--seed", type=int, default=seed, help="plays the same schedule again (default: by chance)")
    return built


@contextmanager
def servers(outage: str | None) -> Iterator[RedisServer | PostgresServer | None]:
    """The server that is to go away, if one is; the settings then name it."""
    with ExitStack() as stack:
        if outage == "redis":
            redis = stack.enter_context(own_redis())
            os.environ["REDIS_URL"] = redis.url
            yield redis
        elif outage == "postgres":
            if no_postgres():
                sys.exit(f"No PostgreSQL of our own: {no_postgres()}.")
            postgres = stack.enter_context(own_postgres())
            os.environ["DATABASE_URL"] = postgres.url
            yield postgres
        else:
            yield None


def prepare(name: str) -> None:
    """Settings of the tests, and a database and a queue that no other run uses."""
    parts = urlsplit(os.environ.get("DATABASE_URL") or "sqlite:///unused")
    if not parts.scheme.startswith("sqlite"):
        os.environ["DATABASE_URL"] = urlunsplit(parts._replace(path=f"/soak_{name}"))
    os.environ.pop("DATA_DIR", None)
    os.environ["PYTEST_XDIST_WORKER"] = "main"
    os.environ["LEASE_S"] = LEASE_S
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    os.environ["LOG_LEVEL"] = "ERROR"
    django.setup()


if __name__ == "__main__":
    sys.exit(main())

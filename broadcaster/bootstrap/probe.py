"""Asks a server whether tests can be run on it; run inside the environment, for the launcher has no client library."""

import sys

import psycopg
import redis

MAY_CREATE_DATABASES = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"


def postgres(url: str) -> bool:
    """Tell whether this PostgreSQL server lets us in and lets us make the test database."""
    with psycopg.connect(url, connect_timeout=3) as connection:
        return connection.execute(MAY_CREATE_DATABASES).fetchone() == (True,)


def redis_server(url: str) -> bool:
    """Tell whether this Redis server answers."""
    return bool(redis.Redis.from_url(url, socket_connect_timeout=3).ping())


if __name__ == "__main__":
    _, service, address = sys.argv
    sys.exit(0 if {"postgres": postgres, "redis": redis_server}[service](address) else "No right to create databases.")

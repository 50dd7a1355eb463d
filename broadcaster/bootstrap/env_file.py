"""The `.env` file: read before Django can, and given the keys that a first run needs."""

import base64
import os
import re
import secrets
from pathlib import Path

ASSIGNMENT = re.compile(r"\s*(?:export\s+)?(?P<name>\w+)\s*=\s*(?P<value>.*?)\s*")
OWNER_ONLY = 0o600


def read(path: Path) -> dict[str, str]:
    """Return the settings of the file that have a value; none if there is no file."""
    if not path.exists():
        return {}
    found = (_assignment(line) for line in path.read_text(encoding="utf-8").splitlines())
    return {name: value for name, value in found if value}


def ensure_keys(path: Path) -> list[str]:
    """Add the keys that the file lacks and return their names. What has a value is never touched."""
    fresh = {"SECRET_KEY": secrets.token_urlsafe(50), "CHANNEL_KEYS": fernet_key()}
    present = read(path)
    missing = {name: value for name, value in fresh.items() if name not in present}
    if missing:
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        # An empty assignment, as copied from .env.example, would win over a later one.
        kept = [line for line in lines if _assignment(line)[0] not in missing]
        write_private(path, "\n".join([*kept, *(f"{name}={value}" for name, value in missing.items())]) + "\n")
    return list(missing)


def fernet_key() -> str:
    """Return a new key for channel secrets: 32 random bytes in URL-safe base64, as Fernet wants them."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode("ascii")


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner only from its first byte on."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def _assignment(line: str) -> tuple[str, str]:
    match = ASSIGNMENT.fullmatch(line)
    return (match["name"], match["value"].strip("'\"")) if match else ("", "")

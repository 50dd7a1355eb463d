"""The project's settings with keys of its own, a quick password hash, and files in a place that is thrown away."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ.setdefault("CHANNEL_KEYS", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
# Each worker of the suite has a queue, a Redis database and a folder of its own; it inherits its starter's environment,
# and the processes that it starts inherit its.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
if "DATA_DIR" not in os.environ:
    os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="broadcaster-tests-")
    atexit.register(shutil.rmtree, os.environ["DATA_DIR"], ignore_errors=True)
if WORKER not in {"main", Path(os.environ["DATA_DIR"]).name}:
    os.environ["DATA_DIR"] = str(Path(os.environ["DATA_DIR"], WORKER))
os.environ["QUEUE_NAME"] = f"broadcaster-tests-{WORKER}"
if os.environ.get("REDIS_URL") and WORKER != "main":
    os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{15 - int(WORKER[2:]) % 15}"

from broadcaster.settings import *  # noqa: E402, F403
from broadcaster.settings import DATA_DIR, DATABASES  # noqa: E402
from providers import http  # noqa: E402
from tests import skewed  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SILENCED_SYSTEM_CHECKS = ["broadcaster.E005"]  # a short lease is right where the simulator answers at once
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, since web server and workers of the end-to-end tests are processes of their own.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "tests.sqlite3")}

# Only for the processes of the tests of faults: a provider that never answers is given up sooner, and a host's clock
# is wrong by so many seconds.
http.READ_TIMEOUT_S = float(os.environ.get("PROVIDER_READ_TIMEOUT_S", http.READ_TIMEOUT_S))
if "CLOCK_SKEW_S" in os.environ:
    skewed.shift_clock(float(os.environ["CLOCK_SKEW_S"]))

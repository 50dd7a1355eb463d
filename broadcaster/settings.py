"""All settings, read from the environment and from `.env` beside manage.py; the environment wins.

Every setting that a person may change is read through `env` and stands in the README's table (a test compares them).
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.urls import reverse_lazy

from broadcaster import theme

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(BASE_DIR / ".env")

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
CHANNEL_KEYS: list[str] = env.list("CHANNEL_KEYS", default=[])  # the first encrypts, all decrypt
PUBLIC_URL = env.str("PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS: list[str] = env.list(
    "ALLOWED_HOSTS", default=[urlsplit(PUBLIC_URL).hostname or "127.0.0.1", "localhost"]
)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "data")))
DATA_DIR.mkdir(parents=True, exist_ok=True)

# -- what the product does -------------------------------------------------------------------------------------------

UPLOAD_LIMIT_BYTES = env.int("UPLOAD_LIMIT_MB", default=200) * 1_000_000
LATE_CUTOFF_S = env.int("LATE_CUTOFF_S", default=2 * 3600)  # a broadcast found later than this becomes "missed"
MAX_ATTEMPTS = env.int("MAX_ATTEMPTS", default=5)  # posts of one message that the provider refused and may yet take
LEASE_S = env.int("LEASE_S", default=60)  # a batch whose worker was silent for so long is recovered
PUMP_LIFE_S = env.int("PUMP_LIFE_S", default=15)  # shorter than the time that a stop waits for work in hand
PREPARE_AHEAD_S = env.int("PREPARE_AHEAD_S", default=300)
PROVIDER_CALL_DAYS = env.int("PROVIDER_CALL_DAYS", default=7)
RECEIPT_DAYS = env.int("RECEIPT_DAYS", default=30)
UPLOAD_DAYS = env.int("UPLOAD_DAYS", default=30)
OPT_OUT_SPIKE = env.int("OPT_OUT_SPIKE", default=50)  # so many opt-outs of a channel in an hour, by reports, and ...
OPT_OUT_SPIKE_PERCENT = env.int("OPT_OUT_SPIKE_PERCENT", default=20)  # ... so large a share hold it and ask a person
WEBHOOK_PRIVATE_ADDRESSES = env.bool("WEBHOOK_PRIVATE_ADDRESSES", default=False)  # webhooks may lead to our network
SIMULATOR_URL = env.str("SIMULATOR_URL", default="")

# -- Django ----------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "broadcaster.apps.BroadcasterConfig",
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "import_export",
    "axes",
    "csp",
    "django_q",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "axes.middleware.AxesMiddleware",
]

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
AXES_FAILURE_LIMIT = env.int("LOGIN_FAILURES", default=10)
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_LOCKOUT_TEMPLATE = "locked_out.html"

ROOT_URLCONF = "broadcaster.urls"
WSGI_APPLICATION = "broadcaster.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:broadcaster_broadcast_changelist")
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

UNFOLD = theme.UNFOLD

# -- database, cache, queue ------------------------------------------------------------------------------------------

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",  # a writer waits its turn instead of failing on upgrade
        "timeout": 10,
        # FULL: a mark that says "handed over" must outlive a power cut, or the message would go out again.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

REDIS_URL = env.str("REDIS_URL", default="")
QUEUE_NAME = env.str("QUEUE_NAME", default="broadcaster")  # two installations on one Redis need two names
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": QUEUE_NAME,
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

WORKERS = env.int("WORKERS", default=max(3, (os.cpu_count() or 1) + 1))
Q_CLUSTER = {
    "name": QUEUE_NAME,
    "label": "Queue",
    "workers": WORKERS,
    "timeout": 120,
    "retry": 150,  # longer than the timeout, or a task would run beside itself
    "max_attempts": 1,  # the tick revives work from the database; the queue only wakes workers up
    "ack_failures": True,
    "save_limit": -1,  # successes are not kept: the rows tell what happened
    "catch_up": False,
    "queue_limit": 50,
    "poll": 0.2,
    **({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}),
}

# -- files -----------------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
WHITENOISE_USE_FINDERS = True  # nothing to collect on the first run; collectstatic is used where it has been run
MEDIA_ROOT = DATA_DIR / "files"
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000  # three for each of the 500 columns that a file may have

# -- language and time -----------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
FORMAT_MODULE_PATH = "broadcaster.formats"

# -- security --------------------------------------------------------------------------------------------------------

HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS and env.bool("SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000 if HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^receipts/", r"^api/"]  # a redirect would turn a POST into a GET
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE, UNSAFE_EVAL],  # the theme's Alpine.js evaluates its attributes
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "base-uri": [SELF],
    },
}

# -- export and import -----------------------------------------------------------------------------------------------

IMPORT_EXPORT_USE_TRANSACTIONS = True
IMPORT_EXPORT_SKIP_ADMIN_LOG = False
IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "add"
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "view"
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True
IMPORT_EXPORT_ESCAPE_ILLEGAL_CHARS_ON_EXPORT = True

# -- the API ---------------------------------------------------------------------------------------------------------

API_CALLS_PER_HOUR = env.int("API_CALLS_PER_HOUR", default=10_000)  # of one token
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        # First, so that a refusal is 403 and never 401: RapidPro's clients know a wrong token by that.
        "rest_framework.authentication.SessionAuthentication",
        "broadcaster.api.authentication.TokenAuthentication",
        "broadcaster.api.authentication.BasicAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["broadcaster.api.permissions.MayCall"],
    "DEFAULT_THROTTLE_CLASSES": ["broadcaster.api.throttling.HourlyThrottle"],
    "DEFAULT_PARSER_CLASSES": ["broadcaster.api.parsing.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "broadcaster.api.negotiation.AnswersAnyway",
    "DEFAULT_PAGINATION_CLASS": "broadcaster.api.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "broadcaster.api.schema.Description",
    "EXCEPTION_HANDLER": "broadcaster.api.answers.answer",
    "DEFAULT_METADATA_CLASS": None,  # OPTIONS is answered by the description of the API
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.1",
    "TITLE": "Broadcaster",
    "VERSION": "2",
    "SCHEMA_PATH_PREFIX": "/api/v2/",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "AUTHENTICATION_WHITELIST": [
        "broadcaster.api.authentication.TokenAuthentication",
        "broadcaster.api.authentication.BasicAuthentication",
    ],
    "POSTPROCESSING_HOOKS": ["broadcaster.api.schema.complete"],
}

# -- mail and log ----------------------------------------------------------------------------------------------------

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("MAIL_FROM", default="broadcaster@localhost")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
}

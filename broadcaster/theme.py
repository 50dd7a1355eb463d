"""How the pages look and what stands in their sidebar: data that the admin's theme reads from the settings.

The settings import this module, so it touches neither models nor settings until a request asks.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

# Tailwind's indigo: white text on 600 and 600 on white both keep a contrast of 6 : 1.
INDIGO = {
    "50": "oklch(96.2% .018 272.314)",
    "100": "oklch(93% .034 272.788)",
    "200": "oklch(87% .065 274.039)",
    "300": "oklch(78.5% .115 274.713)",
    "400": "oklch(67.3% .182 276.935)",
    "500": "oklch(62.5% .2 276.95)",
    "600": "oklch(51.1% .23 276.966)",
    "700": "oklch(45.7% .21 277.023)",
    "800": "oklch(39.8% .17 277.366)",
    "900": "oklch(35.9% .144 278.697)",
    "950": "oklch(25.7% .09 281.288)",
}


def asset(name: str) -> Callable[[HttpRequest], str]:
    """The address of one of our static files, looked up when a page is drawn."""
    return lambda _request: static(f"broadcaster/{name}")


def may(permission: str) -> Callable[[HttpRequest], bool]:
    """Whether the person of the request has the permission."""
    return lambda request: request.user.has_perm(permission)


def may_see_queue(request: HttpRequest) -> bool:
    """The queue can be looked into only where it is a table; with Redis there is no page of it."""
    return "orm" in settings.Q_CLUSTER and request.user.has_perm("django_q.view_ormq")


def page(title: str, icon: str, model: str, permission: Callable[[HttpRequest], bool] | None = None) -> dict[str, Any]:
    """A line of the sidebar: the list of a model (`app_model`), for those who may view it."""
    app, _, name = model.rpartition("_")
    link = reverse_lazy(f"admin:{model}_changelist")
    return {"title": title, "icon": icon, "link": link, "permission": permission or may(f"{app}.view_{name}")}


API = {
    "title": "API reference",
    "icon": "api",
    "link": reverse_lazy("api_docs"),
    "permission": may("broadcaster.view_apitoken"),
}
NAVIGATION: list[dict[str, Any]] = [
    {
        "items": [
            page("Broadcasts", "campaign", "broadcaster_broadcast"),
            page("Message log", "receipt_long", "broadcaster_message"),
        ],
    },
    {
        "title": "Audience",
        "items": [
            page("Audience files", "upload_file", "broadcaster_audienceupload"),
            page("Contacts", "person", "broadcaster_contact"),
            page("Groups", "group", "broadcaster_group"),
            page("Opt-outs", "do_not_disturb_on", "broadcaster_suppression"),
        ],
    },
    {
        "title": "Content",
        "items": [
            page("Templates", "article", "broadcaster_template"),
            page("Account templates", "fact_check", "broadcaster_listedtemplate"),
            page("Media", "perm_media", "broadcaster_mediafile"),
        ],
    },
    {
        "title": "Delivery",
        "items": [
            page("Channels", "cell_tower", "broadcaster_channel"),
            page("Webhooks", "webhook", "broadcaster_webhook"),
        ],
    },
    {
        "title": "System",
        "separator": True,
        "items": [
            page("Users", "manage_accounts", "auth_user"),
            page("Roles", "shield_person", "auth_group"),
            page("API tokens", "key", "broadcaster_apitoken"),
            API,
            page("Scheduled tasks", "schedule", "django_q_schedule"),
            page("Failures", "error", "django_q_failure"),
            page("Queue", "stacks", "django_q_ormq", may_see_queue),
        ],
    },
]

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Broadcaster",
    "SITE_HEADER": "Broadcaster",
    "SITE_SUBHEADER": "Messages that arrive",
    "SITE_URL": None,
    "SITE_ICON": asset("logo.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": asset("favicon.svg")}],
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    "COLORS": {"primary": INDIGO},
    "STYLES": [asset("app.css")],
    "LOGIN": {"image": asset("login.svg"), "form": "broadcaster.login.LoginForm"},
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": NAVIGATION},
}

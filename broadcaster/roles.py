"""Who may do what: four roles as Django groups, made at setup and brought up to date at each start."""

from django.contrib.auth.models import Group, Permission

EVERYTHING = ("add", "change", "delete", "view")
WRITTEN = ("broadcast", "contact", "group", "template", "templatetranslation")
SEEN = (*WRITTEN, "message", "suppression", "revival", "listedtemplate", "mediafile", "audienceupload")

OWN_TOKENS = {"view_apitoken", "add_apitoken"}  # those of others take `manage_apitoken`

VIEWER = frozenset(f"view_{model}" for model in SEEN)
OPERATOR = (
    VIEWER
    | {"view_channel", "send_broadcast", "add_suppression"}
    | {f"{action}_{model}" for action in EVERYTHING for model in WRITTEN}
    | {"add_audienceupload", "change_audienceupload", "add_mediafile", "delete_mediafile"}
    | OWN_TOKENS
)
APPROVER = VIEWER | {"view_channel", "approve_broadcast", "send_broadcast"} | OWN_TOKENS

ROLES: dict[str, frozenset[str]] = {"Viewer": VIEWER, "Operator": OPERATOR, "Approver": APPROVER}
ADMIN_APPS = ("broadcaster", "auth", "django_q")


def ensure_roles() -> None:
    """Make the roles with their permissions; what a person added to a role stays."""
    ours = Permission.objects.filter(content_type__app_label="broadcaster")
    for name, codenames in ROLES.items():
        role, _ = Group.objects.get_or_create(name=name)
        role.permissions.add(*ours.filter(codename__in=codenames))
    admins, _ = Group.objects.get_or_create(name="Admin")
    admins.permissions.add(*Permission.objects.filter(content_type__app_label__in=ADMIN_APPS))

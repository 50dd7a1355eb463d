"""What programs do to people and groups stands in the same history as what is done in the browser."""

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.db.models import Model
from rest_framework.request import Request

from broadcaster.models import ApiToken

VERBS = {ADDITION: "Added", CHANGE: "Changed", DELETION: "Deleted"}


def keep(request: Request, row: Model, action: int) -> None:
    """Note who did this, and by which program; before the row is deleted."""
    token = request.auth
    by = f"by the program {token.name}" if isinstance(token, ApiToken) else "by a call of the API"
    words = f"{VERBS[action]} {by}."
    LogEntry.objects.log_actions(request.user.pk or 0, [row], action, words, single_object=True)

"""The columns of lists that go out and never come in; no secret, no password and no token is among them."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from import_export import resources
from import_export.fields import Field
from import_export.widgets import Widget

from broadcaster.admin import words
from broadcaster.admin.exporting import Columns
from broadcaster.content import media
from broadcaster.models import COUNTED_STATES, Broadcast, MediaFile, Message
from broadcaster.sending import progress

NAMED_AT_ONCE = 100
YES_NO = {True: "yes", False: "no"}


class Number(Widget):
    """A number stays one, for spreadsheet programs to reckon with."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        """The number itself."""
        return value


class LocalTime(Widget):
    """A moment by the clock of the installation."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        """The time with its zone; nothing where there is none."""
        return words.local_time(value, settings.TIME_ZONE)


class YesNo(Widget):
    """A mark."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        """The word for it."""
        return YES_NO[bool(value)]


def text(attribute: str, heading: str) -> Field:
    """A column of text."""
    return Field(attribute=attribute, column_name=heading)


def number(attribute: str, heading: str) -> Field:
    """A column of numbers."""
    return Field(attribute=attribute, column_name=heading, widget=Number())


def moment(attribute: str, heading: str) -> Field:
    """A column of times."""
    return Field(attribute=attribute, column_name=heading, widget=LocalTime())


def mark(attribute: str, heading: str) -> Field:
    """A column of yes and no."""
    return Field(attribute=attribute, column_name=heading, widget=YesNo())


class BroadcastResource(Columns, resources.Resource):
    """What the list of broadcasts shows, and the counts that make up its progress."""

    name = text("name", "Name")
    channel = text("channel__name", "Channel")
    state = text("get_state_display", "State")
    reason = text("state_reason", "Reason")
    send_time = Field(column_name="Send time")
    author = text("author__username", "Author")
    approver = text("approver__username", "Approver")
    recipients = number("total", "Recipients")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for state in COUNTED_STATES:
            self.fields[state] = number(f"counts__{state}", Message.State(state).label)

    def prepare(self, records: list[Any]) -> None:
        """The counts of all of them."""
        counts = progress.counts_of([broadcast.pk for broadcast in records])
        for broadcast in records:
            broadcast.counts = counts[broadcast.pk]

    def dehydrate_send_time(self, broadcast: Broadcast) -> str:
        """By the clock that the author chose."""
        return words.local_time(broadcast.send_at, broadcast.time_zone)


class UploadResource(Columns, resources.Resource):
    """Who brought which file, and what became of its rows."""

    filename = text("filename", "File")
    uploaded = moment("created_at", "Uploaded")
    author = text("author__username", "Author")
    state = text("get_state_display", "State")
    error = text("error", "What went wrong")
    finished = moment("finished_at", "Finished")
    size = number("size_bytes", "Bytes")
    rows = number("rows", "Rows")
    new = number("new", "New")
    updated = number("updated", "Updated")
    unchanged = number("unchanged", "Unchanged")
    duplicate = number("duplicate", "Duplicate")
    invalid = number("invalid", "Invalid")
    suppressed = number("suppressed", "Opted out")
    group = text("group__name", "Group")


class SuppressionResource(Columns, resources.Resource):
    """Who must not be written to, and since when."""

    address = text("address", "address")
    channel = text("channel__name", "channel")
    reason = text("reason", "reason")
    source = text("source", "source")
    since = moment("created_at", "since")


class TokenResource(Columns, resources.Resource):
    """Which programs may call the API; of the tokens themselves their ends."""

    name = text("name", "Name")
    user = text("user__username", "User")
    scope = text("get_scope_display", "Scope")
    hint = text("hint", "Last characters")
    channel = text("channel__name", "Channel")
    created = moment("created_at", "Created")
    expires = moment("expires_at", "Expires")
    revoked = moment("revoked_at", "Revoked")
    last_used = moment("last_used_at", "Last used")


class RevivalResource(Columns, resources.Resource):
    """Which opt-outs people took back, and why."""

    address = text("address", "Address")
    channel = text("channel__name", "Channel")
    reason = text("reason", "Reason")
    author = text("author__username", "Taken back by")
    taken_back = moment("created_at", "Taken back")
    opted_out = moment("opted_out_at", "Opted out")
    opted_out_reason = text("opted_out_reason", "Reason of the opt-out")
    opted_out_source = text("opted_out_source", "Source of the opt-out")


class ErasureResource(Columns, resources.Resource):
    """When somebody was erased and why; never the hash of who it was."""

    erased = moment("created_at", "Erased")
    reason = text("reason", "Reason")
    author = text("author__username", "Erased by")


class ListedTemplateResource(Columns, resources.Resource):
    """What the accounts hold, as the providers told."""

    channel = text("channel__name", "Channel")
    name = text("name", "Name")
    language = text("language", "Language")
    category = text("category", "Category")
    approval = text("get_approval_display", "Approval")
    reason = text("reason", "Reason")
    body = text("body", "Text")
    seen = moment("channel__templates_at", "Last look")


class MediaResource(Columns, resources.Resource):
    """The files, without what is in them."""

    name = text("name", "Name")
    kind = text("content_type", "Kind")
    size = number("size", "Bytes")
    added = moment("created_at", "Added")
    used_in = Field(column_name="Used in")

    def prepare(self, records: list[Any]) -> None:
        """The templates that carry them, for as many at a time as a condition can name."""
        self.templates: dict[str, list[str]] = {}
        for first in range(0, len(records), NAMED_AT_ONCE):
            self.templates |= media.names_of_templates(records[first : first + NAMED_AT_ONCE])

    def dehydrate_used_in(self, file: MediaFile) -> str:
        """Their names."""
        return ", ".join(self.templates.get(str(file.uuid), ()))


class UserResource(Columns, resources.Resource):
    """People who may log in, and as what."""

    username = text("username", "User name")
    full_name = text("get_full_name", "Name")
    email = text("email", "Email")
    roles = Field(column_name="Roles")
    is_active = mark("is_active", "May log in")
    is_superuser = mark("is_superuser", "May do everything")
    last_login = moment("last_login", "Last login")

    def dehydrate_roles(self, user: User) -> str:
        """The names of the roles."""
        return ", ".join(group.name for group in user.groups.all())

"""Pages for people: one module for each model, and the journey of a broadcast."""

from broadcaster.admin import (
    api_token,
    broadcast,
    channel,
    contact,
    erasure,
    group,
    listed_template,
    media,
    message,
    revival,
    suppression,
    system,
    template,
    upload,
    work_queue,
)

__all__ = [
    "api_token",
    "broadcast",
    "channel",
    "contact",
    "erasure",
    "group",
    "listed_template",
    "media",
    "message",
    "revival",
    "suppression",
    "system",
    "template",
    "upload",
    "work_queue",
]

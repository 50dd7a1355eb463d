"""Their addresses."""

from django.urls import URLPattern

from broadcaster.api.addresses import UUID, resource
from broadcaster.api.content.channels import Channels
from broadcaster.api.content.media import Files, OneFile
from broadcaster.api.content.templates import OneTemplate, Templates

addresses: list[URLPattern] = [
    resource("media", Files),
    resource(f"media/{UUID}", OneFile, name="media_file"),
    resource("templates", Templates),
    resource(f"templates/{UUID}", OneTemplate, name="template"),
    resource("channels", Channels),
]

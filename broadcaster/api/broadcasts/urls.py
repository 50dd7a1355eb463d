"""Their addresses."""

from django.urls import URLPattern

from broadcaster.api.addresses import resource
from broadcaster.api.broadcasts.views import Broadcasts

addresses: list[URLPattern] = [
    resource("broadcasts", Broadcasts),
]

"""Their addresses."""

from django.urls import URLPattern

addresses: list[URLPattern] = []

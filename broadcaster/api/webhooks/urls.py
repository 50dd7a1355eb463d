"""Their addresses."""

from django.urls import URLPattern

from broadcaster.api.addresses import UUID, resource
from broadcaster.api.webhooks.views import Deliveries, OneWebhook, Test, Webhooks

addresses: list[URLPattern] = [
    resource("webhooks", Webhooks),
    resource(f"webhooks/{UUID}", OneWebhook, "webhook"),
    resource(f"webhooks/{UUID}/test", Test, "webhook_test"),
    resource(f"webhooks/{UUID}/deliveries", Deliveries, "webhook_deliveries"),
]

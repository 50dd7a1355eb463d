"""Addresses: the admin for people, receipts for providers, the API for programs."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from broadcaster.receipts import views as receipts

to_broadcasts = RedirectView.as_view(pattern_name="admin:broadcaster_broadcast_changelist")

urlpatterns = [
    path("", to_broadcasts),
    re_path(r"^admin/(?:(?:broadcaster|auth|django_q)/)?$", to_broadcasts),  # no index of tables for anybody
    path("admin/", admin.site.urls),
    path("receipts/<slug:token>/", receipts.receive, name="receipts"),
    path("api/", include("broadcaster.api.urls")),
]

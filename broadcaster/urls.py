"""Addresses: the admin for people, receipts for providers."""

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from broadcaster.receipts import views as receipts

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("receipts/<str:token>/", receipts.receive, name="receipts"),
]

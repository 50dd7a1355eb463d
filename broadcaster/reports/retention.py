"""Forgets what is kept only for a while."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from broadcaster.models import ProviderCall


def discard_old_calls() -> int:
    """Delete provider calls past their time; how many."""
    before = timezone.now() - timedelta(days=settings.PROVIDER_CALL_DAYS)
    return ProviderCall.objects.filter(created_at__lt=before).delete()[0]

"""Tokens: made and shown once, known again by their hash, revoked."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from broadcaster.models import ApiToken, Channel

TOKEN_BYTES = 20  # 40 hexadecimal digits, as RapidPro's tokens have
HINT_CHARACTERS = 4
NOTED_EVERY = timedelta(minutes=1)  # a busy program must not have its row written with each call


def create(
    user: User,
    *,
    name: str,
    scope: ApiToken.Scope = ApiToken.Scope.READ,
    channel: Channel | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """A new token: its row, and the token itself, which nobody can read again."""
    row = ApiToken(user=user, name=name, scope=scope, channel=channel, expires_at=expires_at)
    return row, issue(row)


def issue(row: ApiToken) -> str:
    """Keep a new row; the token itself, which nobody can read again."""
    key = secrets.token_hex(TOKEN_BYTES)
    row.digest, row.hint = digest_of(key), key[-HINT_CHARACTERS:]
    row.save(force_insert=True)
    return key


def digest_of(key: str) -> str:
    """The hash by which a token is known."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()


def find(key: str) -> ApiToken | None:
    """The token, if it opens anything at this moment, and its user may sign in."""
    known = ApiToken.objects.select_related("user", "channel").filter(digest=digest_of(key)).first()
    now = timezone.now()
    if known is None or not known.is_valid(now) or not known.user.is_active:
        return None
    _note_use(known, now)
    return known


def revoke(token: ApiToken) -> bool:
    """Let the token open nothing any more; False where that was done before."""
    return ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()) == 1


def _note_use(token: ApiToken, now: datetime) -> None:
    before = now - NOTED_EVERY
    if token.last_used_at is None or token.last_used_at < before:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=before)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)

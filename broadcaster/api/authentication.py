"""Who calls: `Authorization: Token <token>`, or Basic with the token as the password, both as RapidPro takes them.

The words of the refusals are RapidPro's (`temba/api/support.py`).
"""

from typing import Any

from django.contrib.auth.models import User
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from broadcaster import tokens
from broadcaster.models import ApiToken


class TokenAuthentication(authentication.TokenAuthentication):
    """`Authorization: Token <40 hexadecimal digits>`."""

    def authenticate_credentials(self, key: str) -> tuple[User, ApiToken]:
        """The user and the token. Raises AuthenticationFailed."""
        token = tokens.find(key)
        if token is None:
            raise AuthenticationFailed("Invalid token")
        return token.user, token


class BasicAuthentication(authentication.BasicAuthentication):
    """`Authorization: Basic`, of a user's name or mail address and a token of theirs."""

    def authenticate_credentials(self, userid: str, password: str, request: Request | None = None) -> tuple[Any, Any]:
        """The user and the token, an ApiToken. Raises AuthenticationFailed."""
        token = tokens.find(password)
        if token is None or userid not in (token.user.get_username(), token.user.email):
            raise AuthenticationFailed("Invalid token or email")
        return token.user, token

"""Who may talk to RapidPro's door: the `Authorization` header as Django REST framework reads it, word for word."""

import base64
import binascii

from aiohttp import web

from providers.simulator.replies import Refused, Reply

_PERMITTED = "You do not have permission to perform this action."
_WORDS_OF_A_TOKEN = 2


def _denied(detail: str) -> Reply:
    # 403 and not 401: the first authenticator is the session's, which names no scheme for a WWW-Authenticate header.
    return Reply(403, {"detail": detail})


def token_of(request: web.Request) -> str:
    """The API token, from `Token <token>` or from HTTP Basic's password.

    Raises Refused without credentials, with broken ones, with a token that starts with `bad`, and for a role that may
    only look (`viewer...`) and yet posts.
    """
    words = request.headers.get("Authorization", "").split()
    scheme = words[0].lower() if words else ""
    if scheme == "token":
        token = _plain_token(words)
    elif scheme == "basic":
        token = _basic_token(words)
    else:
        raise Refused(_denied("Authentication credentials were not provided."))
    if token.startswith("viewer") and request.method == "POST":
        raise Refused(_denied(_PERMITTED))
    return token


def _plain_token(words: list[str]) -> str:
    if len(words) < _WORDS_OF_A_TOKEN:
        raise Refused(_denied("Invalid token header. No credentials provided."))
    if len(words) > _WORDS_OF_A_TOKEN:
        raise Refused(_denied("Invalid token header. Token string should not contain spaces."))
    if words[1].startswith("bad"):
        raise Refused(_denied("Invalid token"))
    return words[1]


def _basic_token(words: list[str]) -> str:
    try:
        user, _, token = base64.b64decode(words[-1], validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        user, token = "", ""
    if not user or not token or token.startswith("bad"):
        raise Refused(_denied("Invalid token or email"))
    return token

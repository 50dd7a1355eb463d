"""What the description of the API says in words."""

# What people call what is at the addresses, by the first part of each, in the order in which they are shown.
AREAS = {
    "broadcasts": "Broadcasts",
    "messages": "Messages",
    "contacts": "Contacts and groups",
    "groups": "Contacts and groups",
    "fields": "Contacts and groups",
    "uploads": "Audience files and opt-outs",
    "suppressions": "Audience files and opt-outs",
    "templates": "Templates, media and channels",
    "media": "Templates, media and channels",
    "channels": "Templates, media and channels",
    "webhooks": "Webhooks",
    "workspace": "Workspace",
    "org": "Workspace",
}

TOKEN = "`Token` and a space before the 40 characters of the token."  # noqa: S105
BASIC = "A user's name or mail address; a token of theirs is the password."

ABOUT = """\
Broadcasts for programs. Whatever RapidPro's API v2 has of broadcasts, contacts, groups, fields, messages and media is \
answered here as RapidPro answers it; the rest are additions, which its clients ignore.

- Every address answers with and without `.json` behind it, and none is ever redirected.
- Times are in UTC, as `2026-03-02T17:28:12.123456Z`. Lists have the latest first, 250 a page; `next` and `previous` \
are whole addresses. `before` and `after` take ISO 8601 and include that moment.
- A call that is refused has a body that says why: `{"detail": "..."}`, or what is wrong with each field, as in \
`{"urns": {"0": ["Invalid URN: ..."]}}`, or with all of it, under `non_field_errors`.
- 403: there is no valid token, or the token or its user may not do this. 404: it is not there. 405: the address knows \
no such method. 409: it contradicts what is there. 413: send fewer things in one call. 415: send JSON, or a form where \
a file goes. 429: wait as many seconds as `Retry-After` says.
- A call that makes something may carry an `Idempotency-Key`; repeat it under its key when its answer was lost.
- A program calls with a token: it adds `-H "Authorization: Token ..."` to the commands that are shown here. This page \
calls with your session if you are signed in, else press *Authorize*.
"""

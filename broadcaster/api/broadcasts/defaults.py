"""Which channel a broadcast goes out on that names none, as those of RapidPro's clients never do."""

import providers
from broadcaster.errors import Explained
from broadcaster.models import ApiToken, Channel


class NoneFits(Explained):
    """No channel can be chosen for the call."""


def channel_for(token: ApiToken | None) -> Channel:
    """The token's channel, else the only one that there is. Raises NoneFits."""
    if token and token.channel:
        return token.channel
    there = Channel.objects.filter(enabled=True, kind__in=providers.kinds()).order_by("name")
    enabled = list(there)
    if len(enabled) == 1:
        return enabled[0]
    if not enabled:
        raise NoneFits("There is no channel that is enabled. Add one in the browser, or enable one.")
    some = ", ".join(map(str, enabled[:3]))
    else_the_tokens = " Or give this token a channel of its own in the browser." if token else ""
    raise NoneFits(f"Say in channel which one it goes out on, such as {some}.{else_the_tokens}")

"""Knows the addresses of those who were erased again, without telling them: each is kept as a keyed hash.

Their opt-outs are replaced by that hash. So consent stays: nothing with such an address is stored or written to until a
person takes the erasure back. `sending.erasing` erases.
"""

import hmac
from collections.abc import Collection, Iterator

from django.conf import settings

from broadcaster.models import Erasure

ERASED = "erased"  # what stands in a record where an address was; nobody can be written to there
NO_ADDRESS = frozenset({ERASED})
SENTENCE = "This person was erased on request. Take the erasure back before this address is stored again."
PURPOSE = b"address of an erased person\0"  # the keys serve secrets too; what is hashed here fits nothing else
CHUNK = 5_000  # digests in one statement


def erased(addresses: Collection[str]) -> set[str]:
    """Those of the addresses (E.164, or identifiers) that are of erased people; next to free where nobody was erased.

    Each is looked for under every key of `CHANNEL_KEYS`, since keys are rotated.
    """
    found = set(NO_ADDRESS.intersection(addresses))
    if not addresses or not Erasure.objects.exists():
        return found
    by_digest = {digest: address for address in addresses for digest in digests(address)}
    listed = list(by_digest)
    for start in range(0, len(listed), CHUNK):
        known = Erasure.objects.filter(digest__in=listed[start : start + CHUNK]).order_by()
        found.update(by_digest[digest] for digest in known.values_list("digest", flat=True))
    return found


def digest_of(address: str) -> str:
    """The hash under which an address is stored: of the first key, in 64 hexadecimal digits."""
    return next(digests(address))


def digests(address: str) -> Iterator[str]:
    """The hash of an address under each key, the one to store first."""
    for key in settings.CHANNEL_KEYS:
        yield hmac.digest(key.encode(), PURPOSE + address.encode(errors="surrogatepass"), "sha256").hex()

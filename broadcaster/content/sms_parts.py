"""How many parts a text takes as an SMS: what the counter beside the compose form shows, and what is paid for.

Source: 3GPP TS 23.038 (the GSM 7-bit default alphabet and its extension table) and TS 23.040 (concatenation: a header
of 6 bytes leaves 153 septets or 67 UTF-16 units a part).
"""

from dataclasses import dataclass

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")  # sent as an escape and a second septet
LAST_OF_PLANE_0 = "\uffff"  # characters above it are two UTF-16 units

LIMITS = {"GSM-7": (160, 153), "UCS-2": (70, 67)}  # units in a single SMS, and in each part of a longer one


@dataclass(frozen=True, slots=True)
class Parts:
    """`units` are septets (GSM-7) or UTF-16 units (UCS-2), of which `per_part` fit into each of the parts."""

    encoding: str
    units: int
    parts: int
    per_part: int


def count(text: str) -> Parts:
    """The parts of a text; an empty one has none."""
    encoding = "GSM-7" if BASIC.union(EXTENSION).issuperset(text) else "UCS-2"
    sizes = [2 if _is_double(character, encoding) else 1 for character in text]
    units = sum(sizes)
    single, each = LIMITS[encoding]
    if units <= single:
        return Parts(encoding, units, 1 if text else 0, single)
    return Parts(encoding, units, _pack(sizes, each), each)


def _is_double(character: str, encoding: str) -> bool:
    return character in EXTENSION if encoding == "GSM-7" else character > LAST_OF_PLANE_0


def _pack(sizes: list[int], capacity: int) -> int:
    """Fill part after part; a character of two units that does not fit whole opens the next one."""
    parts, used = 1, 0
    for size in sizes:
        if used + size > capacity:
            parts, used = parts + 1, 0
        used += size
    return parts

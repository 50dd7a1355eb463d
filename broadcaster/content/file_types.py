"""What a file is, by its first bytes: neither its name nor what a browser says of it is believed.

Only what a provider takes is known here: images, audio, video and PDF; anything else is nothing.
Sources: the MIME Sniffing standard (mimesniff.spec.whatwg.org, sections 6 and 7) for the patterns; ISO/IEC 14496-12
and the register at mp4ra.org for the brands of `ftyp`; RFC 9559 for the DocType of Matroska; RFC 3533 for Ogg;
RFC 4867 for AMR.
"""

from collections.abc import Callable
from dataclasses import dataclass

HEAD_BYTES = 512


@dataclass(frozen=True, slots=True)
class FileType:
    """A MIME type, and the endings that a file of it may have; the first one is given to a file that has another."""

    content_type: str
    endings: tuple[str, ...]


def _type(content_type: str, *endings: str) -> FileType:
    return FileType(content_type, endings)


PNG = _type("image/png", ".png", ".apng")
MP4 = _type("video/mp4", ".mp4", ".m4v")
MP3 = _type("audio/mpeg", ".mp3", ".mpga")
AAC = _type("audio/aac", ".aac")
THREE_GP = _type("video/3gpp", ".3gp")

# First bytes -> type.
BEGINNINGS: tuple[tuple[bytes, FileType], ...] = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", _type("image/jpeg", ".jpg", ".jpeg")),
    (b"GIF87a", _type("image/gif", ".gif")),
    (b"GIF89a", _type("image/gif", ".gif")),
    (b"%PDF-", _type("application/pdf", ".pdf")),
    (b"ID3", MP3),
    (b"fLaC", _type("audio/flac", ".flac")),
    (b"#!AMR\n", _type("audio/amr", ".amr")),
    (b"\x00\x00\x01\xba", _type("video/mpeg", ".mpg", ".mpeg")),
    (b"\xff\xf1", AAC),  # ADTS, without and with MPEG-2
    (b"\xff\xf9", AAC),
    (b"\xff\xfb", MP3),  # a frame without a tag before it
    (b"\xff\xf3", MP3),
    (b"\xff\xf2", MP3),
    (b"\xff\xfa", MP3),
)
# RIFF: the four bytes from the eighth on.
RIFF: dict[bytes, FileType] = {
    b"WEBP": _type("image/webp", ".webp"),
    b"WAVE": _type("audio/wav", ".wav"),
    b"AVI ": _type("video/x-msvideo", ".avi"),
}
# ISO base media: the major brand, by its first three bytes, since the fourth is often a version.
BRANDS: dict[bytes, FileType] = {
    b"avi": _type("image/avif", ".avif"),
    b"M4A": _type("audio/mp4", ".m4a"),
    b"M4B": _type("audio/mp4", ".m4a", ".m4b"),
    b"qt ": _type("video/quicktime", ".mov", ".qt"),
    b"3gp": THREE_GP,
    b"3ge": THREE_GP,
    b"3g2": _type("video/3gpp2", ".3g2"),
    **dict.fromkeys((b"iso", b"mp4", b"avc", b"M4V", b"das", b"MSN", b"mmp", b"f4v"), MP4),
}
WEBM, MATROSKA = _type("video/webm", ".webm"), _type("video/x-matroska", ".mkv")
OGG_AUDIO, OGG_VIDEO = _type("audio/ogg", ".ogg", ".oga", ".opus"), _type("video/ogg", ".ogv")


def sniff(head: bytes) -> FileType | None:
    """The type of a file that begins with these bytes (at most HEAD_BYTES are looked at); None where it is no such."""
    head = head[:HEAD_BYTES]
    for beginning, file_type in BEGINNINGS:
        if head.startswith(beginning):
            return file_type
    return next((found for look in CONTAINERS if (found := look(head))), None)


def _riff(head: bytes) -> FileType | None:
    return RIFF.get(head[8:12]) if head.startswith(b"RIFF") else None


def _iso_media(head: bytes) -> FileType | None:
    return BRANDS.get(head[8:11]) if head[4:8] == b"ftyp" else None


def _matroska(head: bytes) -> FileType | None:
    if not head.startswith(b"\x1a\x45\xdf\xa3"):
        return None
    return WEBM if b"\x42\x82\x84webm" in head else MATROSKA


def _ogg(head: bytes) -> FileType | None:
    if not head.startswith(b"OggS"):
        return None
    return OGG_VIDEO if b"\x80theora" in head else OGG_AUDIO


CONTAINERS: tuple[Callable[[bytes], FileType | None], ...] = (_riff, _iso_media, _matroska, _ogg)

"""A file is what its first bytes say; what no provider takes is nothing."""

import pytest

from broadcaster.content.file_types import sniff
from tests.files import PDF, PNG

SOUND = {
    "PNG": (PNG, "image/png"),
    "JPEG": (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"),
    "GIF": (b"GIF89a\x01\x00", "image/gif"),
    "WebP": (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp"),
    "AVIF": (b"\x00\x00\x00\x1cftypavif\x00\x00", "image/avif"),
    "PDF": (PDF, "application/pdf"),
    "MP3 with a tag": (b"ID3\x04\x00", "audio/mpeg"),
    "MP3 without one": (b"\xff\xfb\x90\x00", "audio/mpeg"),
    "AAC": (b"\xff\xf1\x50\x80", "audio/aac"),
    "WAV": (b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav"),
    "Ogg sound": (b"OggS\x00\x02" + b"\x00" * 22 + b"OpusHead", "audio/ogg"),
    "Ogg video": (b"OggS\x00\x02" + b"\x00" * 22 + b"\x80theora", "video/ogg"),
    "M4A": (b"\x00\x00\x00\x20ftypM4A \x00", "audio/mp4"),
    "AMR": (b"#!AMR\n\x3c", "audio/amr"),
    "MP4": (b"\x00\x00\x00\x20ftypisom\x00", "video/mp4"),
    "QuickTime": (b"\x00\x00\x00\x14ftypqt  \x00", "video/quicktime"),
    "3GP": (b"\x00\x00\x00\x18ftyp3gp4\x00", "video/3gpp"),
    "WebM": (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", "video/webm"),
    "Matroska": (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska", "video/x-matroska"),
    "AVI": (b"RIFF\x24\x00\x00\x00AVI LIST", "video/x-msvideo"),
}
OTHER = {
    "nothing": b"",
    "a page": b"<!doctype html><script>alert(1)</script>",
    "a drawing with a script": b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>',
    "a program": b"MZ\x90\x00",
    "an archive": b"PK\x03\x04",
    "a picture that few can show": b"\x00\x00\x00\x18ftypheic\x00",
    "half a beginning": b"RIFF",
    "a PDF behind something else": b"\n\n%PDF-1.4",
}


@pytest.mark.parametrize(("head", "content_type"), SOUND.values(), ids=SOUND)
def test_a_known_beginning(head: bytes, content_type: str) -> None:
    found = sniff(head)
    assert found
    assert found.content_type == content_type
    assert found.endings[0].startswith(".")


@pytest.mark.parametrize("head", OTHER.values(), ids=OTHER)
def test_anything_else_is_nothing(head: bytes) -> None:
    assert sniff(head) is None

"""Files as operators have them, each with the bytes that its kind begins with."""

from django.core.files.base import ContentFile

from broadcaster.content import media
from broadcaster.models import MediaFile

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xfc\xcf\xc0P\x0f\x00\x04\x85\x01\x80\x84\xa9\x8c!\x00\x00\x00\x00IEND\xaeB`\x82"
)
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def stored(name: str = "june.png", content: bytes = PNG) -> MediaFile:
    """A file that was uploaded."""
    file = media.taken(ContentFile(content, name=name))
    file.save()
    return file

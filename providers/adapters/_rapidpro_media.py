"""Files that go to RapidPro's media endpoint before a broadcast refers to them by their UUID.

    POST https://<host>/api/v2/media.json        multipart, one part `file` with its content type
    201 {"uuid": "fdd156ca-233a-48c1-896d-a9d594d59b95", "content_type": "image/jpeg",
         "url": "https://...test.jpg", "filename": "test.jpg", "size": 23452}
    400 {"file": ["Unsupported file type."]}

Sources: MediaEndpoint of rapidpro/rapidpro v9.0.0 (temba/api/v2/views.py); the limits stand beside their tables.
"""

from providers import parsing
from providers.adapters._rapidpro_recipients import UUID
from providers.errors import AnswerUnreadable, MessageRejected
from providers.http import Answer

LIMIT_BYTES = 25 * 1024 * 1024  # nyaruka/rapidpro v26.3.54, Media.MAX_UPLOAD_SIZE; v9.0.0 has the same
# nyaruka/rapidpro v26.3.54, Media.ALLOWED_CONTENT_TYPES; v9.0.0 takes every image.
IMAGES = frozenset(f"image/{name}" for name in ("apng", "avif", "gif", "jpeg", "png", "webp"))
OTHERS = ("audio/", "video/")
PDF = "application/pdf"


def checked_type(content_type: str) -> str:
    """The content type without its parameters. Raises MessageRejected for one that RapidPro does not take."""
    plain = content_type.partition(";")[0].strip().lower()
    is_other = plain.startswith(OTHERS) and plain.partition("/")[2].replace("-", "").replace(".", "").isalnum()
    if plain in IMAGES or plain == PDF or is_other:
        return plain
    named = parsing.phrase(content_type, 80) or "an unknown type"
    sentence = f"RapidPro does not take {named}; give an image (JPEG, PNG, GIF, WebP), audio, video or a PDF."
    raise MessageRejected(sentence, code="media_type")


def check_size(content: bytes) -> None:
    """Raise MessageRejected for a file that RapidPro does not take for its size."""
    if not content:
        raise MessageRejected("The file is empty; choose another.", code="media_size")
    if len(content) > LIMIT_BYTES:
        size = f"{len(content) / 1024 / 1024:.1f}"
        raise MessageRejected(f"The file has {size} MB; RapidPro takes at most 25 MB.", code="media_size")


def uploaded(answer: Answer) -> str:
    """The UUID of the file. Raises AnswerUnreadable."""
    uuid = parsing.identifier(parsing.dig(answer.value, "uuid"))
    if not UUID.match(uuid):
        raise AnswerUnreadable("RapidPro said yes to the file, but gave no UUID of it.")
    return uuid

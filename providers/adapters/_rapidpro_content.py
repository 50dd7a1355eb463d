"""A text as RapidPro takes it: translations, attachments by the UUID of their upload, and every `@` literal.

RapidPro evaluates `@contact.name` and `@(1 + 2)` in each text of a broadcast. Ours are rendered already, so each `@`
goes out doubled. In the scanner of nyaruka/goflow (excellent/scanner.go, excellent/base_test.go) two of them are a
literal one wherever they stand: before a name, inside an e-mail address, before a parenthesis and at the very end.
A single `@` at the end, or before what is no name that it knows, would be literal too; but a later version may know
more names, and a doubled one is always right: every broadcast of the API is evaluated (temba/mailroom/queue.py of
rapidpro/rapidpro v9.0.0, web/msg/broadcast.go of nyaruka/mailroom). Its text is counted before that, doubled.
"""

import re
from collections.abc import Iterator
from typing import Any

from providers import limits, writing
from providers.adapters._rapidpro_recipients import UUID
from providers.messages import Text, Translation
from providers.outcomes import FieldError

# rapidpro/rapidpro v9.0.0, temba/api/v2/fields.py.
ATTACHMENTS_PER_LANGUAGE = 10
LANGUAGES = 50
LANGUAGE = re.compile(r"[a-z]{3}\Z")  # the form of ISO 639-3; the list of its codes is RapidPro's


def fields(content: Text) -> dict[str, Any]:
    """What a broadcast says, without whom it goes to.

    The base language is left out where RapidPro would look for something in it that is not there: it answers 500 to
    one that comes without texts, and 400 to attachments that another language has alone. Without it, it takes the
    first language (rapidpro/rapidpro v9.0.0, temba/api/v2/serializers.py and Broadcast.create).
    """
    text = {each.language: escaped(each.text) for each in content.translations if each.text.strip()}
    attachments = {each.language: list(each.attachments) for each in content.translations if each.attachments}
    base = content.base.language
    is_sound = base in text and (base in attachments or not attachments)
    return writing.given(text=text, attachments=attachments, base_language=base if is_sound else "")


def escaped(text: str) -> str:
    """The text with every `@` literal."""
    return text.replace("@", "@@")


def problems(content: Text, text_limit: int) -> Iterator[FieldError]:
    """What RapidPro would refuse."""
    if not any(each.text.strip() or each.attachments for each in content.translations):
        yield FieldError("text", "Give a text or an attachment.")
    if len(content.translations) > LANGUAGES:
        yield FieldError("translations", f"At most {LANGUAGES} languages are allowed.")
    if any(each.text.strip() for each in content.translations) and not content.base.text.strip():
        yield FieldError("text", "The text in the base language is missing.")
    for each in content.translations:
        yield from _translation_problems(each, text_limit)


def _translation_problems(translation: Translation, text_limit: int) -> Iterator[FieldError]:
    if not LANGUAGE.match(translation.language):
        sentence = f"{translation.language} is no ISO 639-3 language code; use three small letters, such as eng."
        yield FieldError("translations", sentence)
    label = f"The text ({translation.language})"
    yield from limits.within("text", label, escaped(translation.text).strip(), text_limit)
    if len(translation.attachments) > ATTACHMENTS_PER_LANGUAGE:
        yield FieldError("attachments", f"At most {ATTACHMENTS_PER_LANGUAGE} attachments are allowed.")
    for attachment in translation.attachments:
        if not UUID.match(attachment):
            sentence = f"The attachment {attachment[:80]} must be uploaded first; choose it from the media files."
            yield FieldError("attachments", sentence)

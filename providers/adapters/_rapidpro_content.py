"""A text as RapidPro takes it: translations, attachments by the UUID of their upload, quick replies, all `@` literal.

RapidPro evaluates `@contact.name` and `@(1 + 2)` in each text of a broadcast. Ours are rendered already, so each `@`
goes out doubled. In the scanner of nyaruka/goflow (excellent/scanner.go, excellent/base_test.go) two of them are a
literal one wherever they stand: before a name, inside an e-mail address, before a parenthesis and at the very end.
A single `@` at the end, or before what is no name that it knows, would be literal too; but a later version may know
more names, and a doubled one is always right: every broadcast of the API is evaluated (temba/mailroom/queue.py of
rapidpro/rapidpro v9.0.0, web/msg/broadcast.go of nyaruka/mailroom). Its text is counted before that, doubled.

Quick replies are evaluated as the text is (CreateMsgOut of nyaruka/mailroom). The API takes them since v10.1.54 of
nyaruka/rapidpro, as objects since v10.1.102; rapidpro/rapidpro v9.0.0 leaves them aside and says nothing.
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
# nyaruka/rapidpro v26.3.54, QuickReplySerializer in temba/api/v2/fields.py and Msg.MAX_QUICK_REPLIES.
QUICK_REPLIES_PER_LANGUAGE = 10
QUICK_REPLY_CHARACTERS = 64
LANGUAGES = 50
LANGUAGE = re.compile(r"[a-z]{3}\Z")  # the form of ISO 639-3; the list of its codes is RapidPro's


def fields(content: Text) -> dict[str, Any]:
    """What a broadcast says, without whom it goes to.

    The base language is left out where RapidPro would look for something in it that is not there: it answers 500 to
    one that comes without texts, and 400 to attachments or quick replies that another language has alone. Without it,
    it takes the first language (rapidpro/rapidpro v9.0.0, temba/api/v2/serializers.py and Broadcast.create).
    """
    text = {each.language: escaped(each.text) for each in content.translations if each.text.strip()}
    attachments = {each.language: list(each.attachments) for each in content.translations if each.attachments}
    replies = {each.language: _replies(each) for each in content.translations if each.quick_replies}
    base = content.base.language
    is_sound = base in text and all(base in named for named in (attachments, replies) if named)
    return writing.given(
        text=text, attachments=attachments, quick_replies=replies, base_language=base if is_sound else ""
    )


def _replies(translation: Translation) -> list[dict[str, str]]:
    return [{"type": "text", "text": escaped(reply)} for reply in translation.quick_replies]


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
    yield from _reply_problems(translation)
    for attachment in translation.attachments:
        if not UUID.match(attachment):
            sentence = f"The attachment {attachment[:80]} must be uploaded first; choose it from the media files."
            yield FieldError("attachments", sentence)


def _reply_problems(translation: Translation) -> Iterator[FieldError]:
    if len(translation.quick_replies) > QUICK_REPLIES_PER_LANGUAGE:
        yield FieldError("quick_replies", f"At most {QUICK_REPLIES_PER_LANGUAGE} quick replies are allowed.")
    for reply in translation.quick_replies:
        label = f"The quick reply “{reply[:20]}”"
        yield from limits.within("quick_replies", label, escaped(reply), QUICK_REPLY_CHARACTERS)
        if not reply.strip():
            yield FieldError("quick_replies", "A quick reply is empty; fill it in, or take it out.")

"""Pre-flight: everything that would go wrong with a broadcast, found before anything is sent and said in one sentence.

Blocking problems keep it from being scheduled; the others are warnings that the operator sees on the review page.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import providers
from broadcaster import gateway
from broadcaster.audience import segments
from broadcaster.content import expressions, kinds, listed, media, quick_replies, scoped
from broadcaster.content.rendering import placeholders_of, texts_of
from broadcaster.content.samples import CHECKED, Person, Sample, client_of, content_of, reachable, rendered, samples
from broadcaster.models import AudienceUpload, Broadcast, Channel, Contact

__all__ = ["Problem", "Sample", "problems", "samples"]

SAMPLES = 5  # recipients whose message the provider's rules are held against

Frozen = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, at which step of the journey, and the broadcast's field in which it can be mended."""

    step: Literal["audience", "message", "schedule"]
    field: str
    sentence: str
    blocking: bool = True


def problems(broadcast: Broadcast) -> list[Problem]:
    """Everything that is wrong with the broadcast; recipients are looked at once nothing else blocks it."""
    content = content_of(broadcast)
    found = [*_channel(broadcast.channel), *_message(broadcast, content), *_audience(broadcast)]
    if any(problem.blocking for problem in found):
        return found
    return [*found, *_recipients(broadcast, content)]


# -- the channel -----------------------------------------------------------------------------------------------------


def _channel(channel: Channel | None) -> Iterator[Problem]:
    if channel is None:
        yield Problem("message", "channel", "Choose a channel.")
        return
    if not channel.enabled:
        yield Problem("message", "channel", f"{channel} is disabled. Enable it, or choose another channel.")
    if channel.is_held():
        until = f"{channel.hold_until:%Y-%m-%d %H:%M} UTC" if channel.hold_until else "a person releases it"
        sentence = f"{channel} is held, so nothing goes out until {until}: {channel.hold_reason}"
        yield Problem("message", "channel", sentence, blocking=False)
    try:
        gateway.connect(channel)
    except providers.ConfigurationError as error:
        yield Problem("message", "channel", f"{channel} cannot be used: {error}")


def _kind(client: providers.Client, channel: Channel, kind: str) -> Iterator[Problem]:
    """Whether the channel can carry this kind of content, and which channels can."""
    if kind in client.capabilities.content_kinds:
        if kind in client.capabilities.cautions:
            yield Problem("message", "channel", client.capabilities.cautions[kind], blocking=False)
        return
    offered = Channel.objects.filter(enabled=True, kind__in=providers.kinds())
    able = [str(each) for each in offered if kind in each.client_class.capabilities.content_kinds]
    remedy = f"These channels can: {', '.join(able)}." if able else "None of your channels can; use another template."
    label = providers.CONTENT_KINDS[kind].label
    yield Problem("message", "channel", f"{channel} cannot send content of the kind {label}. {remedy}")


# -- the message -----------------------------------------------------------------------------------------------------


def _message(broadcast: Broadcast, content: Frozen) -> Iterator[Problem]:
    if not content:
        yield Problem("message", "template", "Choose a template.")
        return
    client = client_of(broadcast)
    if client and broadcast.channel:
        yield from _kind(client, broadcast.channel, content["kind"])
    wrong = list(_translations(content))
    if wrong:
        yield from wrong
        return
    yield from _listed(broadcast.channel, content)
    yield from _placeholders(broadcast.upload, content)
    usable = broadcast.channel if client else None
    for sentence in (*media.faults(usable, content), *quick_replies.faults(usable, content)):
        yield Problem("message", "template", sentence)
    for fault in scoped.faults(broadcast, placeholders_of(content)) if client else ():
        yield Problem("message", fault.field, fault.sentence)


def _translations(content: Frozen) -> Iterator[Problem]:
    base, translations = content["base_language"], content["translations"]
    if base not in translations:
        yield Problem("message", "template", f"The template has no translation in its base language, {base}. Add one.")
    labels = {field.name: field.label for field in kinds.FIELDS[content["kind"]]}
    for language, fields in translations.items():
        for name, sentence in kinds.clean(content["kind"], fields).items():
            yield Problem("message", "template", f"{labels[name]} ({language}): {sentence}")


def _listed(channel: Channel | None, content: Frozen) -> Iterator[Problem]:
    """What the account's list of templates says against it."""
    for fault in listed.faults(channel, content) if channel else ():
        yield Problem("message", "template", fault.sentence, blocking=fault.blocking)


def _placeholders(upload: AudienceUpload | None, content: Frozen) -> Iterator[Problem]:
    columns = keys_of(upload)
    unconfirmed = upload is not None and not upload.mapping  # which is a problem of its own
    for name in placeholders_of(content):
        source, _, key = name.partition(".")
        if source == "row" and key not in columns and not unconfirmed:
            yield Problem("message", "template", _no_column(name, upload, columns))
    for piece in dict.fromkeys(piece for text in texts_of(content) for piece in expressions.unsupported(text)):
        sentence = f"{piece} is not a placeholder here and goes out as it stands. Write @@ if that is meant."
        yield Problem("message", "template", sentence, blocking=False)


def keys_of(upload: AudienceUpload | None, *roles: str) -> list[str]:
    """The keys of the file's columns that have one of these roles; of all that a template can use, by default."""
    mapping = upload.mapping.values() if upload else ()
    return [column["key"] for column in mapping if column.get("role") in (roles or ("field", "row"))]


def _no_column(name: str, upload: AudienceUpload | None, columns: list[str]) -> str:
    if upload is None:
        return f"The message uses @{name}, but no file is chosen that could say it. Choose one with this column."
    known = f"it has: {', '.join(sorted(columns))}" if columns else "none of its columns can be used in a message"
    return f"The message uses @{name}, but {upload} has no such column; {known}. Change the template or the columns."


# -- the audience ----------------------------------------------------------------------------------------------------


def _audience(broadcast: Broadcast) -> Iterator[Problem]:
    upload = broadcast.upload
    if upload and upload.state != AudienceUpload.State.IMPORTED:
        yield Problem("audience", "upload", _unfinished(upload))
        return
    if unusable := segments.unusable(broadcast):
        yield Problem("audience", "groups", unusable)
        return
    if not segments.has_somebody(broadcast) and (sentence := _why_empty(broadcast)):
        yield Problem("audience", "upload" if upload else "groups", sentence)
        return
    yield from _landlines(broadcast)


def _why_empty(broadcast: Broadcast) -> str:
    """Why nobody gets it; empty where somebody does."""
    estimate = segments.estimate(broadcast)
    if estimate.recipients:
        return ""
    if estimate.suppressed:
        return f"Everyone in this audience has opted out ({estimate.suppressed})."
    if broadcast.upload or broadcast.groups.exists() or broadcast.contacts.exists():
        return "Nobody is in this audience, or everybody in it is excluded."
    return "Choose an audience: a file, groups or single contacts."


def _landlines(broadcast: Broadcast) -> Iterator[Problem]:
    """Rows of the file that the channel cannot reach, although their numbers are right."""
    upload, client = broadcast.upload, client_of(broadcast)
    if upload and upload.fixed_line and client and client.reaches_mobile_only():
        rows, landlines = ("row", "holds a landline") if upload.fixed_line == 1 else ("rows", "hold landlines")
        sentence = (
            f"{upload.fixed_line:,} {rows} of {upload} {landlines}, and {broadcast.channel} reaches "
            "mobile phones only. Those people need another channel."
        )
        yield Problem("audience", "upload", sentence, blocking=False)


def _unfinished(upload: AudienceUpload) -> str:
    if upload.state == AudienceUpload.State.FAILED:
        return f"{upload} could not be imported: {upload.error or 'upload it again.'}"
    if upload.state == AudienceUpload.State.IMPORTING:
        return f"{upload} is still being imported ({upload.rows} rows so far). Wait until it is done."
    if upload.state == AudienceUpload.State.CANCELLED:
        return f"The import of {upload} was cancelled. Upload the file again, or take it out of the broadcast."
    if upload.state in (AudienceUpload.State.UNDOING, AudienceUpload.State.UNDONE):
        return f"{upload} was taken back. Choose another audience."
    return f"The columns of {upload} are not confirmed yet. Choose what each of them holds and import the file."


# -- the recipients --------------------------------------------------------------------------------------------------


def _recipients(broadcast: Broadcast, content: Frozen) -> Iterator[Problem]:
    people = reachable(broadcast)
    if not people:
        yield _nobody(broadcast)
    for name in placeholders_of(content):
        lacking = [person for person in people if person.variables.get(name) in (None, "")]
        if lacking:
            yield Problem("message", "template", _gap(name, lacking, people, broadcast.upload), blocking=False)
    yield from _refused(rendered(broadcast, people[:SAMPLES]))


def _nobody(broadcast: Broadcast) -> Problem:
    sentence = f"None of the first {CHECKED} recipients can be reached on {broadcast.channel}: no phone, or opted out."
    only_these = segments.estimate(broadcast).recipients <= CHECKED
    return Problem("audience", "upload" if broadcast.upload else "groups", sentence, blocking=only_these)


def _gap(name: str, lacking: list[Person], people: list[Person], upload: AudienceUpload | None) -> str:
    """Who has no value for the placeholder."""
    source, _, key = name.partition(".")
    if source == "fields" and lacking == people and key not in keys_of(upload, "field") and not _is_field(key):
        return f"No contact has a field {key}, so @{name} stays empty for everybody."
    some = ", ".join(person.contact.address for person in lacking[:3])
    return f"@{name} stays empty for {len(lacking)} of the {len(people)} recipients looked at, such as {some}."


def _is_field(key: str) -> bool:
    return Contact.objects.filter(fields__has_key=key).exists()


def _refused(looked_at: list[Sample]) -> Iterator[Problem]:
    """What the channel's provider would refuse, each reason once, with somebody whom it concerns.

    Where it takes the message to others, one person's gap keeps nobody else from it.
    """
    reasons: dict[providers.FieldError, Sample] = {}
    for sample in looked_at:
        for error in sample.errors:
            reasons.setdefault(error, sample)
    blocking = all(sample.errors for sample in looked_at)
    for error, sample in reasons.items():
        yield Problem(
            "message", "template", f"For {sample.name or sample.address}: {error.sentence}", blocking=blocking
        )

"""Attachments in a template's form: files that are here are chosen or uploaded, anything else is written on a line."""

from collections.abc import Iterable
from typing import Any

from django import forms

from broadcaster.admin import widgets
from broadcaster.admin.media import WHAT, UploadField, in_words
from broadcaster.content import media, values
from broadcaster.models import MediaFile

CHOSEN, NEW = "_files", "_new"  # what follows the field's name


class FilesField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # generic only in the stubs
    """Files to choose from, the newest first."""

    def label_from_instance(self, obj: Any) -> str:
        """The file's name, kind and size."""
        return in_words(obj)


def form_fields(label: str, *, may_upload: bool) -> dict[str, forms.Field]:
    """The fields beside that of the lines, by what follows its name."""
    files = MediaFile.objects.all()
    chosen = FilesField(files, label=label, required=False, widget=widgets.many(), help_text="Files from Media.")
    if not may_upload:
        return {CHOSEN: chosen}
    return {CHOSEN: chosen, NEW: UploadField(label="Upload another file", required=False, help_text=WHAT)}


def split(stored: Any) -> tuple[list[MediaFile], list[str]]:
    """(files that are here, all other lines) of a stored value."""
    lines: tuple[str, ...] = values.read("files", stored)
    known = _files(lines)
    here = [known[media.key_of(line)] for line in lines if media.key_of(line) in known]
    return here, [line for line in lines if media.key_of(line) not in known]


def joined(files: Iterable[MediaFile], typed: Any, *, stored: Any) -> list[str]:
    """The lines of what was chosen and written, each once: those that were stored in their order, then the new ones."""
    given = [*(media.reference(file.uuid) for file in files), *values.read("files", typed)]
    before = {line: place for place, line in enumerate(values.read("files", stored))}
    return sorted(dict.fromkeys(given), key=lambda line: before.get(line, len(before)))


def gone(lines: Iterable[str], uploaded: Iterable[MediaFile]) -> str:
    """What to do about a line that names a file of which there is none; empty where there is no such line."""
    known = {*_files(lines), *(str(file.uuid) for file in uploaded)}
    lost = next((line for line in lines if (key := media.key_of(line)) and key not in known), "")
    return f"There is no file {lost} any more. Take this line out, and choose another file." if lost else ""


def names(stored: Any) -> list[str]:
    """The lines as a person reads them: a file by its name."""
    lines: tuple[str, ...] = values.read("files", stored)
    known = _files(lines)
    return [known[key].name if (key := media.key_of(line)) in known else line for line in lines]


def _files(lines: Iterable[str]) -> dict[str, MediaFile]:
    keys = [key for line in lines if (key := media.key_of(line))]
    return {str(file.uuid): file for file in MediaFile.objects.filter(uuid__in=keys)} if keys else {}

"""Begins a template of ours with one that an account holds: its name and its places, which a person then fills."""

from typing import Any

from django.db import transaction

import providers
from broadcaster.content import rules
from broadcaster.models import ListedTemplate, Template, TemplateTranslation

LONGEST_NAME = 100
BASE_LANGUAGE = "eng"  # where the provider's code says nothing


def adopt(listed: ListedTemplate) -> Template:
    """Add a template with one translation, which names what the account holds.

    Each place is taken by a column of a file, such as `@row.variable_1`; pre-flight names those that a broadcast's file
    has not, so none of them can go out by mistake.
    """
    language = providers.three_letters(listed.language) or BASE_LANGUAGE
    with transaction.atomic():
        name, kind = _free_name(listed), providers.TemplateMessage.kind
        template = Template.objects.create(name=name, kind=kind, base_language=language)
        TemplateTranslation.objects.create(template=template, language=language, content=_content(listed))
    return template


def _content(listed: ListedTemplate) -> dict[str, Any]:
    kinds = [kind for kind in listed.buttons if rules.BUTTON.fullmatch(str(kind))]
    content = {
        "name": listed.name,
        "language": listed.language,
        "namespace": listed.namespace,
        "template_id": listed.template_id,
        "variables": [f"@row.variable_{number}" for number in range(1, listed.variables + 1)],
        "header_kind": listed.header,
        "header": "@row.header" if listed.header else "",
        "buttons": [[kind, f"@row.button_{number}"] for number, kind in enumerate(kinds, start=1)],
    }
    return {field: value for field, value in content.items() if value}


def _free_name(listed: ListedTemplate) -> str:
    """The template's own name, with its language or a number where that is taken."""
    wanted = listed.name[: LONGEST_NAME - 10]
    taken = set(Template.objects.filter(name__startswith=wanted).values_list("name", flat=True))
    names = [wanted, f"{wanted} ({listed.language[:6]})", *(f"{wanted} {n}" for n in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)

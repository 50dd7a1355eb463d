"""The rule of a group in its form: the rows, and a place where whom they fit is shown while one builds them."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.urls import reverse

from broadcaster.admin import rule_entry
from broadcaster.admin.rule_entry import BLOCK, FIELD, HOWS, INPUTS, OTHERS, Entry, Row
from broadcaster.audience import rules, rules_groups
from broadcaster.audience.rules import Unusable
from broadcaster.models import ContactField, Group

TEMPLATE = "broadcaster/groups/rule.html"
EMPTY = dict.fromkeys(INPUTS, "")


class RuleWidget(forms.Widget):
    """The rows. `of` is the group's own key, once it has one."""

    of: int | None = None

    class Media:
        css = {"all": ("broadcaster/rule.css",)}
        js = ("broadcaster/rule.js",)

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Entry:
        """What was posted."""
        return rule_entry.posted(data, name)

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        """Whether the form had no rows at all."""
        return f"{name}-match" not in data

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> Any:
        """The rows, with what is wrong with each that somebody has begun."""
        entry = value if isinstance(value, Entry) else Entry()
        fields = list(ContactField.objects.all())
        if entry.rows:
            with contextlib.suppress(Unusable):
                entry.read({each.key: each.kind for each in fields})
        context = {
            "name": name,
            "entry": entry,
            "whats": list(_whats(entry, fields)),
            "groups": [(str(group.pk), group.name) for group in Group.objects.all() if group.pk != self.of],
            "rows": [_shown(row, fields) for row in entry.rows],
            "blank": _shown(Row("blank", EMPTY), fields),
            "new": _shown(Row("__item__", EMPTY), fields),
            "new_block": _shown(Row("__item__", EMPTY | {"what": BLOCK, "match": "any"}), fields),
            "kinds": [{**_shown(Row("__item__", EMPTY), fields), "kind": kind, "hows": hows} for kind, hows in _hows()],
            "preview": reverse("admin:broadcaster_group_preview") + (f"?of={self.of}" if self.of else ""),
        }
        return render_to_string(TEMPLATE, context)


class RuleField(forms.Field):
    """The rule, as rows; whether they are one is asked only where the group is to have a rule."""

    widget = RuleWidget

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What was posted, drawn again as it is."""
        return data

    def has_changed(self, initial: Any, data: Any) -> bool:
        """By what the rows say."""
        return bool(initial != data)


def read(entry: Entry, *, of: int | None) -> dict[str, Any]:
    """The rows as a rule that the group may have, within a transaction. Raises ValidationError."""
    try:
        value = entry.read(kinds())
        rules_groups.check(rules.parse(value), of=of)
    except Unusable as error:
        raise ValidationError(error.sentence) from error
    return value


def kinds() -> dict[str, str]:
    """What each of the contacts' own fields holds."""
    return dict(ContactField.objects.values_list("key", "kind"))


def _hows() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    return ((kind, list(words.items())) for kind, words in HOWS.items())


def _whats(entry: Entry, fields: list[ContactField]) -> Iterator[tuple[str, str, str]]:
    """(Value, words, kind) of what a condition may look at, and of what one looks at that is gone."""
    offered = [(FIELD + each.key, each.label, each.kind) for each in fields]
    yield from offered
    known = {value for value, _, _ in offered}
    gone = {what for row in entry.all_rows() if (what := row.given["what"]).startswith(FIELD)} - known
    yield from ((what, what.removeprefix(FIELD), "text") for what in sorted(gone))
    yield from ((what, words, what) for what, words in OTHERS.items())


def _shown(row: Row, fields: list[ContactField]) -> dict[str, Any]:
    kind = _kind(row, fields)
    return {
        "item": row.item,
        "given": row.given,
        "is_block": row.is_block,
        "error": row.error,
        "kind": kind,
        "hows": list(HOWS.get(kind, {}).items()),
        "rows": [_shown(inner, fields) for inner in row.rows],
    }


def _kind(row: Row, fields: list[ContactField]) -> str:
    """Which controls the row has: by its field, but by its test where that was chosen when the field held others."""
    what, test = row.given["what"], row.given.get("how", "").removeprefix("!")
    if not what.startswith(FIELD):
        return what
    kind = next((each.kind for each in fields if each.key == what.removeprefix(FIELD)), "text")
    fitting = [name for name in ("text", "number", "date") if test in HOWS[name]]
    return kind if not fitting or kind in fitting else fitting[0]

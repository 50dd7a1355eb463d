"""A rule as a sentence: "City is Bandung, and a message was read in the last 30 days, but not in group VIP"."""

from collections.abc import Mapping
from dataclasses import dataclass

from broadcaster.audience import rules
from broadcaster.audience.rules import Condition, Created, FieldIs, InGroup, Messaged, Rule, Speaks, Unusable
from broadcaster.models import ContactField, Group

GONE = "a group that was deleted"
# What is said of a field, and what where it must not fit.
TESTS: dict[str, tuple[str, str]] = {
    "equals": ("is {value}", "is not {value}"),
    "contains": ("contains {value}", "does not contain {value}"),
    "starts_with": ("starts with {value}", "does not start with {value}"),
    "is_set": ("is known", "is not known"),
    "=": ("is {value}", "is not {value}"),
    "<": ("is less than {value}", "is not less than {value}"),
    ">": ("is more than {value}", "is not more than {value}"),
    "between": ("is from {value} to {until}", "is not from {value} to {until}"),
    "before": ("is before {value}", "is not before {value}"),
    "after": ("is after {value}", "is not after {value}"),
    "within_days": ("is in the last {days}", "is not in the last {days}"),
}


@dataclass(frozen=True, slots=True)
class Names:
    """What pages call fields (by key) and groups (by id)."""

    fields: Mapping[str, str]
    groups: Mapping[int, str]


def in_words(rule: Rule, names: Names | None = None) -> str:
    """The rule as one sentence without a full stop."""
    sentence = _joined(rule, names or names_of(rule))
    return sentence[:1].upper() + sentence[1:]


def of_group(group: Group, names: Names | None = None) -> str:
    """A smart group's rule, or why it is none."""
    try:
        return in_words(rules.parse(group.rule), names)
    except Unusable as error:
        return f"The rule cannot be used. {error.sentence}"


def names_of(*given: Rule) -> Names:
    """The names of what the rules mention."""
    leaves = [leaf for rule in given for leaf in rules.leaves(rule)]
    keys = {leaf.key for leaf in leaves if isinstance(leaf, FieldIs)}
    groups = {leaf.group for leaf in leaves if isinstance(leaf, InGroup)}
    return Names(
        dict(ContactField.objects.filter(key__in=keys).values_list("key", "label")) if keys else {},
        dict(Group.objects.filter(pk__in=groups).values_list("pk", "name")) if groups else {},
    )


def _joined(rule: Rule, names: Names) -> str:
    text = ""
    for condition in rule.conditions:
        link = "" if not text else ", or " if rule.match == "any" else ", but " if _says_no(condition) else ", and "
        text += link + _phrase(condition, names)
    return text


def _says_no(condition: Condition) -> bool:
    return condition.negated and isinstance(condition, InGroup | Messaged)


def _phrase(condition: Condition, names: Names) -> str:
    no = "not " if condition.negated else ""
    match condition:
        case Rule():
            return f"{no}({_joined(condition, names)})"
        case FieldIs():
            return f"{names.fields.get(condition.key, condition.key)} {_compared(condition)}"
        case Speaks():
            return f"language is {no}{condition.language or 'unknown'}"
        case InGroup():
            return f"{no}in {_group(names.groups.get(condition.group))}"
        case Messaged():
            return f"{'no' if no else 'a'} message {_became(condition)}"
        case Created():
            return f"added {no}{_since(condition)}"


def _compared(condition: FieldIs) -> str:
    words = TESTS[condition.test][condition.negated]
    days = _days(condition.value) if condition.test == "within_days" and isinstance(condition.value, int) else ""
    return words.format(value=condition.value, until=condition.until, days=days)


def _group(name: str | None) -> str:
    return f"group {name}" if name else GONE


def _became(condition: Messaged) -> str:
    what = condition.what if condition.what == "failed" else f"was {condition.what}"
    return f"{what} in the last {_days(condition.within_days)}" if condition.within_days else what


def _since(condition: Created) -> str:
    if isinstance(condition.value, int):
        return f"in the last {_days(condition.value)}"
    return f"{condition.test} {condition.value}"


def _days(count: int) -> str:
    return "day" if count == 1 else f"{count} days"

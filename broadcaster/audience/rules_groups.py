"""Groups that name each other in their rules: who is in one, which use one, and that none comes back to itself."""

from collections.abc import Iterable, Mapping

from django.db.models import Q, QuerySet
from django.utils import timezone

from broadcaster.audience import rules, rules_sql
from broadcaster.audience.rules import InGroup, Rule, Unusable
from broadcaster.audience.rules_sql import Scope
from broadcaster.models import Contact, Group, Membership

DEEPEST = 5  # rules that lead from one smart group to the next
MOST_CONDITIONS = 200  # in a rule and all that it leads to: a database should not have to plan more
ROUND = "The rule comes back to the group itself, by way of {}. Take that group out."
TOO_DEEP = f"Rules lead from one group to the next more than {DEEPEST} times. Use fewer groups that use groups."
DELETED = "A group in the rule was deleted. Mend the rule."
TOO_LARGE = f"With the rules of the groups in it, there are more than {MOST_CONDITIONS} conditions. Take some out."


class Reader:
    """Turns groups and rules into conditions on contacts within a scope, asking for each group once."""

    def __init__(self, scope: Scope | None = None, instead: Mapping[int, Rule] | None = None) -> None:
        """`instead` are rules that groups are to have, by the group."""
        self.scope = scope or Scope(timezone.now())
        self._instead = instead or {}
        self._rules: dict[int, object] = {}
        self._conditions = 0

    def members(self, groups: Iterable[Group]) -> Q:
        """Whoever is in one of the groups. Raises rules.Unusable."""
        known = list(groups)
        self._rules |= {group.pk: group.rule for group in known}
        lists = [group.pk for group in known if not group.is_smart]
        fits = self._on_lists(lists) if lists else rules_sql.NOBODY
        for group in known:
            if group.is_smart:
                self._conditions = 0
                fits |= self._of(group.pk, (), group.name)
        return fits

    def fitting(self, rule: Rule, *, of: int | None = None) -> Q:
        """Whom the rule fits; `of` is its own group, which it must not come back to. Raises rules.Unusable."""
        return self._fitting(rule, () if of is None else (of,))

    def _fitting(self, rule: Rule, way: tuple[int, ...]) -> Q:
        self._conditions += sum(1 for _ in rules.leaves(rule))
        if self._conditions > MOST_CONDITIONS:
            raise Unusable(TOO_LARGE)
        return rules_sql.fitting(rule, self.scope, lambda group: self._of(group, way))

    def _of(self, group: int, way: tuple[int, ...], name: str = "") -> Q:
        rule = self._rule_of(group)
        if rule is None:  # nobody at all would be taken for everybody where the rule says "not in it"
            raise Unusable(DELETED)
        if group in way:
            raise Unusable(ROUND.format(_name(way[-1])))
        if rule == {} and group not in self._instead:
            return self._on_lists([group])
        if len(way) > DEEPEST:
            raise Unusable(TOO_DEEP)
        try:
            return self._fitting(self._instead.get(group) or rules.parse(rule), (*way, group))
        except Unusable as error:
            raise Unusable(f"{name}: {error.sentence}" if name else error.sentence) from error

    def _on_lists(self, groups: list[int]) -> Q:
        return self.scope.with_one(Membership.objects.filter(group__in=groups))

    def _rule_of(self, group: int) -> object:
        if group not in self._rules:
            self._rules[group] = Group.objects.filter(pk=group).values_list("rule", flat=True).first()
        return self._rules[group]


def lists() -> QuerySet[Group]:
    """The groups that people can be put into: no rule says who is in them."""
    return Group.objects.filter(rule={})


def by_rule(group: str, so: str = "nobody can be added to it") -> str:
    """Why people cannot be put into a smart group, in a sentence; what helps is for the page to say."""
    return f"A rule says who is in {group}, so {so}."


def members(group: Group) -> QuerySet[Contact]:
    """The people of a group as it is now. Raises rules.Unusable."""
    return Contact.objects.filter(Reader().members([group])).order_by()


def check(rule: Rule, *, of: int | None) -> None:
    """Hold a rule of the group `of` (None: a new one) against the groups it leads to. Raises rules.Unusable.

    So too against those that lead to it. Within a transaction no rule changes and no group goes until its end, so that
    two cannot come to lead to each other, nor a rule to nothing.
    """
    named = {leaf.group for leaf in rules.leaves(rule) if isinstance(leaf, InGroup)}
    if of in named:
        raise Unusable("The rule names the group itself. Choose another group.")
    if named or of is not None:
        hold(Group.objects.all())
    if named - set(Group.objects.filter(pk__in=named).values_list("pk", flat=True)):
        raise Unusable("A group in the rule is gone. Choose another group.")
    Reader().fitting(rule, of=of)
    if of is not None:
        _check_users(rule, of)


def hold(groups: QuerySet[Group]) -> None:
    """Let nobody else change or delete these groups until the transaction ends; people may still join them."""
    list(groups.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def _check_users(rule: Rule, of: int) -> None:
    """See that the groups whose rules lead to `of` can be used with its new rule, if they can be now."""
    for user in sorted(all_users_of(Group.objects.filter(pk=of)), key=lambda group: group.pk):
        if is_usable(user):
            try:
                Reader(instead={of: rule}).members([user])
            except Unusable as error:
                raise Unusable(
                    f"Another group's rule leads to this one, and could not be used. {error.sentence}"
                ) from error


def is_usable(group: Group) -> bool:
    """Whether one can tell who is in the group."""
    try:
        Reader().members([group])
    except Unusable:
        return False
    return True


def all_users_of(groups: Iterable[Group]) -> set[Group]:
    """The smart groups whose rules lead to one of these, by way of others too, without these themselves."""
    own = set(groups)
    found, new = set(own), own
    while new:
        new = {user for users in users_of(new).values() for user in users} - found
        found |= new
    return found - own


def users_of(groups: Iterable[Group]) -> dict[Group, list[Group]]:
    """The smart groups that name one of these in their rules, without these themselves, by the group they name."""
    known = {group.pk: group for group in groups}
    found: dict[Group, list[Group]] = {}
    for user in Group.objects.exclude(rule={}).exclude(pk__in=known):
        for pk in sorted(named_by(user) & known.keys()):
            found.setdefault(known[pk], []).append(user)
    return found


def named_by(group: Group) -> set[int]:
    """The groups that stand in a group's rule, even where it cannot be used as it is: somebody may mend it."""
    found, parts = set[int](), [group.rule]
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            key = part.get("group")
            found |= {key} if isinstance(key, int) else set()
            parts += part.values()
        elif isinstance(part, list):
            parts += part
    return found


def _name(group: int) -> str:
    return Group.objects.filter(pk=group).values_list("name", flat=True).first() or "a deleted group"

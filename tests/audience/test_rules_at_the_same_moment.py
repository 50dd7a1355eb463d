"""Two persons change groups at once: no rules come to lead to each other, and none to a group that is gone."""

from collections.abc import Callable
from functools import partial

import pytest
from django.db import transaction
from django.urls import reverse

from broadcaster.audience import rules, rules_groups
from broadcaster.audience.rules import Unusable
from broadcaster.models import Group
from tests.admin.people import logged_in
from tests.audience.test_at_the_same_moment import together

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = 8  # that they meet, since not every meeting goes wrong


def anew(*names: str) -> list[Group]:
    """Only these lists."""
    Group.objects.all().delete()
    return [Group.objects.create(name=name) for name in names]


def naming(named: Group, group: Group) -> Callable[[], bool]:
    """Give the group a rule as its form does; whether that was allowed."""
    rule = {"match": "all", "conditions": [{"of": "group", "group": named.pk}]}

    def save() -> bool:
        with transaction.atomic():
            try:
                rules_groups.check(rules.parse(rule), of=group.pk)
            except Unusable:
                return False
            Group.objects.filter(pk=group.pk).update(rule=rule)
        return True

    return save


def test_two_lists_do_not_become_rules_that_lead_to_each_other() -> None:
    for _ in range(TIMES):
        one, other = anew("One", "Other")
        assert sorted(together(naming(one, other), naming(other, one)), key=str) == [False, True]


@pytest.mark.parametrize("way", ["its page", "the list"])
def test_a_group_that_a_new_rule_names_is_not_deleted_at_that_moment(way: str) -> None:
    operator = logged_in("view_group", "delete_group")
    for _ in range(TIMES):
        vip, user = anew("VIP", "User")
        data = {"action": "delete_selected", "_selected_action": [vip.pk], "post": "yes"}
        page = reverse("admin:broadcaster_group_delete", args=[vip.pk])
        address = page if way == "its page" else reverse("admin:broadcaster_group_changelist")
        saved, _ = together(naming(vip, user), partial(operator.post, address, data))
        assert Group.objects.filter(pk=vip.pk).exists() == saved

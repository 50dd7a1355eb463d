"""What each role may do, and that an update takes nothing away from a person's own choice."""

import pytest
from django.contrib.auth.models import Group, Permission, User

from broadcaster import roles

pytestmark = pytest.mark.django_db
MAY = {
    "Viewer": {
        *("view_broadcast", "view_message", "view_contact", "view_suppression", "view_template", "view_mediafile"),
        *("view_templatetranslation", "view_listedtemplate"),
    },
    "Operator": {
        *("view_channel", "add_broadcast", "change_broadcast", "delete_broadcast", "send_broadcast"),
        *("add_contact", "add_group", "add_template", "add_audienceupload", "add_suppression", "view_message"),
        *("add_mediafile", "delete_mediafile", "add_templatetranslation", "change_templatetranslation"),
        *("view_listedtemplate", "view_apitoken", "add_apitoken"),
    },
    "Approver": {
        *("view_apitoken", "add_apitoken"),
        "view_listedtemplate",
        "view_channel",
        "view_broadcast",
        "view_message",
        "approve_broadcast",
        "send_broadcast",
    },
    "Admin": {
        "add_channel",
        "change_channel",
        "delete_suppression",
        "approve_broadcast",
        "send_broadcast",
        "manage_apitoken",
    },
}
MAY_NOT = {
    "Viewer": {"view_channel", "change_broadcast", "send_broadcast", "add_contact", "add_suppression", "view_apitoken"},
    "Operator": {
        *("approve_broadcast", "change_channel", "add_channel", "delete_suppression", "change_suppression"),
        *("change_message", "delete_message", "delete_audienceupload", "change_listedtemplate"),
        *("change_apitoken", "delete_apitoken", "manage_apitoken"),
    },
    "Approver": {
        "change_broadcast",
        "add_broadcast",
        "change_channel",
        "add_contact",
        "delete_message",
        "manage_apitoken",
    },
    "Admin": set(),
}


def member(role: str) -> User:
    roles.ensure_roles()
    user = User.objects.create_user("ann", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


@pytest.mark.parametrize("role", MAY)
def test_a_role_may_do_its_work_and_no_more(role: str) -> None:
    user = member(role)
    assert {name for name in MAY[role] if not user.has_perm(f"broadcaster.{name}")} == set()
    assert {name for name in MAY_NOT[role] if user.has_perm(f"broadcaster.{name}")} == set()


@pytest.mark.parametrize("role", roles.ROLES)
def test_every_permission_of_a_role_exists(role: str) -> None:
    there_are = set(Permission.objects.filter(content_type__app_label="broadcaster").values_list("codename", flat=True))
    assert set(roles.ROLES[role]) - there_are == set()


@pytest.mark.parametrize(
    ("role", "may"), [("Operator", False), ("Approver", False), ("Viewer", False), ("Admin", True)]
)
def test_only_admins_see_users_and_the_queue(role: str, *, may: bool) -> None:
    user = member(role)
    assert [user.has_perm(name) for name in ("auth.change_user", "django_q.view_schedule")] == [may, may]


def test_what_a_person_added_to_a_role_stays() -> None:
    roles.ensure_roles()
    viewer = Group.objects.get(name="Viewer")
    extra = Permission.objects.get(codename="view_channel")
    viewer.permissions.add(extra)
    before = viewer.permissions.count()
    roles.ensure_roles()
    assert extra in viewer.permissions.all()
    assert viewer.permissions.count() == before
    assert Group.objects.count() == 4

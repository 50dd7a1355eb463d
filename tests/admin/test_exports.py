"""Every list leaves as a file: the rows of the screen in its order, to who sees the list, running nothing, streamed."""

import io
import tracemalloc
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group as Role
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from broadcaster.admin import exporting
from broadcaster.admin.exporting import Export
from broadcaster.models import (
    AudienceUpload,
    Broadcast,
    Channel,
    Contact,
    Erasure,
    Group,
    ListedTemplate,
    Membership,
    Suppression,
    Template,
)
from broadcaster.roles import ROLES, ensure_roles
from tests.admin.exported import address, csv_file, csv_rows, excel_file, excel_rows, fetched
from tests.admin.people import logged_in, messages_of
from tests.files import stored
from tests.sending.broadcasts import composed

pytestmark = pytest.mark.django_db


PAGES: dict[str, Any] = {
    model._meta.label_lower.replace(".", "_"): page for model, page in admin.site._registry.items()
}
EXPORTED = {name for name, page in PAGES.items() if isinstance(page, Export)}


@pytest.fixture
def viewer() -> Client:
    return logged_in("view_contact")


def make_people(count: int) -> None:
    """New contacts instead of those there are, each in two groups."""
    Contact.objects.all().delete()
    people = Contact.objects.bulk_create(Contact(identifier=str(number), name="Ann") for number in range(count))
    for name in ("VIP", "Java"):
        group, _ = Group.objects.get_or_create(name=name)
        Membership.objects.bulk_create(Membership(group=group, contact=contact) for contact in people)


def test_every_list_of_the_broadcaster_can_be_exported() -> None:
    assert {name for name in PAGES if name.startswith("broadcaster_")} - EXPORTED == set()


@pytest.mark.parametrize("role", [*ROLES, "Admin"])
def test_a_role_exports_the_lists_that_it_sees_and_no_other(role: str) -> None:
    ensure_roles()
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Role.objects.get(name=role))
    client = Client()
    client.force_login(user)
    for name in EXPORTED:
        seen = client.get(reverse(f"admin:{name}_changelist")).status_code
        assert fetched(client, name).status_code == fetched(client, name, excel=True).status_code == seen


@pytest.mark.parametrize("query", [{"q": "An"}, {"o": "0"}, {"o": "-0"}, {"groups__id__exact": "1", "o": "0"}])
def test_the_rows_are_those_of_the_screen_in_its_order(viewer: Client, query: dict[str, str]) -> None:
    group = Group.objects.create(name="VIP", pk=1)
    for name in ("Anna", "Bea", "Anne"):
        group.contacts.add(Contact.objects.create(name=name, identifier=name))
    Contact.objects.create(name="Cid", identifier="c")
    screen = viewer.get(reverse("admin:broadcaster_contact_changelist"), query).context["cl"].result_list
    shown = [contact.name for contact in screen]
    assert [row["name"] for row in csv_rows(viewer, "contact", **query)] == shown
    assert [row[0] for row in excel_rows(viewer, "contact", **query)[1:]] == shown


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_filter_that_means_nothing_leads_back_to_the_list(viewer: Client, kind: str) -> None:
    Group.objects.create(name="VIP")
    response = fetched(viewer, "contact", excel=kind == "xlsx", groups__id__exact="x")
    assert (response.status_code, response.url) == (302, reverse("admin:broadcaster_contact_changelist") + "?e=1")


def test_the_buttons_take_the_search_along(viewer: Client) -> None:
    Contact.objects.create(name="Ann", identifier="a")
    html = viewer.get(reverse("admin:broadcaster_contact_changelist"), {"q": "Ann"}).content.decode()
    assert f'href="{address("contact")}?q=Ann"' in html
    assert f'href="{address("contact", excel=True)}?q=Ann"' in html


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_is_named_for_its_list_and_the_day(viewer: Client, kind: str) -> None:
    name = fetched(viewer, "contact", excel=kind == "xlsx")["Content-Disposition"]
    assert name == f'attachment; filename="contacts-{timezone.localdate().isoformat()}.{kind}"'


# -- what stands in the files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["=1+1", "+1+1", "-1", "@SUM(A1)", "'=1+1", "\uff1d1"])
def test_an_export_runs_no_formula(viewer: Client, name: str) -> None:
    Contact.objects.create(name=name, identifier="a")
    assert csv_rows(viewer, "contact")[0]["name"] == f"'{name}"
    assert excel_rows(viewer, "contact")[1][0] == f"'{name}"


@pytest.mark.parametrize("name", ["\x01=1+1", "\x0b@SUM(A1)", "\x1f\x02-1"])
def test_characters_that_nobody_sees_hide_no_formula(viewer: Client, name: str) -> None:
    Contact.objects.create(name=name, identifier="a")
    assert csv_rows(viewer, "contact")[0]["name"] == f"'{name}"
    assert excel_rows(viewer, "contact")[1][0] == "'" + name.lstrip("\x01\x02\x0b\x1f")


def test_excel_takes_every_text_for_a_text(viewer: Client) -> None:
    Contact.objects.create(name="\x01=1+1", identifier="#N/A", phone="+6281234567890")
    sheet = load_workbook(io.BytesIO(excel_file(viewer, "contact"))).worksheets[0]
    assert {cell.data_type for row in sheet for cell in row if cell.value is not None} == {"s"}


def test_excel_takes_an_error_s_name_as_text_and_leaves_out_what_xml_cannot_hold(viewer: Client) -> None:
    Contact.objects.create(name="#N/A", identifier="a\x01b\x0bc")
    book = excel_rows(viewer, "contact")
    assert (book[1][0], book[1][2]) == ("#N/A", "abc")


def test_a_broadcast_has_its_counts_as_numbers() -> None:
    composed(2, name="June", total=2)
    row = csv_rows(logged_in("view_broadcast"), "broadcast")[0]
    assert (row["Name"], row["State"], row["Recipients"], row["Delivered"]) == ("June", "Draft", "2", "0")
    headings, cells = excel_rows(logged_in("view_broadcast"), "broadcast")
    assert dict(zip(headings, cells, strict=True))["Recipients"] == 2


def test_a_channel_goes_without_settings_and_secrets() -> None:
    account: dict[str, Any] = {"config": {"base_url": "http://tok-secret"}, "secrets": {"api_token": "tok-secret"}}
    channel = Channel.objects.create(name="Main", kind="rapidpro", **account)
    client = logged_in("view_channel", "change_channel")
    for file in (csv_file(client, "channel").decode(), str(excel_rows(client, "channel"))):
        assert "RapidPro" in file
        assert not any(secret in file for secret in ("tok-secret", channel.receipts_token))


def test_a_user_goes_without_the_password() -> None:
    boss = User.objects.create_superuser("boss", email="boss@example.com", password="x")
    boss.groups.add(Role.objects.create(name="Editors"))
    client = Client()
    client.force_login(boss)
    row = csv_rows(client, "auth_user")[0]
    assert (row["User name"], row["Roles"], row["May log in"]) == ("boss", "Editors", "yes")
    assert boss.password not in csv_file(client, "auth_user").decode()


def test_a_file_of_the_library_is_told_by_its_name_and_size(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    file = stored("june.png")
    row = csv_rows(logged_in("view_mediafile"), "mediafile")[0]
    assert (row["Name"], row["Bytes"]) == ("june.png", str(file.size))


def test_an_account_s_template_tells_its_approval() -> None:
    channel = Channel.objects.create(name="Main", kind="kaleyra")
    ListedTemplate.objects.create(channel=channel, name="june", language="id", approval="approved")
    row = csv_rows(logged_in("view_listedtemplate"), "listedtemplate")[0]
    assert (row["Channel"], row["Name"], row["Approval"]) == ("Main", "june", "Approved")


def test_an_audience_file_goes_with_its_totals() -> None:
    AudienceUpload.objects.create(filename="june.csv", rows=3, new=2, invalid=1, state="imported")
    row = csv_rows(logged_in("view_audienceupload"), "audienceupload")[0]
    assert (row["File"], row["State"], row["Rows"], row["New"], row["Invalid"]) == (
        "june.csv",
        "Imported",
        "3",
        "2",
        "1",
    )


def test_an_opt_out_goes_with_its_channel_and_source() -> None:
    Suppression.objects.create(address="+6281234567890", reason="STOP", source="keyword")
    row = csv_rows(logged_in("view_suppression"), "suppression")[0]
    assert (row["address"], row["channel"], row["reason"], row["source"]) == ("+6281234567890", "", "STOP", "keyword")


def test_an_erasure_goes_without_the_hash() -> None:
    erasure = Erasure.objects.create(digest="d" * 64, reason="Asked for it")
    assert erasure.digest not in csv_file(logged_in("view_erasure"), "erasure").decode()


# -- what it costs ---------------------------------------------------------------------------------------------------


def test_too_many_rows_for_excel_are_refused_with_a_way_out(viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "EXCEL_ROWS", 2)
    make_people(3)
    response = viewer.get(address("contact", excel=True), {"q": "Ann"}, follow=True)
    assert "at most 2 rows. Filter the list, or export it as CSV." in messages_of(response)
    assert response.request["QUERY_STRING"] == "q=Ann"


def test_twice_as_many_contacts_take_twice_as_many_queries(viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "CHUNK", 10)
    costs = {}
    for count in (10, 50, 100, 150):  # the first fills caches
        make_people(count)
        with CaptureQueriesContext(connection) as queries:
            assert len(csv_rows(viewer, "contact")) == count
        costs[count] = len(queries)
        assert not any("OFFSET" in query["sql"] for query in queries)
    assert costs[150] - costs[100] == costs[100] - costs[50] == 5


def make_broadcasts(count: int) -> None:
    for number in range(count):
        name = f"{count}-{number}"
        channel = Channel.objects.create(name=name, kind="kaleyra")
        people = [User.objects.create_user(f"{role} {name}") for role in ("author", "approver")]
        Broadcast.objects.create(name=name, channel=channel, author=people[0], approver=people[1])


def make_groups(count: int) -> None:
    for number in range(count):
        Group.objects.create(name=f"{count}-{number}").contacts.add(
            Contact.objects.create(identifier=f"{count}-{number}")
        )


def make_templates(count: int) -> None:
    for number in range(count):
        Template.objects.create(name=f"{count}-{number}").translations.create(language="eng", content={"text": "Hi"})


def make_uploads(count: int) -> None:
    for number in range(count):
        author, group = User.objects.create_user(f"{count}-{number}"), Group.objects.create(name=f"{count}-{number}")
        AudienceUpload.objects.create(filename="june.csv", author=author, group=group)


MAKERS: dict[str, Callable[[int], None]] = {
    "audienceupload": make_uploads,
    "broadcast": make_broadcasts,
    "channel": make_broadcasts,
    "group": make_groups,
    "template": make_templates,
}


@pytest.mark.parametrize("model", MAKERS)
def test_more_rows_in_a_chunk_take_no_more_queries(model: str) -> None:
    client = logged_in(f"view_{model}")
    costs = []
    for count in (1, 2, 5):  # the first fills caches
        MAKERS[model](count)
        with CaptureQueriesContext(connection) as queries:
            assert csv_rows(client, model)
        costs.append(len(queries))
    assert costs[1] == costs[2]


def more_drafts(count: int) -> None:
    """As many drafts as this, of which an export leaves no circle of references that only the collector breaks."""
    missing = count - Broadcast.objects.count()
    Broadcast.objects.bulk_create(Broadcast(name="June", state_reason="x" * 200) for _ in range(missing))


@pytest.mark.parametrize(("kind", "few", "many"), [("csv", 1_000, 20_000), ("xlsx", 500, 2_000)])
def test_more_rows_take_no_more_memory(monkeypatch: pytest.MonkeyPatch, kind: str, few: int, many: int) -> None:
    monkeypatch.setattr(exporting, "CHUNK", 200)
    client, held = logged_in("view_broadcast"), {}
    for count in (200, few, many):  # the first fills caches
        more_drafts(count)
        tracemalloc.start()
        response: Any = client.get(address("broadcast", excel=kind == "xlsx"))
        assert deque(response.streaming_content, maxlen=1)
        held[count] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert held[many] < 1.2 * held[few]

"""Account templates: what a provider holds and whether it may be sent, looked at anew, and taken over as ours."""

from collections.abc import Iterator
from typing import Any

import pytest
import responses
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.brokers import get_broker

from broadcaster import accounts, tasks
from broadcaster.models import Channel, ListedTemplate, Template
from tests.admin.people import logged_in, messages_of, text_of
from tests.admin.reading import visible
from tests.papering import listing, paper, paper_channel, template
from tests.queued import queued

pytestmark = pytest.mark.django_db

LIST = "/admin/broadcaster/listedtemplate/"
WRITE = [f"{verb}_{model}" for verb in ("view", "add", "change") for model in ("template", "templatetranslation")]


@pytest.fixture(autouse=True)
def provider() -> Iterator[None]:
    get_broker().purge_queue()
    with paper(), responses.mock:
        yield
    responses.reset()


@pytest.fixture
def channel() -> Channel:
    return paper_channel(templates_at=timezone.now(), templates_tried_at=timezone.now())


@pytest.fixture
def operator() -> Client:
    return logged_in("view_listedtemplate", "view_channel", *WRITE)


def hold(channel: Channel, name: str = "welcome", language: str = "id", **fields: Any) -> ListedTemplate:
    said = {"approval": "approved"} | fields
    return ListedTemplate.objects.create(channel=channel, name=name, language=language, **said)


def url(name: str, key: int) -> str:
    return reverse(f"admin:broadcaster_listedtemplate_{name}", args=[key])


# -- the list ----------------------------------------------------------------------------------------------------------


def test_a_viewer_sees_each_template_with_its_approval_and_the_reason(channel: Channel) -> None:
    hold(channel, "sale", "en_US", approval="rejected", reason="Too loud.", category="marketing", variables=2)
    words = visible(text_of(logged_in("view_listedtemplate").get(LIST)))
    assert [word for word in ("sale", "en_US", "marketing", "Rejected", "Too loud.", "Post") if word not in words] == []
    assert "Use it" not in words
    assert "Look now" not in words


def test_the_page_says_how_many_there_are_and_how_old_the_look_is(channel: Channel, operator: Client) -> None:
    hold(channel)
    hold(channel, "sale", approval="paused")
    words = visible(text_of(operator.get(LIST)))
    assert "2 templates, of which 1 paused." in words
    assert "(just now)" in words


def test_a_look_that_failed_is_told_with_its_reason(channel: Channel, operator: Client) -> None:
    listing(status=401)
    accounts.list_templates(channel)
    assert "The last look failed. The provider refused the channel's credentials" in visible(
        text_of(operator.get(LIST))
    )


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=sal", ["sale"]),
        ("q=discount", ["sale"]),
        ("approval__exact=approved", ["welcome"]),
        ("language=en", ["sale"]),
    ],
)
def test_the_list_is_searched_and_filtered(channel: Channel, operator: Client, query: str, names: list[str]) -> None:
    hold(channel)
    hold(channel, "sale", "en", approval="paused", body="A discount")
    assert [row.name for row in operator.get(f"{LIST}?{query}").context["cl"].result_list] == names


def test_many_accounts_are_folded_away_above_the_list(operator: Client) -> None:
    for number in range(6):
        paper_channel(f"Post {number}")
    assert "Last looks at 6 accounts" in visible(text_of(operator.get(LIST)))
    Channel.objects.first().delete()  # type: ignore[union-attr]
    assert "Last looks at" not in visible(text_of(operator.get(LIST)))


def test_an_empty_list_says_what_will_be_here(operator: Client) -> None:
    assert "No account templates yet" in visible(text_of(operator.get(LIST)))


def test_nobody_writes_what_the_provider_says(channel: Channel) -> None:
    everything = logged_in(*(f"{verb}_listedtemplate" for verb in ("view", "add", "change", "delete")))
    page = reverse("admin:broadcaster_listedtemplate_change", args=[hold(channel).pk])
    assert everything.post(page, {"name": "other"}).status_code == 403
    assert everything.get(f"{LIST}add/").status_code == 403


def test_one_template_is_shown_with_its_text(channel: Channel) -> None:
    held = hold(channel, body="Hi {{1}},\nthank you", variables=1, buttons=["url"], header="image")
    page = reverse("admin:broadcaster_listedtemplate_change", args=[held.pk])
    words = visible(text_of(logged_in("view_listedtemplate").get(page)))
    assert [word for word in ("Hi {{1}}, thank you", "url", "image") if word not in words] == []
    assert "Use it in a new template" not in words


# -- look now ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("may", ["change_channel", "add_template"])
def test_a_look_is_made_by_a_worker_and_shown_when_it_is_done(channel: Channel, may: str) -> None:
    client = logged_in("view_listedtemplate", "view_channel", may)
    page = text_of(client.post(url("look", channel.pk), follow=True))
    assert "A look is on its way." in page
    assert f'hx-get="{url("state", channel.pk)}?on=channel"' in page
    assert queued() == [("list_templates", (channel.pk,))]
    listing(template())
    tasks.list_templates(channel.pk)
    state = text_of(client.get(url("state", channel.pk)))
    assert "1 template, approved." in state
    assert "hx-get" not in state


def test_a_list_that_waited_for_a_look_is_drawn_anew(channel: Channel, operator: Client) -> None:
    waiting, done = f"{url('state', channel.pk)}?on=list", "HX-Refresh"
    operator.post(f"{url('look', channel.pk)}?on=list")
    assert done not in operator.get(waiting)
    tasks.list_templates(channel.pk)
    assert operator.get(waiting)[done] == "true"
    assert done not in operator.get(url("state", channel.pk))


def test_a_look_whose_task_is_lost_is_made_by_the_next_tick(channel: Channel, operator: Client) -> None:
    operator.post(url("look", channel.pk))
    get_broker().purge_queue()
    tasks.tick()
    assert ("list_templates", (channel.pk,)) in queued()


def test_who_may_only_see_may_not_let_the_provider_be_asked(channel: Channel) -> None:
    client = logged_in("view_listedtemplate", "view_channel")
    assert client.post(url("look", channel.pk)).status_code == 403
    assert "Look now" not in text_of(client.get(LIST))
    assert queued() == []


def test_a_look_takes_no_link_and_a_state_is_for_those_who_may_see(channel: Channel) -> None:
    assert logged_in("add_template").get(url("look", channel.pk)).status_code == 405
    assert logged_in("view_channel").get(url("state", channel.pk)).status_code == 403


def test_a_provider_without_a_list_is_not_asked(operator: Client) -> None:
    other = paper_channel("Calls", kind="khoros", config={}, secrets={})
    response = operator.post(url("look", other.pk), follow=True)
    assert "Calls cannot be asked for its templates." in messages_of(response)
    assert queued() == []


# -- use it ------------------------------------------------------------------------------------------------------------


def test_a_template_of_ours_begins_with_what_the_account_holds(channel: Channel, operator: Client) -> None:
    said: dict[str, Any] = {"namespace": "n_1", "template_id": 172, "variables": 2}
    said |= {"header": "image", "buttons": ["url", "flow"]}
    response = operator.post(url("use", hold(channel, **said).pk), follow=True)
    ours = Template.objects.get()
    assert response.redirect_chain[-1][0] == reverse("admin:broadcaster_template_change", args=[ours.pk])
    assert (ours.name, ours.kind, ours.base_language) == ("welcome", "template", "ind")
    assert ours.translations.get().language == "ind"
    assert ours.translations.get().content == {
        "name": "welcome",
        "language": "id",
        "namespace": "n_1",
        "template_id": 172,
        "variables": ["@row.variable_1", "@row.variable_2"],
        "header_kind": "image",
        "header": "@row.header",
        "buttons": [["url", "@row.button_1"], ["flow", "@row.button_2"]],
    }
    assert "@row.variable_1" in text_of(response)
    assert "Now say what stands in its places" in messages_of(response)
    assert LogEntry.objects.get(object_id=ours.pk).get_change_message() == "Begun with welcome (id) of Post."


def test_a_plain_template_is_taken_over_without_empty_fields(channel: Channel, operator: Client) -> None:
    operator.post(url("use", hold(channel, "plain", "xx").pk))
    ours = Template.objects.get()
    assert (ours.base_language, ours.translations.get().content) == ("eng", {"name": "plain", "language": "xx"})


def test_a_name_that_is_taken_gets_its_language_and_then_a_number(channel: Channel, operator: Client) -> None:
    held = hold(channel, "n" * 512)
    for _ in range(4):
        operator.post(url("use", held.pk))
    stem = "n" * 90
    assert {each.name for each in Template.objects.all()} == {stem, f"{stem} (id)", f"{stem} 2", f"{stem} 3"}


@pytest.mark.parametrize("lacking", ["view_listedtemplate", "add_template"])
def test_who_may_not_add_templates_takes_none_over(channel: Channel, lacking: str) -> None:
    client = logged_in(*({"view_listedtemplate", "add_template"} - {lacking}))
    assert client.post(url("use", hold(channel).pk)).status_code == 403
    assert not Template.objects.exists()


def test_taking_over_needs_a_post(channel: Channel, operator: Client) -> None:
    assert operator.get(url("use", hold(channel).pk)).status_code == 405


def test_the_list_offers_to_those_who_may(channel: Channel, operator: Client) -> None:
    held = hold(channel)
    assert f'formaction="{url("use", held.pk)}"' in text_of(operator.get(LIST))


# -- beside the form of our own templates ------------------------------------------------------------------------------


def form_of(kind: str, client: Client) -> str:
    ours = Template.objects.create(name="Ours", kind=kind)
    return text_of(client.get(reverse("admin:broadcaster_template_change", args=[ours.pk])))


def test_the_form_offers_names_and_languages_that_may_be_sent(channel: Channel, operator: Client) -> None:
    hold(channel, "b", "id")
    hold(channel, "a", "id")
    hold(channel, "no", "xx", approval="rejected")
    html = form_of("template", operator)
    assert '<datalist id="listed-name"><option value="a"></option><option value="b"></option></datalist>' in html
    assert '<datalist id="listed-language"><option value="id"></option></datalist>' in html
    assert html.count('list="listed-name"') == html.count('list="listed-language"') == 2  # and the form for one more


def test_other_forms_and_other_people_are_offered_nothing(channel: Channel, operator: Client) -> None:
    hold(channel)
    assert 'list="listed-name"' not in form_of("event", operator)
    Template.objects.all().delete()
    assert "<datalist" not in form_of("template", logged_in(*WRITE))

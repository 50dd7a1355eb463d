"""Step 2: only what the channel can send is offered, each choice is kept, and real recipients' data is shown."""

from typing import Any

import pytest
from django.test import Client

from broadcaster.models import AudienceUpload, Broadcast, Channel, Contact, Template
from tests.admin.journey.conftest import FRAGMENT, Draft, address, group_of, words
from tests.content.conftest import make_channel, make_template, make_upload


def offered(response: Any, what: str) -> list[str]:
    return [option.name for option in response.context[what]]


def choose(browser: Client, broadcast: Broadcast, **fields: Any) -> Any:
    """Change something on the page, without continuing."""
    chosen = {name: getattr(value, "pk", value) for name, value in fields.items()}
    return browser.post(address("message", broadcast), chosen, headers=FRAGMENT)


@pytest.fixture
def voice(db: None) -> tuple[Channel, Template]:
    return make_channel("imiconnect", "Phone"), make_template("voice", "Call", eng={"flow_id": "flow-1"})


def test_only_enabled_channels_of_known_providers_are_offered(browser: Client, draft: Draft) -> None:
    broadcast = draft()
    make_channel(name="Off", enabled=False)
    make_channel("gone", name="Gone")
    assert offered(browser.get(address("message", broadcast)), "channels") == ["WhatsApp"]


def test_a_channel_says_what_the_recipient_sees_and_through_whom(browser: Client, draft: Draft) -> None:
    assert "WhatsApp · Kaleyra" in words(browser.get(address("message", draft())))


def test_a_held_channel_is_marked(browser: Client, draft: Draft) -> None:
    broadcast = draft(channel=make_channel(hold_reason="No balance."))
    assert '<span class="mark warn">held</span>' in words(browser.get(address("message", broadcast)))


def test_only_templates_that_the_channel_can_send_are_offered(
    browser: Client, draft: Draft, voice: tuple[Channel, Template]
) -> None:
    broadcast = draft()
    Template.objects.create(name="Says nothing")
    assert offered(browser.get(address("message", broadcast)), "templates") == ["Reminder"]
    assert offered(choose(browser, broadcast, channel=voice[0]), "templates") == ["Call"]


def test_without_a_channel_all_sendable_templates_are_offered(
    browser: Client, draft: Draft, voice: tuple[Channel, Template]
) -> None:
    response = browser.get(address("message", draft(channel=None)))
    assert offered(response, "templates") == ["Call"]  # no channel is there that could send the draft's own


def test_each_choice_is_kept_at_once(browser: Client, draft: Draft, voice: tuple[Channel, Template]) -> None:
    broadcast = draft()
    choose(browser, broadcast, channel=voice[0], template=voice[1])
    broadcast.refresh_from_db()
    assert (broadcast.channel, broadcast.template) == voice


def test_another_channel_drops_a_template_that_it_cannot_send(
    browser: Client, draft: Draft, voice: tuple[Channel, Template]
) -> None:
    broadcast = draft()
    choose(browser, broadcast, channel=voice[0], template=broadcast.template)
    broadcast.refresh_from_db()
    assert (broadcast.channel, broadcast.template) == (voice[0], None)


def test_both_lead_on_to_the_schedule(browser: Client, draft: Draft) -> None:
    broadcast = draft()
    given = {"channel": broadcast.channel_id, "template": broadcast.template_id}
    response = browser.post(address("message", broadcast), given)
    assert response.headers["Location"] == address("schedule", broadcast)


@pytest.mark.parametrize(
    ("missing", "sentence"), [("channel", "Choose a channel."), ("template", "Choose a template.")]
)
def test_what_is_missing_is_named(browser: Client, draft: Draft, missing: str, sentence: str) -> None:
    broadcast = draft()
    given = {"channel": broadcast.channel_id, "template": broadcast.template_id, missing: ""}
    response = browser.post(address("message", broadcast), given)
    assert response.status_code == 400
    assert sentence in words(response)


@pytest.mark.parametrize("junk", ["x", "-1", "99999", "1; DROP"])
def test_a_made_up_choice_is_none(browser: Client, draft: Draft, junk: str) -> None:
    broadcast = draft()
    assert browser.post(address("message", broadcast), {"channel": junk, "template": junk}).status_code == 400


# -- the preview


def test_the_preview_has_the_first_recipient_s_data(browser: Client, draft: Draft) -> None:
    page = words(browser.get(address("message", draft(text="Hello @contact.name on @contact.phone"))))
    assert "<p>Hello Ann on +6281234567890</p>" in page
    assert "Recipient 1 of the first 2" in page


def test_next_shows_another_recipient(browser: Client, draft: Draft) -> None:
    broadcast = draft(text="Hello @contact.phone")
    fragment = choose(browser, broadcast, channel=broadcast.channel, template=broadcast.template, sample=2)
    assert "<p>Hello +6281234567891</p>" in words(fragment)
    assert fragment.context["look"].next == 0


@pytest.mark.parametrize(("wanted", "number"), [("99", 2), ("0", 1), ("", 1), ("-1", 1), ("x", 1)])
def test_a_recipient_who_is_not_there_is_the_nearest(browser: Client, draft: Draft, wanted: str, number: int) -> None:
    broadcast = draft()
    fragment = choose(browser, broadcast, channel=broadcast.channel, template=broadcast.template, sample=wanted)
    assert fragment.context["look"].number == number


def test_a_recipient_s_data_is_never_markup(browser: Client, draft: Draft) -> None:
    broadcast = draft()
    Contact.objects.filter(phone="+6281234567890").update(name="<script>alert(1)</script>")
    page = words(browser.get(address("message", broadcast)))
    assert "<script>alert(1)" not in page
    assert "Hello &lt;script&gt;" in page


def test_a_placeholder_that_the_file_lacks_is_named(browser: Client, draft: Draft) -> None:
    upload = make_upload(Contact.objects.create(phone="+6281234567899"))
    page = words(browser.get(address("message", draft(text="Pay @row.order_no", upload=upload))))
    assert "uses @row.order_no, but june.csv has no such column; it has: amount, city." in page


def test_while_the_file_is_imported_the_page_waits_for_it(browser: Client, draft: Draft) -> None:
    broadcast = draft(upload=make_upload(state="importing"), group=group_of(name="Nobody"))
    page = words(browser.get(address("message", broadcast)))
    assert "june.csv is still being imported" in page
    assert "appears once the import is done" in page
    AudienceUpload.objects.update(state="imported")
    assert "still being imported" not in words(browser.get(address("message", broadcast)))


def test_a_channel_that_sends_sms_counts_the_parts(browser: Client, draft: Draft) -> None:
    broadcast = draft(channel=make_channel("rapidpro", "SMS"), text="x" * 161)
    assert "2 SMS parts · 161 units in GSM-7, 153 a part" in words(browser.get(address("message", broadcast)))

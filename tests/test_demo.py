"""What a newcomer finds: a channel and a template for each provider, some people and a draft that can be sent."""

import pytest
from django.contrib.auth.models import User

import providers
from broadcaster import accounts, demo, gateway
from broadcaster.audience import segments
from broadcaster.content import listed
from broadcaster.content.rendering import Renderer, freeze
from broadcaster.models import Broadcast, Channel, Contact, Template
from tests.simulating import Simulator

pytestmark = pytest.mark.django_db
URL = "http://127.0.0.1:8700"


@pytest.fixture(autouse=True)
def author() -> User:
    author = User.objects.create_user("admin")
    demo.ensure_demo(simulator_url=URL, author=author)
    return author


def addresses() -> dict[str, str]:
    return {channel.kind: channel.config["base_url"] for channel in Channel.objects.all()}


def test_every_provider_has_a_channel_at_the_simulator() -> None:
    assert addresses() == {kind: f"{URL}/{kind}" for kind in providers.kinds()}


def test_the_first_broadcast_is_a_draft_to_everyone_in_the_demo(author: User) -> None:
    broadcast = Broadcast.objects.get()
    assert (broadcast.state, broadcast.author, broadcast.sender.kind) == ("draft", author, "kaleyra")
    assert segments.estimate(broadcast).recipients == len(demo.PEOPLE) + 1
    assert Contact.objects.filter(phone=demo.REFUSED_NUMBER).exists()


@pytest.mark.parametrize("sample", demo.CHANNELS, ids=lambda sample: sample.kind)
def test_each_template_can_be_sent_through_its_channel(sample: demo.DemoChannel) -> None:
    variables = {"contact.name": "Ayu Lestari", "contact.first_name": "Ayu", "fields.city": "Medan"}
    content = Renderer(freeze(Template.objects.get(name=sample.template))).render("eng", variables)
    message = gateway.outbound(
        Broadcast.objects.get(), message_id=1, recipient=providers.Recipient("+6281210001001", name="Ayu Lestari"),
        content=content, notify_url="http://127.0.0.1:8000/r/",
    )  # fmt: skip
    assert gateway.connect(Channel.objects.get(kind=sample.kind)).validate(message) == []


def test_the_accounts_list_the_templates_that_the_demo_sends(simulator: Simulator) -> None:
    demo.move_simulator(simulator.url)
    seen = set()
    for sample in demo.CHANNELS:
        channel = Channel.objects.get(kind=sample.kind)
        if accounts.lists_templates(channel):
            accounts.list_templates(channel)
            assert channel.templates_problem == ""
            assert list(listed.faults(channel, freeze(Template.objects.get(name=sample.template)))) == []
            seen.add(sample.kind)
    assert seen == {kind for kind in providers.kinds() if providers.client_class(kind).capabilities.templates}


def test_a_second_start_makes_nothing_twice(author: User) -> None:
    before = [model.objects.count() for model in (Channel, Template, Contact, Broadcast)]
    demo.ensure_demo(simulator_url=URL, author=author)
    assert [model.objects.count() for model in (Channel, Template, Contact, Broadcast)] == before


def test_the_channels_follow_the_simulator_to_another_port(author: User) -> None:
    demo.ensure_demo(simulator_url="http://127.0.0.1:9999", author=author)
    assert addresses() == {kind: f"http://127.0.0.1:9999/{kind}" for kind in providers.kinds()}
    assert Channel.objects.get(kind="qiscus").config["app_id"] == "demo-app"


def test_a_channel_that_a_person_made_stays_where_it_is(author: User) -> None:
    Channel.objects.filter(kind="kaleyra").update(name="Our own", config={"base_url": "https://api.in.kaleyra.io"})
    demo.ensure_demo(simulator_url="http://127.0.0.1:9999", author=author)
    assert addresses()["kaleyra"] == "https://api.in.kaleyra.io"


def test_a_site_that_is_in_use_gets_no_demo(author: User) -> None:
    Broadcast.objects.all().delete()
    Channel.objects.exclude(kind="khoros").delete()
    demo.ensure_demo(simulator_url=URL, author=author)
    assert list(addresses()) == ["khoros"]

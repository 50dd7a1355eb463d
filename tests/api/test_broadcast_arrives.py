"""A broadcast of a program from end to end: the running product, its workers, and the simulated RapidPro."""

from collections.abc import Callable
from typing import Any

import pytest

from broadcaster.models import Broadcast, Contact, Message
from tests.api.calling import Program
from tests.content.conftest import make_template
from tests.files import stored
from tests.running import Site, wait_for
from tests.sending.broadcasts import channel_and_template

ANN, BUDI = "tel:+628111100101", "tel:+628111100102"
Send = Callable[..., dict[str, dict[str, Any]]]


@pytest.fixture
def sent(site: Site) -> Send:
    """Send what a call says to Ann and Budi; what each of them got."""
    channel_and_template("rapidpro", site.simulator.url)
    Contact.objects.create(name="Ann Lee", phone=ANN[4:], fields={"city": "Bogor"})
    Contact.objects.create(name="Budi", phone=BUDI[4:], fields={"city": "Solo"}, language="ind")

    def send(**said: Any) -> dict[str, dict[str, Any]]:
        program = Program()
        told = program.post("broadcasts.json", {"urns": [ANN, BUDI]} | said)
        assert program.status == 201, told
        wait_for(lambda: Broadcast.objects.filter(uuid=told["uuid"], state="completed").exists())
        return {row["address"]: row["content"] for row in site.simulator.accepted("rapidpro")}

    return send


def test_placeholders_are_filled_for_each_recipient(sent: Send) -> None:
    text = {"eng": "Dear @contact.name of @fields.city", "ind": "Halo @contact.first_name, a@@b"}
    arrived = sent(text=text, quick_replies=["From @fields.city"])
    assert arrived[ANN]["translations"] == {"eng": "Dear Ann Lee of Bogor"}
    assert arrived[ANN]["quick_replies"] == {"eng": [{"type": "text", "text": "From Bogor"}]}
    assert (arrived[BUDI]["translations"], arrived[BUDI]["quick_replies"]) == ({"ind": "Halo Budi, a@@b"}, {})


def test_what_is_the_same_for_everybody_goes_in_one_post_with_its_file(sent: Send) -> None:
    make_template(eng={"text": "@row.event today", "attachments": [f"media:{stored().uuid}"]})
    arrived = sent(template="Reminder", variables={"event": "Tea @contact.name"})
    assert {each["translations"]["eng"] for each in arrived.values()} == {"Tea @@contact.name today"}
    assert [line.partition(":")[0] for line in arrived[ANN]["attachments"]["eng"]] == ["image/png"]
    assert len(set(Message.objects.values_list("provider_id", flat=True))) == 1

"""Files and provider groups from end to end: the running product, its workers and the simulated RapidPro."""

import pytest

from broadcaster import provider_groups, tasks
from broadcaster.content import media
from broadcaster.models import Broadcast, ListedGroup, Message
from tests.audiences import send_now
from tests.files import PDF, stored
from tests.running import Site, wait_for
from tests.sending.broadcasts import channel_and_template, composed, reload


def completed(broadcast: Broadcast) -> Broadcast:
    wait_for(lambda: Broadcast.objects.filter(pk=broadcast.pk, state="completed").exists())
    return reload(broadcast)


def states(broadcast: Broadcast) -> set[str]:
    return set(Message.objects.filter(broadcast=broadcast).values_list("state", flat=True))


def test_files_arrive_with_every_message_and_were_uploaded_once(site: Site) -> None:
    _, template = channel_and_template("rapidpro", site.simulator.url)
    files = (stored(), stored("letter.pdf", PDF))
    lines = [media.reference(file.uuid) for file in files]
    template.translations.update(content={"text": "Hello @contact.name", "attachments": lines})
    broadcast = composed(5, kind="rapidpro")
    send_now(broadcast)
    given = completed(broadcast).media
    ids = [given[str(file.uuid)] for file in files]
    arrived = [message["content"]["attachments"]["eng"] for message in site.simulator.accepted("rapidpro")]
    assert [[line.rpartition("/")[2] for line in lines] for lines in arrived] == [ids] * 5
    assert [line.partition(":")[0] for line in arrived[0]] == ["image/png", "application/pdf"]
    wait_for(lambda: states(broadcast) <= {"delivered", "read"})


@pytest.mark.parametrize("people", [0, 2])
def test_a_group_gets_one_message_beside_the_people(site: Site, people: int) -> None:
    channel, template = channel_and_template("rapidpro", site.simulator.url)
    tasks.list_groups(channel.pk)
    group = ListedGroup.objects.get(channel=channel, name="Reporters")
    template.translations.update(content={"text": "Hello"})
    broadcast = composed(people, kind="rapidpro")
    provider_groups.choose(broadcast, [group])
    send_now(broadcast)
    completed(broadcast)
    sent = [message["address"] for message in site.simulator.accepted("rapidpro")]
    assert sent.count(group.group_id) == 1
    assert len(sent) == people + 1
    wait_for(lambda: states(broadcast) <= {"accepted", "sent", "delivered", "read"})
    assert Message.objects.filter(broadcast=broadcast, address=f"group:{group.group_id}").count() == 1

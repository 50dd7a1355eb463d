"""The main job without a browser: a messy file becomes delivered messages on record, through each provider."""

import pytest

import providers
from broadcaster import tasks
from broadcaster.audience import importing
from broadcaster.models import AudienceUpload, Broadcast, Message
from broadcaster.sending import progress
from tests.audiences import demo_channel, draft, messy_csv, phone, send_now, uploaded
from tests.running import Site, wait_for

GOOD, DUPLICATES, JUNK = 940, 20, 40
DELIVERED = {"delivered", "read"}


@pytest.fixture(params=providers.kinds())
def broadcast(request: pytest.FixtureRequest, site: Site) -> Broadcast:
    upload = uploaded(messy_csv(GOOD, duplicates=DUPLICATES, junk=JUNK))
    importing.start(upload)
    tasks.wake_import(upload.pk)
    wait_for(lambda: AudienceUpload.objects.filter(pk=upload.pk, state="imported").exists())
    upload.refresh_from_db()
    channel, template = demo_channel(request.param, site.simulator.url)
    site.take_receipts(channel)
    broadcast = draft(upload, channel, template)
    send_now(broadcast)
    return broadcast


@pytest.mark.slow
def test_each_row_of_the_file_is_accounted_for(broadcast: Broadcast, site: Site) -> None:
    wait_for(lambda: Broadcast.objects.filter(pk=broadcast.pk, state="completed").exists())
    upload = broadcast.upload
    assert upload is not None
    assert (upload.new, upload.duplicate, upload.invalid) == (GOOD, DUPLICATES, JUNK)
    assert upload.rejected.exclude(reason="").count() == DUPLICATES + JUNK
    arrived = [message["address"].removeprefix("tel:") for message in site.simulator.accepted(broadcast.sender.kind)]
    assert sorted(f"+{address.lstrip('+')}" for address in arrived) == [
        phone(number) for number in range(100, 100 + GOOD)
    ]
    if broadcast.sender.client_class.capabilities.receipts != "none":
        wait_for(lambda: states(broadcast) <= DELIVERED)
    else:
        assert states(broadcast) == {"accepted"}
    broadcast.refresh_from_db()
    wait_for(lambda: progress.progress(broadcast).counts == progress.recount(broadcast))  # receipts still come in


def states(broadcast: Broadcast) -> set[str]:
    """The states that the broadcast's messages are in."""
    return set(Message.objects.filter(broadcast=broadcast).order_by().values_list("state", flat=True).distinct())

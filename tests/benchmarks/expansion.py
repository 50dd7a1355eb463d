"""Expansion beside one INSERT..SELECT of the bare rows."""

from django.db import connection
from django.utils import timezone

from broadcaster.models import Contact
from broadcaster.sending import expansion
from tests.audiences import demo_channel
from tests.benchmarks.measuring import Stage, seconds
from tests.benchmarks.scenes import MOST_PEOPLE, clear, prepared

BARE_ROWS = """
INSERT INTO broadcaster_message (broadcast_id, contact_id, address, language, variables, batch_id, seq,
                                 state, error_code, error_text, attempts, provider_id)
SELECT %s, c.id, c.phone, '', '{}', %s, 1, 'pending', '', '', 0, '' FROM broadcaster_contact c WHERE c.id <= %s
"""


def expansion_against_bare_rows() -> float:
    """Seconds of our expansion over those of one INSERT..SELECT of the same rows, with the same indexes."""
    channel, template = demo_channel("kaleyra", "http://127.0.0.1:9", rate_per_second=10_000)
    ours, bare = prepared(channel, template, MOST_PEOPLE), prepared(channel, template, MOST_PEOPLE)
    bare.batches.create(number=1, size=1, not_before=timezone.now())
    last = Contact.objects.order_by("pk").values_list("pk", flat=True)[MOST_PEOPLE - 1]
    ours_s = seconds(lambda: expansion.expand(ours.pk, worker="bench"))
    with connection.cursor() as cursor:
        bare_s = seconds(lambda: cursor.execute(BARE_ROWS, [bare.pk, bare.batches.get().pk, last]))
    clear(channel, template)
    return ours_s / bare_s


STAGES = (Stage("expansion, time against one INSERT..SELECT", "<= 3", expansion_against_bare_rows),)

"""A message that a person sends again, and a receipt for its first post: nobody gets it twice if we hold the proof."""

import pytest
from django.contrib.auth.models import User

from broadcaster import gateway
from broadcaster.models import Batch, Broadcast, Message, Receipt
from broadcaster.receipts import apply, inbox, proofs
from broadcaster.receipts.proofs import take_back
from broadcaster.sending import batches, recovery, results, unknowns
from broadcaster.sending.ledger import Retry
from tests.content.conftest import make_channel
from tests.sending.broadcasts import LONG_AGO, claimed, let_leases_run_out, prepared, reload, rows, states_of

pytestmark = pytest.mark.django_db(transaction=True)


def sent_again(recipients: int = 3) -> Broadcast:
    """A broadcast that was handed over without an answer, and that a person sends once more."""
    broadcast = prepared(recipients)
    batches.hand_over(claimed("dead"), through=recipients)
    let_leases_run_out()
    recovery.recover_leases()
    unknowns.send_again(reload(broadcast), unknowns.unknown_of(broadcast), person=User.objects.create_user("olivia"))
    return reload(broadcast)


def query_of(message: Message) -> dict[str, str]:
    return {"status": "delivered", "ref": gateway.reference(message.broadcast, message.pk)}


def told(message: Message, status: str = "delivered", reference: str = "") -> None:
    """A receipt for the message comes, and is looked at twice; the first look tells all."""
    query = query_of(message) | {"status": status} | ({"ref": reference} if reference else {})
    inbox.store(message.broadcast.sender, method="GET", headers={}, query=query, body=b"")
    apply.apply_waiting()
    looked_at_once = states_of(message.broadcast)
    Receipt.objects.update(apply_after=LONG_AGO)
    apply.apply_waiting()
    assert states_of(message.broadcast) == looked_at_once


@pytest.mark.parametrize("state", ["sent", "delivered", "read"])
def test_a_receipt_for_the_first_post_is_believed_and_the_message_is_not_sent_again(state: str) -> None:
    broadcast = sent_again()
    first, *others = rows(broadcast)
    told(first, state)
    assert states_of(broadcast) == {state: 1, "pending": 2}
    waiting = claimed().messages.filter(state="pending")
    assert set(waiting) == set(others)
    assert Receipt.objects.get().applied_at


def test_who_dies_after_taking_it_back_leaves_the_rest_to_the_next_look(monkeypatch: pytest.MonkeyPatch) -> None:
    broadcast = sent_again()
    first = rows(broadcast)[0]
    with monkeypatch.context() as dying:
        dying.setattr(proofs, "take_back", lambda channel, events: take_back(channel, events) * 0)
        inbox.store(broadcast.sender, method="GET", headers={}, query=query_of(first), body=b"")
        apply.apply_waiting()
    assert states_of(broadcast) == {"unknown": 1, "pending": 2}
    Receipt.objects.update(apply_after=LONG_AGO)
    apply.apply_waiting()
    assert states_of(broadcast) == {"delivered": 1, "pending": 2}


def test_with_the_last_message_its_batch_and_the_broadcast_are_over() -> None:
    broadcast = sent_again(1)
    assert reload(broadcast).state == "sending"
    told(rows(broadcast)[0])
    assert (reload(broadcast).state, states_of(broadcast)) == ("completed", {"delivered": 1})


def test_that_the_first_post_failed_keeps_nobody_from_the_second() -> None:
    broadcast = sent_again()
    told(rows(broadcast)[0], "failed")
    assert states_of(broadcast) == {"pending": 3}


def test_what_a_worker_has_claimed_is_the_workers_to_send() -> None:
    broadcast = sent_again()
    batch = claimed()
    first = rows(broadcast)[0]
    told(first)
    assert states_of(broadcast) == {"pending": 3}
    batches.hand_over(batch, through=3)
    results.record(batch, results.Results(accepted=[(first.pk, "p")]))
    told(first)
    assert states_of(broadcast) == {"delivered": 1, "pending": 2}


def test_what_was_never_handed_over_is_not_taken_back() -> None:
    broadcast = prepared(3)
    told(rows(broadcast)[0])
    assert states_of(broadcast) == {"pending": 3}


def test_what_stands_below_the_mark_is_left_to_the_recovery() -> None:
    broadcast = sent_again()
    Batch.objects.filter(pending=3).update(handed_through=1)
    told(rows(broadcast)[0])
    assert states_of(broadcast) == {"pending": 3}


def test_a_reference_of_another_installation_or_channel_says_nothing() -> None:
    broadcast = sent_again()
    first = rows(broadcast)[0]
    told(first, reference=f"{'a' * 16}-{first.pk}")
    Broadcast.objects.update(channel=make_channel("kaleyra", "Other"))
    told(first)
    assert states_of(broadcast) == {"pending": 3}


def test_the_next_result_ends_what_a_person_said() -> None:
    broadcast = sent_again(2)
    batch = claimed()
    refused = Retry(rows(broadcast)[0].pk, 0, costs_attempt=True, error_code="busy", error_text="Busy.")
    accepted = rows(broadcast)[1]
    assert accepted.error_code == unknowns.SENT_AGAIN
    batches.hand_over(batch, through=2)
    results.record(batch, results.Results(accepted=[(accepted.pk, "p")], retries=[refused]))
    assert not Message.objects.filter(error_code=unknowns.SENT_AGAIN).exists()

"""RapidPro's adapter against the simulator, over real HTTP: groups, contacts, files, many broadcasts, the account."""

import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

import providers
from providers import (
    Balance,
    Client,
    DeliveryStatus,
    ListedGroup,
    OutboundMessage,
    Outcome,
    ProviderError,
    ReceiptEvent,
    Recipient,
    Text,
    Translation,
)
from tests.simulating import Simulator, wait_until

CONTACT = "contact:09d23a05-47fe-11e4-bfe9-b8f6b119e9ab"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
_numbers = itertools.count(10_000)


@pytest.fixture
def account(simulator: Simulator) -> Client:
    return rapidpro(simulator)


def rapidpro(simulator: Simulator, token: str = "0123456789abcdef") -> Client:
    return providers.connect("rapidpro", config={"base_url": f"{simulator.url}/rapidpro"}, secrets={"api_token": token})


def to(identifier: str = "", *, content: Text | None = None, ending: str = "1235") -> OutboundMessage:
    """A message to somebody with this identifier, or to a phone that was never written to."""
    number = next(_numbers)
    recipient = Recipient(identifier=identifier) if identifier else Recipient(f"+62812{number}{ending}")
    return OutboundMessage(f"ref-{number}", recipient, content or Text.of(f"Hello {number}"))


def group(account: Client, name: str) -> ListedGroup:
    [found] = [each for each in account.groups() if each.name == name]
    return found


def heard(account: Client, references: Sequence[str]) -> set[tuple[str, str, DeliveryStatus | None]]:
    """(provider id, address, status) of all that a round of polls brings."""
    since, cursor = datetime.now(UTC) - timedelta(minutes=1), ""
    events: list[ReceiptEvent] = []
    while True:
        for found, at in account.poll(references, since=since, cursor=cursor):
            events, cursor = events + found, at
        if not cursor:
            return {(event.provider_id, event.address, event.status) for event in events}


def accepted(account: Client, *messages: OutboundMessage) -> list[str]:
    """The provider ids of messages that are sent, each of which is accepted."""
    results = account.send(messages)
    assert {result.outcome for result in results} == {Outcome.ACCEPTED}, results
    return [result.provider_id for result in results]


def test_groups_are_listed_with_their_size(account: Client) -> None:
    assert group(account, "Farmers").count == 300


def test_one_post_reaches_a_group_and_its_broadcast_tells_of_it(simulator: Simulator, account: Client) -> None:
    farmers = group(account, "Farmers")
    [reference] = accepted(account, to(f"group:{farmers.group_id}"))
    assert [row["address"] for row in simulator.accepted("rapidpro")] == [farmers.group_id]
    wanted = {(reference, f"group:{farmers.group_id}", DeliveryStatus.SENT)}
    wait_until(lambda: heard(account, [reference]) == wanted)


def test_a_group_whose_broadcast_is_given_up_has_failed(account: Client) -> None:
    identifier = f"group:{group(account, 'Gives up').group_id}"
    [reference] = accepted(account, to(identifier))
    wait_until(lambda: heard(account, [reference]) == {(reference, identifier, DeliveryStatus.FAILED)})


def test_everybody_in_one_broadcast_has_a_fate_of_their_own(simulator: Simulator, account: Client) -> None:
    reporters = f"group:{group(account, 'Reporters').group_id}"
    content = Text.of("Hello")
    messages = [to(name, content=content) for name in (reporters, CONTACT, "ext:C-17", "")]
    references = accepted(account, *messages)
    assert simulator.totals()["rapidpro"]["requests"] == 2  # the list of groups, and one broadcast
    phone = messages[3].recipient.phone
    wanted = {
        (references[0], reporters, DeliveryStatus.SENT),
        (references[1], CONTACT, DeliveryStatus.DELIVERED),
        (references[2], "C-17", DeliveryStatus.DELIVERED),
        (references[3], phone, DeliveryStatus.DELIVERED),
    }
    wait_until(lambda: wanted <= heard(account, references))


def test_who_is_not_there_is_refused_and_the_others_are_tried_again(account: Client) -> None:
    content = Text.of("Hello")
    names = [f"group:{CONTACT.partition(':')[2]}", CONTACT, f"{CONTACT[:-4]}0001", ""]
    outcomes = [result.outcome for result in account.send([to(name, content=content) for name in names])]
    assert outcomes == [Outcome.REJECTED, Outcome.RETRY, Outcome.RETRY, Outcome.RETRY]
    outcomes = [result.outcome for result in account.send([to(name, content=content) for name in names[1:]])]
    assert outcomes == [Outcome.RETRY, Outcome.REJECTED, Outcome.RETRY]


CARRYING: dict[str, Callable[[str], Text]] = {
    "beside a text": lambda uuid: Text.of("Look", attachments=(uuid,)),
    "alone": lambda uuid: Text.of("", attachments=(uuid,)),
    "in the second language": lambda uuid: Text((Translation("eng", "Look"), Translation("spa", "Mira", (uuid,)))),
}


@pytest.mark.parametrize("carrying", CARRYING)
def test_a_file_is_uploaded_and_sent(simulator: Simulator, account: Client, carrying: str) -> None:
    uuid = account.upload("Übersicht.png", "image/png", PNG)
    accepted(account, to(content=CARRYING[carrying](uuid)))
    [row] = simulator.accepted("rapidpro")
    [[attachment]] = row["content"]["attachments"].values()
    assert attachment == f"image/png:{simulator.url}/rapidpro/media/{uuid}"


def test_quick_replies_arrive_beside_their_text(simulator: Simulator, account: Client) -> None:
    accepted(account, to(content=Text.of("Tea?", quick_replies=("Yes", "No"))))
    [row] = simulator.accepted("rapidpro")
    assert [each["text"] for each in row["content"]["quick_replies"]["eng"]] == ["Yes", "No"]


def test_a_file_as_large_as_may_be_is_taken(account: Client) -> None:
    assert account.upload("a.mp4", "video/mp4; codecs=avc1", bytes(25 * 1024 * 1024))


def test_a_file_that_was_never_uploaded_is_refused(account: Client) -> None:
    [result] = account.send([to(content=Text.of("Look", attachments=(CONTACT.partition(":")[2],)))])
    assert result.outcome is Outcome.REJECTED


def test_many_broadcasts_are_heard_of_with_few_calls(simulator: Simulator, account: Client) -> None:
    fates = {"1235": DeliveryStatus.DELIVERED, "1236": DeliveryStatus.READ, "0009": DeliveryStatus.FAILED}
    messages = [to(ending=ending) for ending in fates for _ in range(150)]
    references = accepted(account, *messages)
    assert len(set(references)) == 450
    phones = [message.recipient.phone for message in messages]
    wanted = {(reference, phone, fates[phone[-4:]]) for reference, phone in zip(references, phones, strict=True)}
    wait_until(lambda: heard(account, references) == wanted)
    before = simulator.totals()["rapidpro"]["requests"]
    heard(account, references)
    assert simulator.totals()["rapidpro"]["requests"] - before == 4  # failed, two pages of sent, outbox


def test_only_what_is_asked_for_is_heard(account: Client) -> None:
    references = accepted(account, *(to() for _ in range(20)))
    wait_until(lambda: {reference for reference, *_ in heard(account, references[:10])} == set(references[:10]))


def test_a_cursor_of_another_installation_is_given_up(account: Client) -> None:
    references = accepted(account, *(to() for _ in range(10)))
    answers = account.poll(references, since=datetime.now(UTC), cursor="sent junk")
    assert next(answers) == ([], "sent")
    with pytest.raises(ProviderError, match="Invalid cursor"):
        next(answers)


def test_lookup_finds_a_group_and_a_contact(account: Client) -> None:
    since = datetime.now(UTC) - timedelta(seconds=1)
    messages = [to(f"group:{group(account, 'Reporters').group_id}"), to(CONTACT)]
    references = accepted(account, *messages)
    found = account.lookup(messages, since, datetime.now(UTC) + timedelta(seconds=1))
    assert found == [[reference] for reference in references]


def test_the_balance_is_that_of_an_installation_that_counts(simulator: Simulator) -> None:
    assert rapidpro(simulator).balance() is None
    assert rapidpro(simulator, "credits1").balance() == Balance("3452", "credits")


HEALTH = {"0123": (True, "RapidPro accepts the token."), "bad": (False, "RapidPro refuses the API token; enter that")}


@pytest.mark.parametrize(("token", "is_ok", "sentence"), [(token, *told) for token, told in HEALTH.items()])
def test_health(simulator: Simulator, token: str, is_ok: bool, sentence: str) -> None:  # noqa: FBT001
    health = rapidpro(simulator, token).check()
    assert (health.ok, health.sentence.startswith(sentence)) == (is_ok, True)


def test_health_of_another_address(simulator: Simulator) -> None:
    elsewhere = providers.connect("rapidpro", config={"base_url": simulator.url}, secrets={"api_token": "0123"})
    assert elsewhere.check().sentence.startswith("There is no RapidPro at the channel's address; check the base URL")

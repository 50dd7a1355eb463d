"""The crew: as many threads as help and never more than its width; nothing is posted late, and nothing is left open."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

import providers
from broadcaster.sending import posting
from broadcaster.sending.posting import FIRST_THREADS, Crew, Post
from providers import OutboundMessage, Outcome, Recipient, SendResult, Text
from tests.simulating import wait_until

WIDTH = 8
FOR_EVER = float("inf")
ACCEPTED = SendResult.accepted("1")

Answer = Callable[[Sequence[OutboundMessage]], None]


class Provider(providers.Client):
    """A client that does as the test says, and notes who posts what and how many post at the same time."""

    def __init__(self, answer: Answer = lambda _: None) -> None:
        self.answer = answer
        self.posted: list[str] = []
        self.threads: set[int] = set()
        self.posting = 0
        self.most_posting = 0
        self._lock = threading.Lock()

    def send(self, messages: Sequence[OutboundMessage]) -> list[SendResult]:
        with self._lock:
            self.posted += [message.reference for message in messages]
            self.threads.add(threading.get_ident())
            self.posting += 1
            self.most_posting = max(self.most_posting, self.posting)
        try:
            self.answer(messages)
        finally:
            with self._lock:
                self.posting -= 1
        return [ACCEPTED] * len(messages)


class Site:
    """A crew, what its owner does, and what came back."""

    may_post = True  # the owner's lease holds

    def __init__(self, provider: Provider, width: int = WIDTH) -> None:
        self.provider = provider
        self.woken = threading.Event()
        self.crew = Crew(provider, width, wake=self.woken.set)
        self.results: dict[str, SendResult] = {}

    def add(self, *references: str, due_s: float = 0.0, patience_s: float = FOR_EVER) -> None:
        messages = [
            OutboundMessage(reference, Recipient("+628121000100"), Text.of("Hello")) for reference in references
        ]
        self.crew.add(Post(self, messages, due_s, patience_s, self.take))

    def add_many(self, count: int) -> None:
        first = len(self.results)
        for number in range(first, first + count):
            self.add(str(number))

    def take(self, messages: list[OutboundMessage], results: list[SendResult]) -> None:
        self.results |= {message.reference: result for message, result in zip(messages, results, strict=True)}

    def work(self, until: Callable[[], bool]) -> None:
        """Do as the pump does until this is so."""

        def is_so() -> bool:
            self.crew.adjust()
            return until()

        wait_until(is_so)

    def finish(self, count: int) -> None:
        self.work(lambda: len(self.results) == count)


@pytest.fixture
def site() -> Iterator[Callable[..., Site]]:
    sites: list[Site] = []

    def build(answer: Answer = lambda _: None, *, width: int = WIDTH) -> Site:
        sites.append(Site(Provider(answer), width))
        return sites[-1]

    yield build
    for each in sites:
        each.crew.close()


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """While it is shut, no post is answered."""
    gate = threading.Event()
    yield gate
    gate.set()


Build = Callable[..., Site]


# -- how many threads --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1, 3, WIDTH])
def test_while_no_answer_comes_there_are_at_last_as_many_threads_as_the_channel_allows_and_no_more(
    site: Build, gate: threading.Event, width: int
) -> None:
    silent = site(lambda _: gate.wait(), width=width)
    silent.add_many(5 * width)
    silent.work(lambda: silent.provider.posting == width)
    for _ in range(5):  # it is asked again and again, and nobody answers
        seen = time.monotonic()
        silent.work(lambda: time.monotonic() - seen > 2 * posting.STALL_S)  # noqa: B023
    assert silent.provider.posting == width
    gate.set()
    silent.finish(5 * width)
    assert (silent.provider.most_posting, len(silent.provider.threads)) == (width, width)


def test_there_are_more_threads_where_answers_take_long(site: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "STALL_S", FOR_EVER)  # what was measured decides alone
    far = site(lambda _: time.sleep(0.05))
    far.add_many(FIRST_THREADS)
    far.finish(FIRST_THREADS)
    assert len(far.provider.threads) == FIRST_THREADS
    far.add_many(4 * WIDTH)
    far.finish(FIRST_THREADS + 4 * WIDTH)
    assert len(far.provider.threads) == WIDTH


def test_there_are_few_threads_where_an_answer_costs_more_than_it_takes(
    site: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "STALL_S", FOR_EVER)  # a busy machine is no silent provider

    def compute(_: Sequence[OutboundMessage]) -> None:
        until = time.thread_time() + 0.001
        while time.thread_time() < until:
            pass

    near = site(compute, width=16)
    for count in (10, 100, 200):
        near.add_many(count - len(near.results))
        near.finish(count)
    assert len(near.provider.threads) <= 2 * FIRST_THREADS


def test_there_are_no_more_threads_than_posts(site: Build) -> None:
    before = set(threading.enumerate())
    idle = site()
    idle.crew.adjust()
    idle.add("only one", due_s=time.monotonic() + 0.2)
    idle.crew.adjust()
    assert len(set(threading.enumerate()) - before) == 1
    idle.finish(1)


def test_a_thread_that_is_there_is_used_again(site: Build) -> None:
    quick = site(width=1)
    for number in range(1, 6):
        quick.add(str(number))
        quick.finish(number)
    assert len(quick.provider.threads) == 1


def test_a_closed_crew_posts_what_it_was_given_and_ends(site: Build) -> None:
    before = set(threading.enumerate())
    crew = site()
    crew.add_many(20)
    crew.crew.adjust()
    crew.crew.close()
    wait_until(lambda: not set(threading.enumerate()) - before)
    assert len(crew.results) == 20


# -- when --------------------------------------------------------------------------------------------------------------


def test_nothing_is_posted_before_its_slot(site: Build) -> None:
    begun: list[float] = []
    paced = site(lambda _: begun.append(time.monotonic()))
    due_s = time.monotonic() + 0.2
    paced.add("first", due_s=due_s)
    paced.finish(1)
    assert begun[0] >= due_s


def test_posts_go_out_in_the_order_in_which_they_were_added(site: Build) -> None:
    one_by_one = site(width=1)
    one_by_one.add_many(10)
    one_by_one.finish(10)
    assert one_by_one.provider.posted == [str(number) for number in range(10)]


def test_what_is_later_than_its_patience_is_handed_back_and_not_posted(site: Build) -> None:
    late = site(width=1)
    late.add("late", due_s=time.monotonic() - 60, patience_s=30)
    late.add("in time", due_s=time.monotonic(), patience_s=300)
    late.finish(1)
    assert late.provider.posted == ["in time"]
    assert [message.reference for post in late.crew.late for message in post.messages] == ["late"]
    assert late.woken.is_set()  # or nobody would look for another slot


def test_what_nobody_else_has_the_pace_for_is_posted_however_late(site: Build) -> None:
    patient = site()
    patient.add("late", due_s=time.monotonic() - 3600)
    patient.finish(1)
    assert (patient.provider.posted, list(patient.crew.late)) == (["late"], [])


def test_a_post_that_waited_for_a_silent_provider_is_late(site: Build, gate: threading.Event) -> None:
    silent = site(lambda _: gate.wait(), width=1)
    silent.add("silent", due_s=time.monotonic(), patience_s=300)
    silent.work(lambda: silent.provider.posting == 1)
    silent.add("behind it", due_s=time.monotonic(), patience_s=0.0)
    gate.set()
    silent.work(lambda: bool(silent.crew.late))
    assert silent.provider.posted == ["silent"]


def test_nothing_is_posted_under_a_lease_that_may_be_over(site: Build, gate: threading.Event) -> None:
    suspended = site(lambda _: gate.wait(), width=1)
    suspended.add("before")
    suspended.add("after")
    suspended.work(lambda: suspended.provider.posting == 1)
    suspended.may_post = False
    gate.set()
    suspended.work(lambda: bool(suspended.crew.late))
    assert suspended.provider.posted == ["before"]
    assert [message.reference for post in suspended.crew.late for message in post.messages] == ["after"]
    assert suspended.woken.is_set()


def test_a_crew_that_is_closed_in_trouble_drops_what_waits(site: Build, gate: threading.Event) -> None:
    before = set(threading.enumerate())
    silent = site(lambda _: gate.wait(), width=1)
    silent.add_many(20)
    silent.work(lambda: silent.provider.posting == 1)
    silent.crew.close(drop=True)
    gate.set()
    wait_until(lambda: not set(threading.enumerate()) - before)
    assert silent.provider.posted == ["0"]


# -- what comes back ---------------------------------------------------------------------------------------------------


def test_messages_that_share_a_request_get_a_result_each(site: Build) -> None:
    crew = site()
    crew.add("a", "b", "c")
    crew.finish(3)
    assert crew.results == dict.fromkeys("abc", ACCEPTED)


def test_an_adapter_that_raises_leaves_its_messages_unknown_and_the_crew_alive(
    site: Build, caplog: pytest.LogCaptureFixture
) -> None:
    def raise_for_two(messages: Sequence[OutboundMessage]) -> None:
        if len(messages) > 1:
            raise KeyError("an answer nobody expected")

    broken = site(raise_for_two, width=1)
    broken.add("a", "b")
    broken.add("c")
    broken.finish(3)
    assert {name: result.outcome for name, result in broken.results.items()} == {
        "a": Outcome.UNKNOWN,
        "b": Outcome.UNKNOWN,
        "c": Outcome.ACCEPTED,
    }
    assert "an adapter broke its word" in caplog.text


def test_posts_wait_as_long_as_no_thread_takes_them(site: Build, gate: threading.Event) -> None:
    silent = site(lambda _: gate.wait(), width=1)
    assert not silent.crew.has_waiting
    silent.add("taken")
    silent.work(lambda: silent.provider.posting == 1)
    assert not silent.crew.has_waiting
    silent.add("waits")
    assert silent.crew.has_waiting

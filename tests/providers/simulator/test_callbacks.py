"""Where receipts go: URLs set by hand, and the lookup of the program that embeds the simulator."""

import asyncio
import logging
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from providers.simulator import receipts
from providers.simulator.magic import Status
from providers.simulator.receipts import CallbackBook, Notice, ReceiptPoster
from providers.simulator.record import Recipient, Record
from tests.providers.simulator.kaleyra_samples import post, text_request
from tests.providers.simulator.sink import listening
from tests.simulating import Simulator, wait_until

T = TypeVar("T")
LIMIT_S = 60


def in_a_loop(steps: Coroutine[Any, Any, T]) -> T:
    """What the steps return, in a thread of their own: in this one the loop of a browser's tests may be running."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, steps).result()


def ask(book: CallbackBook, *accounts: str) -> list[str | None]:
    async def run() -> list[str | None]:
        return [await book.url(account) for account in accounts]

    return in_a_loop(run())


def test_the_lookup_runs_in_a_thread_of_its_own() -> None:
    threads: list[threading.Thread] = []

    def lookup(account: str) -> str:
        threads.append(threading.current_thread())
        return f"http://{account}/"

    assert ask(CallbackBook(lookup, {}), "HX1") == ["http://HX1/"]
    assert threads[0] is not threading.main_thread()


@pytest.mark.parametrize(("kept_s", "times"), [(3_600, 1), (-1, 50)])
def test_the_lookup_is_not_repeated_while_its_answer_is_kept(
    monkeypatch: pytest.MonkeyPatch, kept_s: int, times: int
) -> None:
    monkeypatch.setattr(receipts, "LOOKUP_KEPT_S", kept_s)
    asked: list[str] = []
    book = CallbackBook(asked.append, {})
    assert ask(book, *["HX1"] * 50) == [None] * 50
    assert asked == ["HX1"] * times


def test_a_registered_url_wins_over_the_lookup() -> None:
    book = CallbackBook(lambda _account: "http://looked-up/", {"HX1": "http://registered/"})
    assert ask(book, "HX1", "HX2") == ["http://registered/", "http://looked-up/"]


async def post_one(poster: ReceiptPoster, notice: Notice, record: Record, what: str) -> None:
    task = asyncio.create_task(poster.run())
    poster.schedule(notice, [Recipient("+919812340004")], due_at=time.time(), delay_s=0)
    while what not in record.totals()["kaleyra"]:  # noqa: ASYNC110 - a test polls
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_a_failing_lookup_costs_a_receipt_a_retry_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    with listening() as sink:
        asked: list[str] = []

        def lookup(account: str) -> str:
            asked.append(account)
            if len(asked) == 1:
                raise ConnectionError("database away")
            return sink.url

        record = Record()
        poster = ReceiptPoster(record, CallbackBook(lookup, {}))
        notice = Notice("kaleyra", lambda _to, status, _at: {"status": status}, account="HX1")
        with caplog.at_level(logging.ERROR):
            in_a_loop(asyncio.wait_for(post_one(poster, notice, record, "receipts"), LIMIT_S))
    assert sink.bodies == [{"status": Status.OPTED_OUT}]
    assert "HX1" in caplog.text


def test_a_receiver_that_is_down_costs_the_receipt_after_its_retries() -> None:
    record = Record()
    poster = ReceiptPoster(record, CallbackBook(lambda _account: "http://127.0.0.1:1/", {}))
    notice = Notice("kaleyra", lambda _to, status, _at: {"status": status}, account="HX1")
    in_a_loop(asyncio.wait_for(post_one(poster, notice, record, "receipts_given_up"), LIMIT_S))
    assert "receipts" not in record.totals()["kaleyra"]


def test_urls_can_be_given_on_the_command_line() -> None:
    with listening() as sink, Simulator.start(receipt_delay_ms=10, callbacks={"HX1": sink.url}) as simulator:
        post(simulator, text_request("+919812345671"), sid="HX1")
        wait_until(lambda: len(sink.bodies) == 2)
    # Due ten milliseconds apart, the two travel side by side: any order is right, as with a provider.
    assert sorted(body["status"] for body in sink.bodies) == ["delivered", "sent"]

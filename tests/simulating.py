"""A simulator in a process of its own, for every test and benchmark that needs providers to talk to."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import requests

ROOT = Path(__file__).parents[1]
_TIMEOUT_S = 30


class Simulator:
    """One running simulator; also a context manager that stops it at the end."""

    def __init__(self, process: "subprocess.Popen[str]", url: str) -> None:
        self._process = process
        self.url = url

    @classmethod
    def start(
        cls,
        *,
        port: int = 0,
        latency_ms: int = 0,
        receipt_delay_ms: int = 200,
        callbacks: Mapping[str, str] | None = None,
    ) -> Self:
        """Start one on a free port (or `port`); `callbacks` are receipt URLs by Kaleyra SID or Qiscus app id."""
        options = {"port": port, "latency-ms": latency_ms, "receipt-delay-ms": receipt_delay_ms}
        command = [
            sys.executable,
            "-m",
            "providers.simulator",
            *(f"--{name}={value}" for name, value in options.items()),
        ]
        command += [f"--callback={account}={url}" for account, url in (callbacks or {}).items()]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        line = process.stdout.readline()
        simulator = cls(process, line.rpartition(" ")[2].strip())
        if not line:
            raise RuntimeError(f"The simulator did not start (exit status {simulator.stop()}).")
        return simulator

    def stop(self) -> int:
        """End it as an operator would (SIGTERM), and return its exit status."""
        self._process.terminate()
        status = self._process.wait(_TIMEOUT_S)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return status

    def accepted(self, provider: str = "", address: str = "") -> list[dict[str, Any]]:
        """Every accepted message, one for each recipient, in order of arrival."""
        return self._messages("accepted", provider, address)

    def addresses(self, provider: str = "") -> Iterator[str]:
        """The address of every accepted message, a page at a time."""
        return (message["address"] for message in self._pages("accepted", provider, ""))

    def received(self, provider: str = "", address: str = "") -> list[dict[str, Any]]:
        """Every message that was read but never answered."""
        return self._messages("received", provider, address)

    def totals(self) -> dict[str, dict[str, int]]:
        """Counts for each provider: requests, refused, accepted, received, and receipts where any were posted."""
        providers: dict[str, dict[str, int]] = self._get("totals")["providers"]
        return providers

    def receipts_pending(self) -> int:
        """How many receipts are still to be posted."""
        pending: int = self._get("totals")["receipts_pending"]
        return pending

    def register(self, account: str, url: str) -> None:
        """Send the receipts of this account (Kaleyra SID, Qiscus app id) to `url`."""
        self._post("callbacks", {account: url})

    def configure(self, **settings: int) -> None:
        """Change `latency_ms` or `receipt_delay_ms`."""
        self._post("settings", settings)

    def misbehave(self, *faults: Mapping[str, object]) -> None:
        """Plan faults, each with `whom` (an address or a provider), `kind`, and what else the kind takes."""
        self._post("faults", list(faults))

    def reset(self) -> None:
        """Forget all messages and receipts to come."""
        self._post("reset", {})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def _messages(self, kind: str, provider: str, address: str) -> list[dict[str, Any]]:
        return list(self._pages(kind, provider, address))

    def _pages(self, kind: str, provider: str, address: str) -> Iterator[dict[str, Any]]:
        after = 0
        while page := self._get(kind, provider=provider, address=address, after=after)["messages"]:
            yield from page
            after = page[-1]["n"]

    def _get(self, path: str, **query: str | int) -> Any:
        answer = requests.get(f"{self.url}/_simulator/{path}", params=query, timeout=_TIMEOUT_S)
        answer.raise_for_status()
        return answer.json()

    def _post(self, path: str, body: object) -> None:
        requests.post(f"{self.url}/_simulator/{path}", json=body, timeout=_TIMEOUT_S).raise_for_status()


def wait_until(condition: Callable[[], bool], *, limit_s: float = 60) -> None:
    """Poll until `condition` holds; raises AssertionError after `limit_s` seconds."""
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"Not reached within {limit_s} s.")
        time.sleep(0.02)

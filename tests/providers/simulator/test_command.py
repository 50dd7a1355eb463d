"""`manage.py simulator` hands its options to the server, and nothing else."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from providers.simulator import server


def test_the_options_reach_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(server, "run", lambda **options: given.update(options))
    call_command("simulator", "--port=0", "--latency-ms=5", "--callback=HX1=http://127.0.0.1/a?b=c")
    assert (given["host"], given["port"], given["latency_ms"], given["receipt_delay_ms"]) == ("127.0.0.1", 0, 5, 1500)
    assert given["registered"] == {"HX1": "http://127.0.0.1/a?b=c"}


def test_a_wrong_option_is_a_sentence() -> None:
    with pytest.raises(CommandError, match="whole number of milliseconds"):
        call_command("simulator", "--latency-ms=soon")

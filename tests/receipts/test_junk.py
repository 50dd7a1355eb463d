"""Whatever comes to the receipts address of whatever provider, signed or not, is answered with 2xx or 4xx."""

import json
from dataclasses import dataclass
from urllib.parse import quote_from_bytes

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadcaster.models import Channel, Receipt
from broadcaster.receipts import apply
from tests.providers.junk import JSON
from tests.providers.samples import Account, accounts
from tests.providers.test_contract_access import PROOFS, everything

ANYTHING = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
METHODS = st.sampled_from(["POST", "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
BODIES = st.binary(max_size=300) | st.builds(lambda value: json.dumps(value).encode(), JSON)
LATIN_1 = st.text(st.characters(max_codepoint=255), max_size=40)  # what a web server hands on
NAMES = st.sampled_from(
    ["Authorization", "X-Hub-Signature", "X-Receipts-Key", "Content-Type", "Content-Encoding", "Cookie", "X-Other"]
)
SHOWN = {name: value for _, headers in PROOFS.values() for name, value in headers.items()}
HEADERS = st.dictionaries(NAMES, LATIN_1, max_size=3) | st.just(SHOWN)


@dataclass(frozen=True)
class Call:
    """What somebody sends to a receipts address."""

    method: str
    query: bytes
    headers: dict[str, str]
    body: bytes

    def to(self, channel: Channel) -> int:
        """The status of the answer."""
        url = f"/receipts/{channel.receipts_token}/?{quote_from_bytes(self.query, safe='=&')}"
        content_type = self.headers.get("Content-Type", "application/json")
        caller = Client(raise_request_exception=False, headers=self.headers)
        return caller.generic(self.method, url, self.body, content_type).status_code


CALLS = st.builds(Call, METHODS, st.binary(max_size=60), HEADERS, BODIES)

each_account = pytest.mark.parametrize("account", accounts(), ids=str)


def channel_of(account: Account, *, is_secured: bool) -> Channel:
    """A channel that asks for all that its provider can show, or for nothing."""
    client = account.client(**everything(account) if is_secured else {})
    channel = Channel(name="Any", kind=account.kind, config=client.config)
    needed = {each.name for each in client.config_fields if each.required}
    channel.secrets = {name: value for name, value in client.secrets.items() if is_secured or name in needed}
    channel.save()
    return channel


@pytest.mark.django_db
@each_account
@pytest.mark.parametrize("is_secured", [True, False], ids=["secured", "open"])
@ANYTHING
@given(call=CALLS)
def test_anything_is_answered_and_what_is_kept_can_be_applied(
    account: Account, call: Call, *, is_secured: bool
) -> None:
    with transaction.atomic():
        channel = channel_of(account, is_secured=is_secured)
        status = call.to(channel)
        assert 200 <= status < 500
        kept = Receipt.objects.filter(channel=channel)
        assert kept.count() == (status == 200 and call.method != "HEAD")
        assert apply.apply_waiting() == kept.count()
        assert not kept.filter(outcome__contains="cannot be read").exists()
        transaction.set_rollback(True)


@pytest.mark.django_db
@each_account
def test_nothing_is_kept_of_what_shows_not_all_that_the_channel_asks_for(account: Account) -> None:
    channel = channel_of(account, is_secured=True)
    status = Client().post(f"/receipts/{channel.receipts_token}/", b"{}", "application/json").status_code
    assert (status, Receipt.objects.count()) in {(400, 0), (200, 1)}
    assert status == 400 or not everything(account)

"""A secret in a body lets the call in, and is not stored with it."""

import pytest
from django.test import Client

from broadcaster.models import Receipt, Suppression
from broadcaster.receipts import apply
from tests.content.conftest import make_channel

TOKEN = "v3rify-token"
PHONE = "+6281527975868"


@pytest.mark.django_db
def test_khoros_verify_token_is_asked_for_and_not_stored() -> None:
    channel = make_channel("khoros", "Bot")
    channel.secrets["verify_token"] = TOKEN
    channel.save()
    said = {"type": "action", "query": "STOP", "originator": {"phoneNumber": PHONE}}
    url, json = f"/receipts/{channel.receipts_token}/", "application/json"
    assert Client().post(url, {**said, "verifyToken": "a guess"}, json).status_code == 400
    assert Client().post(url, {**said, "verifyToken": TOKEN}, json).status_code == 200
    assert TOKEN.encode() not in bytes(Receipt.objects.get().body)
    apply.apply_waiting()
    assert Suppression.objects.get(channel=channel).address == PHONE

"""Requests to RapidPro's door, and the document's sample (seed 001)."""

from typing import Any

import requests

from tests.simulating import Simulator

SAMPLE: dict[str, Any] = {
    "urns": ["tel:+250788123123", "tel:+250788123124"],
    "contacts": ["09d23a05-47fe-11e4-bfe9-b8f6b119e9ab"],
    "text": {"eng": "Hello @contact.name!", "spa": "Hola @contact.name!"},
    "base_language": "eng",
}
TOKEN = {"Authorization": "Token 0123456789abcdef0123456789abcdef01234567"}


def post(simulator: Simulator, body: object, headers: dict[str, str] = TOKEN) -> requests.Response:
    return requests.post(f"{simulator.url}/rapidpro/api/v2/broadcasts.json", json=body, headers=headers, timeout=10)


def create(simulator: Simulator, *urns: str, **fields: Any) -> dict[str, Any]:
    """A broadcast to these URNs, as it was answered."""
    answer = post(simulator, {"urns": list(urns) or ["tel:+250788123123"], "text": "hello", **fields})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def get(simulator: Simulator, endpoint: str, **query: object) -> requests.Response:
    url = f"{simulator.url}/rapidpro/api/v2/{endpoint}.json"
    return requests.get(url, headers=TOKEN, params={name: str(value) for name, value in query.items()}, timeout=10)


def upload(simulator: Simulator, content_type: str = "image/png", size: int = 10) -> requests.Response:
    url = f"{simulator.url}/rapidpro/api/v2/media.json"
    return requests.post(url, headers=TOKEN, files={"file": ("card.png", b"x" * size, content_type)}, timeout=30)

"""Qiscus' list of templates, in the shape that public programs read."""

import pytest
import requests

from tests.providers.simulator.test_qiscus import KEYS
from tests.simulating import Simulator


def ask(simulator: Simulator, path: str = "", headers: dict[str, str] = KEYS, /, **query: object) -> requests.Response:
    url = f"{simulator.url}/qiscus/api/v2/admin/hsm{path}"
    return requests.get(url, headers=headers, params={name: str(value) for name, value in query.items()}, timeout=10)


def names(answer: requests.Response) -> list[str]:
    return [template["name"] for template in answer.json()["data"]["hsm_templates"]]


def test_a_template_comes_with_its_languages(simulator: Simulator) -> None:
    first = ask(simulator).json()["data"]["hsm_templates"][0]
    assert {name: first[name] for name in ("id", "name", "category")} == {
        "id": 191,
        "name": "invoice_update",
        "category": "UTILITY",
    }
    assert [(each["id"], each["language"], each["approval_status"]) for each in first["hsm_details"]] == [
        (172, "id", 1),
        (173, "en", 1),
    ]


def test_the_list_comes_in_pages(simulator: Simulator) -> None:
    pages = [ask(simulator, page=page, limit=3) for page in (1, 2, 3)]
    assert [len(names(page)) for page in pages] == [3, 1, 0]
    assert pages[0].json()["meta"] == {"total": 4}


@pytest.mark.parametrize(("approved", "count"), [("true", 2), ("false", 4)])
def test_only_the_approved_are_listed_where_that_is_asked(simulator: Simulator, approved: str, count: int) -> None:
    assert len(names(ask(simulator, approved=approved))) == count


def test_a_template_is_shown_by_itself(simulator: Simulator) -> None:
    shown = ask(simulator, "/show/194").json()["data"]["hsm_template"]
    assert (shown["name"], shown["hsm_details"][0]["rejection_reason"]) == ("flash_sale", "It promises too much.")


@pytest.mark.parametrize("query", [{"page": 0}, {"limit": "x"}, {"approved": 1}, {"channel_id": "x"}], ids=str)
def test_a_wrong_question_is_refused(simulator: Simulator, query: dict[str, object]) -> None:
    assert ask(simulator, **query).status_code == 400


def test_an_unknown_template_is_not_found(simulator: Simulator) -> None:
    assert ask(simulator, "/show/1").status_code == 404


@pytest.mark.parametrize("path", ["", "/show/191"])
@pytest.mark.parametrize("header", list(KEYS))
def test_both_credentials_are_asked_for(simulator: Simulator, header: str, path: str) -> None:
    assert ask(simulator, path, {**KEYS, header: "bad-one"}).status_code == 401

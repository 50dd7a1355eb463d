"""A call that is repeated under its key: the first answer again, and nothing done twice."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier, Event
from typing import Any
from unittest.mock import Mock

import pytest
from cryptography.fernet import Fernet
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection
from django.test import Client
from django.urls import URLPattern
from django.utils import timezone
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate

from broadcaster.api import idempotency, urls
from broadcaster.api.permissions import sending
from broadcaster.api.resource import Resource
from broadcaster.api.webhooks import views as webhooks
from broadcaster.models import ApiToken, Broadcast, Contact, IdempotentCall
from broadcaster.reports import retention
from tests.api.calling import Program, user

KEY = {"Idempotency-Key": "order 17"}
BODY = {"text": "Hello", "urns": ["tel:+628123456789"]}


def sent(program: Program, body: Any = None, place: str = "broadcasts.json", **headers: str) -> tuple[int, bytes]:
    program.post(place, BODY if body is None else body, **(KEY | headers))
    return program.status, program.last.content


def test_a_call_that_is_repeated_gets_the_first_answer_byte_for_byte(
    program: Program, woken: list[object], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        first = sent(program)
    assert first[0] == 201
    assert "Idempotent-Replay" not in program.last.headers
    kinds = {program.last.headers["Content-Type"]}
    Broadcast.objects.update(name="Renamed", state="paused")
    with django_capture_on_commit_callbacks(execute=True):
        assert sent(program) == first
    assert program.last.headers["Idempotent-Replay"] == "true"
    assert kinds == {program.last.headers["Content-Type"]}
    assert program.last.headers["X-Temba-Workspace"]
    assert (len(woken), Broadcast.objects.count(), IdempotentCall.objects.count()) == (1, 1, 1)


def test_a_call_that_meets_a_change_of_what_it_names_is_told_to_come_again(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as changed:
        changed.setattr("broadcaster.api.idempotency._keep", Mock(side_effect=IntegrityError))
        assert sent(program)[0] == 409
    assert (Broadcast.objects.count(), IdempotentCall.objects.count()) == (0, 0)
    assert sent(program)[0] == 201


def test_so_is_a_call_without_a_key(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broadcaster.sending.schedule.schedule", Mock(side_effect=IntegrityError))
    assert program.told("POST", "broadcasts.json", BODY) == (409, {"detail": idempotency.CHANGED})
    assert (Broadcast.objects.count(), Contact.objects.count()) == (0, 0)


def test_a_call_without_a_key_is_done_each_time(program: Program) -> None:
    for _ in range(2):
        program.post("broadcasts.json", BODY)
    assert (Broadcast.objects.count(), IdempotentCall.objects.count()) == (2, 0)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (BODY | {"text": "Other"}, "broadcasts.json"),
        (BODY, "broadcasts"),
        (BODY, "broadcasts.json?a=1"),
        ({}, "broadcasts.json"),
    ],
)
def test_another_call_under_the_key_is_a_conflict(program: Program, body: Any, place: str) -> None:
    first = sent(program)
    assert sent(program, body, place)[0] == 409
    assert program.last.json() == {"detail": idempotency.TAKEN}
    assert Broadcast.objects.count() == 1
    assert sent(program) == first


def test_people_do_not_share_keys_and_the_programs_of_one_do(program: Program) -> None:
    first = sent(program)
    assert sent(Program()) == first
    assert sent(Program(name="other"))[1] != first[1]
    assert Broadcast.objects.count() == 2


@pytest.mark.parametrize("wrong", [{"urns": []}, {"text": ""}, {"urns": ["tel:0"]}])
def test_a_refusal_is_not_kept_so_the_call_may_be_mended(program: Program, wrong: Any) -> None:
    assert sent(program, BODY | wrong)[0] == 400
    assert not IdempotentCall.objects.exists()
    assert sent(program)[0] == 201


def test_a_kept_answer_is_encrypted_and_is_not_made_up_where_the_key_is_gone(program: Program, settings: Any) -> None:
    _, body = sent(program)
    with connection.cursor() as cursor:
        cursor.execute("SELECT answer FROM broadcaster_idempotentcall")
        kept = cursor.fetchone()[0]
    assert kept
    assert "628123456789" in body.decode()
    assert "628123456789" not in kept
    settings.CHANNEL_KEYS = [Fernet.generate_key().decode()]
    assert sent(program)[0] == 409
    assert program.last.json() == {"detail": idempotency.UNREADABLE}
    assert Broadcast.objects.count() == 1


def test_whoever_may_not_call_gets_no_kept_answer(program: Program) -> None:
    sent(program)
    ApiToken.objects.update(scope="read")
    assert sent(program)[0] == 403


@pytest.mark.parametrize("key", ["", "x" * 256, "caf\u00e9", "a\x7f", "a\tb"])
def test_a_key_that_cannot_be_kept_is_refused(program: Program, key: str) -> None:
    told = program.told("POST", "broadcasts.json", BODY, **{"Idempotency-Key": key})
    assert told == (400, {"detail": idempotency.NO_KEY})
    assert not Broadcast.objects.exists()


@pytest.mark.parametrize("key", ["x" * 255, " !~", '"8e03978e-40d5-43dd-bc93-6894a57f9324"'])
def test_any_other_key_is_as_good(program: Program, key: str) -> None:
    program.post("broadcasts.json", BODY, **{"Idempotency-Key": key})
    assert (program.status, IdempotentCall.objects.get().key) == (201, key)


@pytest.mark.parametrize("error", [ZeroDivisionError, SystemExit])
def test_what_ends_on_its_way_leaves_nothing(
    program: Program, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def end(*_: object) -> None:
        assert Broadcast.objects.exists()
        raise error

    program.client.raise_request_exception = False
    with monkeypatch.context() as patch:
        patch.setattr(idempotency, "_keep", end)
        with suppress(SystemExit):
            assert sent(program)[0] == 500
    assert [rows.objects.count() for rows in (Broadcast, Contact, IdempotentCall)] == [0, 0, 0]
    assert sent(program)[0] == 201


def test_a_body_that_is_too_large_is_refused_with_a_key_too(program: Program, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert sent(program)[0] == 413


def views(patterns: list[Any]) -> Iterator[type[Resource]]:
    yield from (view for each in patterns if isinstance(each, URLPattern) and (view := _class_of(each)))


def _class_of(pattern: URLPattern) -> type[Resource] | None:
    found = getattr(pattern.callback, "cls", None)
    return found if isinstance(found, type) and issubclass(found, Resource) else None


def test_every_post_of_the_api_knows_the_calls_that_it_has_answered_but_for_a_ping() -> None:
    posts = [view for view in views(urls.urlpatterns) if hasattr(view, "post")]
    assert len(posts) > 1
    assert [view for view in posts if not hasattr(view.post, "__wrapped__")] == [webhooks.Test]


class Form(serializers.Serializer[Any]):
    """Nothing."""


class Files(Resource):
    """Takes a form, and answers how often it did."""

    needs = {"POST": sending()}
    parser_classes = (MultiPartParser,)
    serializer_class = Form
    read: list[bytes] = []
    status = 201

    def post(self, request: Request) -> Response:
        Contact.objects.create(phone=f"+62812345678{len(self.read)}")
        self.read.append(request.FILES["file"].read())
        return Response({"times": len(self.read)} if self.status != 204 else None, status=self.status)


@pytest.fixture
def posted(db: None, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setattr(Files, "read", [])
    person = user()

    def post(name: str = "a.csv", content: bytes = b"HP\n0812\n", **fields: str) -> Any:
        given = {"file": SimpleUploadedFile(name, content), "region": "ID"} | fields
        request = APIRequestFactory().post("/x", given, format="multipart", headers=KEY)
        force_authenticate(request, person)
        answer = Files.as_view()(request)
        answer.render() if isinstance(answer, Response) else None
        return answer.status_code, answer.content

    return post


def test_a_form_is_told_by_its_fields_and_files(posted: Callable[..., Any]) -> None:
    first = posted()
    assert first == (201, b'{"times":1}')
    assert posted() == first
    assert Files.read == [b"HP\n0812\n"]  # whole, though it was compared before
    for other in ({"name": "b.csv"}, {"content": b"HP\n0813\n"}, {"region": "MY"}, {"more": "1"}):
        assert posted(**other)[0] == 409
    assert len(Files.read) == 1


def test_an_answer_without_a_body_is_kept_too(posted: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Files, "status", 204)
    assert [posted(), posted()] == [(204, b"")] * 2
    assert len(Files.read) == 1


def test_a_refusal_that_is_returned_takes_back_what_was_done(
    posted: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Files, "status", 409)
    assert [posted()[0], posted()[0]] == [409, 409]
    assert (Contact.objects.count(), IdempotentCall.objects.count()) == (0, 0)


def test_answers_are_forgotten_after_two_days(program: Program) -> None:
    sent(program)
    IdempotentCall.objects.update(created_at=timezone.now() - timedelta(hours=47, minutes=59))
    assert retention.discard_old_answers() == 0
    IdempotentCall.objects.update(created_at=timezone.now() - timedelta(hours=48, minutes=1))
    assert retention.discard_old_answers() == 1
    sent(program)
    assert Broadcast.objects.count() == 2


def called(program: Program, ready: Barrier) -> tuple[int, bytes, str | None]:
    """What a program is answered that calls from the same moment on as others."""
    ready.wait(timeout=30)
    try:
        program.client = Client()
        return (*sent(program), program.last.headers.get("Idempotent-Replay"))
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_calls_at_the_same_moment_are_one(program: Program, woken: list[object]) -> None:
    programs, ready = [Program() for _ in range(4)], Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda each: called(each, ready), programs))
    assert {(status, body) for status, body, _ in told} == {told[0][:2]}
    assert (told[0][0], [replay for *_, replay in told].count("true")) == (201, 3)
    assert (Broadcast.objects.count(), len(woken)) == (1, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fails", [False, True])
def test_the_second_call_waits_for_the_first_to_end(
    program: Program, woken: list[object], monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    """And does what it asks for itself where the first one fails at its end."""
    keep, inside, go_on = idempotency._keep, Event(), Event()

    def slowly(*args: Any) -> None:
        if not inside.is_set():
            inside.set()
            go_on.wait(timeout=30)
            if fails:
                raise ZeroDivisionError
        keep(*args)

    monkeypatch.setattr(idempotency, "_keep", slowly)
    alone, other = Barrier(1), Program()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(called, program, alone)
        assert inside.wait(timeout=30)
        second = pool.submit(called, other, alone)
        with pytest.raises(TimeoutError):
            second.result(timeout=0.3)
        go_on.set()
        statuses = [first.result(timeout=30)[0], second.result(timeout=30)[0]]
    assert statuses == [500 if fails else 201, 201]
    assert second.result()[2] == (None if fails else "true")
    assert (Broadcast.objects.count(), len(woken)) == (1, 1)

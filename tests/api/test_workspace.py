"""The installation, as RapidPro tells of a workspace."""

import pytest
from django.conf import settings

from broadcaster.models import Channel, Template
from tests.api.calling import Program


def test_the_workspace_is_told_as_rapidpro_tells_it(program: Program, channel: Channel) -> None:
    Channel.objects.update(default_region="ID")
    told = program.get("workspace.json")
    assert told == {
        "uuid": program.last.headers["X-Temba-Workspace"],
        "name": "Broadcaster",
        "country": "ID",
        "languages": ["eng"],
        "primary_language": "eng",
        "timezone": settings.TIME_ZONE,
        "date_style": "day_first",
        "credits": {"used": -1, "remaining": -1},
        "anon": False,
    }


def test_languages_are_those_of_templates_and_the_base_language_is_first(program: Program) -> None:
    template = Template.objects.create(name="Other", kind="text")
    for language in ("ind", "eng", "deu"):
        template.translations.create(language=language)
    assert program.get("workspace")["languages"] == ["eng", "deu", "ind"]


def test_channels_of_two_countries_are_of_none(program: Program, channel: Channel) -> None:
    Channel.objects.update(default_region="ID")
    Channel.objects.create(name="Other", kind=channel.kind, default_region="MY")
    assert program.get("workspace")["country"] == ""


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_nobody_changes_it_here(program: Program, method: str) -> None:
    assert program.told(method, "workspace.json", {}) == (405, {"detail": f'Method "{method}" not allowed.'})

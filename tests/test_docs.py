"""The README names every setting, every route and every error code that a user can meet."""

import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from runtime import errors
from runtime.settings import Settings
from runtime.web import api
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("setting", [name.upper() for name in Settings.model_fields])
def test_every_setting_stands_in_the_table(setting: str) -> None:
    assert re.search(rf"^\| `{setting}` \| .+ \| .+ \|$", README, re.MULTILINE)


def test_every_route_stands_in_the_table(app: FastAPI) -> None:
    routes = [route for route in app.routes if isinstance(route, APIRoute)]
    assert len(routes) >= 6
    missing = [
        route.path for route in routes if f"{min(route.methods or ())} {route.path.replace(':path', '')}" not in README
    ]
    assert not missing


def test_every_error_that_a_request_can_meet_has_its_code_there() -> None:
    kinds: list[type[errors.LookwhyError]] = [*errors.RequestError.__subclasses__(), errors.ImageNotFound]
    kinds += [errors.SessionFailed, errors.Overloaded, errors.LookwhyError]
    codes = {kind.code for kind in kinds} | {api.PLAIN_FAULTS[404], api.PLAIN_FAULTS[405]}
    assert not {code for code in codes if f"`{code}`" not in README}


@pytest.mark.parametrize("link", re.findall(r"\]\((?!https?:)([^)#]+)\)", README))
def test_every_file_that_it_links_to_is_there(link: str) -> None:
    assert (ROOT / Path(link)).exists()

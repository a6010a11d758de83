"""What the documents name is there, and what a user can meet is in the documents."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from runtime import errors
from runtime.engine import Engine
from runtime.library.remote.faults import StoreUnavailable
from runtime.settings import Settings
from runtime.web import api, schemas
from runtime.web.access.refusals import AccessDenied, RateExceeded
from runtime.web.routes.files import FILE_FAULTS
from tests.conftest import ROOT
from tests.documents import (
    LINK,
    PAGES,
    all_code,
    anchors_of,
    inline_code,
    name_of,
    prose_of,
    read_page,
)
from tests.test_architecture import ALLOWED

README_MAX_WORDS = 900
DOCS = ROOT / "docs"
# Of the tools that the documents run beside ours.
FOREIGN_MODULES = {"venv", "pip", "pytest"}
# What a command makes, or a user has, and no checkout holds.
MADE = {"samconfig.toml"}


def table_of(page: Path, heading: str) -> dict[str, list[str]]:
    """Return the rows of the table whose first column has this heading, by their first cell's code."""
    lines = iter(read_page(page).splitlines())
    assert any(line.startswith(f"| {heading} |") for line in lines)
    next(lines)
    rows = {}
    for line in lines:
        if not line.startswith("|"):
            break
        first, *others = [cell.strip() for cell in line.removeprefix("|").removesuffix("|").split("|")]
        rows[first.strip().strip("`")] = others
    return rows


# --- settings, routes, error codes ---


def test_the_table_of_settings_has_every_setting_and_no_other() -> None:
    table = table_of(DOCS / "settings.md", "setting")
    assert set(table) == {name.upper() for name in Settings.model_fields}
    assert all(len(cells) == 2 and all(cells) for cells in table.values())


@pytest.mark.parametrize("setting", list(Settings.model_fields))
def test_the_table_of_settings_has_the_true_default_where_it_is_a_number(setting: str) -> None:
    default = Settings.model_fields[setting].default
    said, _meaning = table_of(DOCS / "settings.md", "setting")[setting.upper()]
    if isinstance(default, int | float):
        assert said == f"`{default:g}`" if isinstance(default, float) else said == f"`{default}`"


@pytest.fixture
def app() -> FastAPI:
    """The app over no engine at all: only what it is made of is looked at."""
    stub = SimpleNamespace(count=0, limits=SimpleNamespace(top_k_max=100), sample_models=False)
    return api.create_app(cast(Engine, stub), Settings.read())


def test_the_table_of_routes_has_every_route_and_no_other(app: FastAPI) -> None:
    routes = {f"{method.upper()} {path}" for path, methods in app.openapi()["paths"].items() for method in methods}
    assert len(routes) >= 6
    outside_the_schema = {"GET /", "GET /service_worker.js", "GET /openapi.json"}
    assert set(table_of(DOCS / "api.md", "route")) == routes | outside_the_schema
    with TestClient(app) as client:
        assert all(client.get(route.split()[1]).status_code == 200 for route in outside_the_schema)


FIELDS = sorted(
    {
        field
        for body in vars(schemas).values()
        if isinstance(body, type) and issubclass(body, BaseModel)
        for field in body.model_fields
    }
)


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_of_a_request_or_an_answer_stands_in_the_page_of_the_api(field: str) -> None:
    assert field in re.findall(r"\w+", read_page(DOCS / "api.md"))


def leaves(kind: type[errors.LookwhyError]) -> list[type[errors.LookwhyError]]:
    below = [child for child in kind.__subclasses__() if child.__module__.startswith("runtime.")]
    return [leaf for child in below for leaf in leaves(child)] or [kind]


def unmade(kind: type[errors.LookwhyError]) -> errors.LookwhyError:
    """Return an error without its message: each is made of other arguments."""
    made = (
        errors.Overloaded(0, 1),
        RateExceeded("searches", 1),
        AccessDenied(given=False),
        StoreUnavailable("it", "away", 1),
    )
    return next((error for error in made if type(error) is kind), kind.__new__(kind))


def codes_met(app: FastAPI) -> dict[str, set[str]]:
    """Return every code that can be met, with its statuses, by raising each error in a route."""
    kinds: list[type[errors.LookwhyError]] = [errors.LookwhyError, *leaves(errors.LookwhyError)]
    faults: list[Exception] = [unmade(kind) for kind in kinds]
    faults += [HTTPException(status) for status in (400, 404, 405, 408, 415, 418)]

    @app.get("/fault/{at}")
    def fault(at: int) -> None:
        raise faults[at]

    met: dict[str, set[str]] = {}
    with TestClient(app, raise_server_exceptions=False) as client:
        for at in range(len(faults)):
            answer = client.get(f"/fault/{at}")
            met.setdefault(answer.json()["error"]["code"], set()).add(str(answer.status_code))
    return met


def test_the_table_of_codes_has_every_code_with_its_status_and_no_other(app: FastAPI) -> None:
    met = codes_met(app)
    met["setting_invalid"] = {"503"}  # only where the start failed, on Lambda: the fallback answers everything with 503
    met["request_refused"] = {"any other 4xx"}
    met |= {"http_malformed": {"400"}, "headers_too_large": {"431"}}  # by the connection, before there is a request
    met |= {code: {str(status)} for status, (code, _message) in FILE_FAULTS.items()}
    said = {code: set(cells[0].split(", ")) for code, cells in table_of(DOCS / "api.md", "code").items()}
    assert said == met


# --- links, files, targets, options ---


@pytest.mark.parametrize(
    ("page", "link"),
    [(page, link) for page in PAGES for link in LINK.findall(prose_of(page)) if not link.startswith("http")],
    ids=lambda part: name_of(part) if isinstance(part, Path) else part,
)
def test_every_link_leads_to_a_file_and_a_heading(page: Path, link: str) -> None:
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    assert target.is_relative_to(ROOT)
    assert target.exists()
    assert not anchor or anchor in anchors_of(target)


FOLDERS = "|".join(
    re.escape(entry.name) for entry in sorted(ROOT.iterdir()) if entry.is_dir() and entry.name not in {"artifacts", ".venv"}
)
FILE = re.compile(rf"(?<![\w./~-])(?:{FOLDERS})/[\w./-]*")
ROOT_FILE = re.compile(r"[\w.-]+\.(?:py|yaml|toml|txt|example|sh)")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    named = {path.rstrip(".") for path in FILE.findall(read_page(page))}
    named |= {code for code in inline_code(page) if ROOT_FILE.fullmatch(code)} - MADE
    assert sorted(path for path in named if not (ROOT / path).exists()) == []


MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def test_every_target_of_make_and_every_variable_that_a_page_names_is_in_the_makefile() -> None:
    named = [words for _page, code in all_code() for words in re.findall(r"\bmake((?: [\w-]+(?:=\S*)?)+)", code)]
    assert len(named) > 10
    for words in named:
        target, *variables = words.split()
        assert target in TARGETS
        assert {name for name, _, _ in (word.partition("=") for word in variables)} <= set(re.findall(r"\w+", MAKEFILE))


def test_every_module_that_a_page_runs_is_there() -> None:
    named = {module for _page, code in all_code() for module in re.findall(r"python3? -m ([\w.]+)", code)} - FOREIGN_MODULES
    assert named
    for module in named:
        path = ROOT.joinpath(*module.split("."))
        assert (path / "__main__.py").is_file() or path.with_suffix(".py").is_file()


PLUMBING = {"errors", "atomic", "console", "__main__"}  # a sentence below each table says who may import these


@pytest.mark.parametrize("side", ALLOWED)
def test_the_page_of_the_architecture_has_the_arrows_between_packages(side: str) -> None:
    drawn = table_of(DOCS / "architecture.md", f"{side} package")
    said = {name: set(filter(None, cells[1].split(", "))) for name, cells in drawn.items()}
    assert said == {name: imports - PLUMBING for name, imports in ALLOWED[side].items() if name not in PLUMBING}


# --- form ---


def test_the_hooks_before_a_commit_run_the_lint_that_ci_runs() -> None:
    for file in (".pre-commit-config.yaml", ".ci/run"):
        assert re.search(r"^(make lint|\s+entry: make lint)$", (ROOT / file).read_text("utf-8"), re.MULTILINE)


def test_the_readme_is_short() -> None:
    words = len((ROOT / "README.md").read_text("utf-8").split())
    assert words <= README_MAX_WORDS


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=name_of)
def test_a_page_begins_with_what_it_answers_and_is_listed(page: Path) -> None:
    if page.name == "README.md":
        return
    _heading, _blank, first, *_rest = read_page(page).splitlines()
    assert first.startswith("This page answers ")
    assert f"]({page.name})" in read_page(DOCS / "README.md")

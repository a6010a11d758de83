"""The real client of the hub against a hub played on this machine, through the command line."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.artefacts.manifest import read_models_manifest
from tests.export.models.hub_server import COMMIT, HubServer, hub_server
from tests.sample_library import run_module

pytestmark = pytest.mark.torch

REFUSED = {
    "owner/gated": "the hub gives it only to those who accepted its terms",
    "owner/gated-without-token": "the hub gives it only to those who accepted its terms",
    "owner/missing": "there is no such folder, and the hub has no such model",
    "owner/broken": "the hub answers with an error (status 500)",
    "owner/name@no-such-branch": "the hub has no revision no-such-branch of it",
}


@pytest.fixture(scope="module")
def hub(clip_folder: Path) -> Iterator[HubServer]:
    with hub_server(clip_folder) as server:
        yield server


def environment_for(hub: HubServer, cache: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    return kept | {"HF_ENDPOINT": hub.address, "HF_HOME": str(cache), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}


def test_a_cache_that_cannot_be_written_is_named(hub: HubServer, tmp_path: Path) -> None:
    environment = environment_for(hub, Path("/proc/nowhere"))
    ended = run_module(
        "export", "models", "--clip", "owner/name", "--out", str(tmp_path / "models"), environment=environment
    )
    assert ended.returncode == 1
    assert "what the hub gives cannot be stored in its cache" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("given", REFUSED)
def test_what_the_hub_refuses_is_one_line_and_leaves_the_previous_artefacts(
    hub: HubServer, tmp_path: Path, given: str
) -> None:
    before = tmp_path / "models" / "manifest.json"
    before.parent.mkdir()
    before.write_text("before")
    arguments = ("--clip", given, "--blip", "", "--out", str(before.parent))
    ended = run_module("export", "models", *arguments, environment=environment_for(hub, tmp_path / "cache"))
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"error: {given} cannot be exported: ")
    assert REFUSED[given] in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    assert before.read_text() == "before"
    assert [path.name for path in before.parent.iterdir()] == ["manifest.json"]
    assert not list(tmp_path.glob(".*"))


def test_a_model_of_the_hub_is_exported_with_its_commit(hub: HubServer, tmp_path: Path) -> None:
    arguments = ("--clip", "owner/name@main", "--blip", "", "--precision", "fp32", "--out", str(tmp_path / "models"))
    ended = run_module("export", "models", *arguments, environment=environment_for(hub, tmp_path / "cache"))
    assert ended.returncode == 0, ended.stderr
    record = read_models_manifest(tmp_path / "models").clip
    assert (record.name, record.revision) == ("owner/name", COMMIT)
    assert json.loads((tmp_path / "models/report.json").read_text())

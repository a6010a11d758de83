"""The template of the zip: AWS's linters find nothing in it, and it starts from a snapshot behind an alias."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.deploy.emulator import sam_tool
from tests.deploy.resolved import named_in, resolve
from tests.deploy.translated import OFFLINE


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make deploy-zip` deploys, for a zip with models and without an index."""
    folder = tmp_path_factory.mktemp("lambda-zip")
    models = folder / "x86_64" / "artifacts" / "models"
    models.mkdir(parents=True)
    (models / "manifest.json").touch()
    (folder / "x86_64.zip").touch()
    command: list[str | Path] = [sam_tool("python"), "-m", "deploy.zip_template", folder / "x86_64"]
    made = subprocess.run(command, cwd=ROOT, env=OFFLINE, capture_output=True, text=True, timeout=300, check=True).stdout
    (folder / "template.json").write_text(made, "utf-8")
    return folder / "template.json"


@pytest.fixture(scope="module")
def made(template: Path) -> dict[str, Any]:
    return dict(json.loads(template.read_text("utf-8")))


def test_sam_and_cfn_lint_find_nothing(template: Path) -> None:
    for command in (("sam", "validate", "--lint", "--template"), ("cfn-lint",)):
        tool, *options = command
        done = subprocess.run(
            [sam_tool(tool), *options, template],
            cwd=ROOT,
            env=OFFLINE,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_it_starts_from_a_snapshot_or_from_instances_that_are_always_ready(made: dict[str, Any]) -> None:
    snapshot = resolve(made, {"Public": "true"})["Resources"]["Function"]["Properties"]
    assert (snapshot["SnapStart"], snapshot["AutoPublishAlias"]) == ({"ApplyOn": "PublishedVersions"}, "live")
    assert "ProvisionedConcurrencyConfig" not in snapshot
    assert "EphemeralStorage" not in snapshot  # SnapStart allows no more than the 512 MB of every function
    ready = resolve(made, {"Public": "true", "ProvisionedConcurrency": "2"})["Resources"]["Function"]["Properties"]
    assert ready["SnapStart"] == {"ApplyOn": "None"}
    assert ready["ProvisionedConcurrencyConfig"] == {"ProvisionedConcurrentExecutions": {"Ref": "ProvisionedConcurrency"}}


def test_what_is_not_in_the_zip_is_fetched_from_the_bucket(made: dict[str, Any]) -> None:
    function = resolve(made, {"Public": "true"})["Resources"]["Function"]["Properties"]
    variables = function["Environment"]["Variables"]
    assert variables["MODELS_URL"] == ""
    assert variables["INDEX_URL"] == {"Fn::Sub": "s3://${ArtefactBucket}/index"}
    assert (function["Runtime"], function["CodeUri"], function["Architectures"]) == ("python3.13", "x86_64.zip", ["x86_64"])


def test_who_may_ask_the_url_may_ask_the_alias_that_it_leads_to(made: dict[str, Any]) -> None:
    resources = resolve(made, {"Public": "true"})["Resources"]
    asked = [one["Properties"] for one in resources.values() if one["Type"] == "AWS::Lambda::Permission"]
    assert [one["FunctionName"] for one in asked] == [{"Ref": "Function.Alias"}] * 2


def test_it_names_nothing_that_is_not_in_it(made: dict[str, Any]) -> None:
    resolved = resolve(made, {"Public": "true", "StopAtBudget": "true", "AlarmEmail": "you@example.com"})
    names = {name.partition(".")[0] for name in named_in(resolved) if not name.startswith("AWS::")}
    assert names <= set(resolved["Resources"]) | set(resolved["Parameters"]) | {"FunctionUrl"}  # SAM makes the URL

"""samconfig.toml decides which account and which region is asked, by every command that `make` runs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.samconfig import ConfigUnusable, aws_environment, read_parameters
from tests.conftest import ROOT

PRINTS = "import json, os, sys; print(json.dumps([sys.argv[1:], {k: v for k, v in os.environ.items() if 'AWS_' in k}]))"
CONFIG = '[default.global.parameters]\nstack_name = "photos"\nregion = "eu-west-1"\nprofile = "mine"\n'


def ran(folder: Path, *arguments: str, **environment: str) -> tuple[list[str], dict[str, str]]:
    """Run a command that prints its arguments and what AWS's tools find in its environment."""
    command = [sys.executable, "-m", "deploy.samconfig", *arguments[:-1], sys.executable, "-c", PRINTS, arguments[-1]]
    told = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | environment
    done = subprocess.run(command, cwd=folder, env=told, capture_output=True, text=True, timeout=120, check=True)
    given, found = json.loads(done.stdout)
    return given, found


def test_the_command_runs_for_the_stack_the_region_and_the_profile_that_are_configured(tmp_path: Path) -> None:
    (tmp_path / "samconfig.toml").write_text(CONFIG, "utf-8")
    given, found = ran(tmp_path, "{stack}", AWS_REGION="us-east-1")
    assert given == ["photos"]
    assert found == {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_PROFILE": "mine"}
    assert ran(tmp_path, "--stack", "other", "{stack}")[0] == ["other"]


def test_without_a_file_the_environment_decides_and_boto3_hears_of_its_region(tmp_path: Path) -> None:
    given, found = ran(tmp_path, "{stack}", AWS_REGION="us-east-1")
    assert (given, found) == (["lookwhy"], {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"})
    assert aws_environment({}, {}) == {}


def test_what_is_said_of_the_deployment_goes_before_what_is_said_of_all(tmp_path: Path) -> None:
    config = tmp_path / "samconfig.toml"
    config.write_text(f'{CONFIG}[default.deploy.parameters]\nregion = "eu-north-1"\n', "utf-8")
    assert read_parameters(config)["region"] == "eu-north-1"


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    config = tmp_path / "samconfig.toml"
    config.write_text("region: eu-west-1", "utf-8")
    with pytest.raises(ConfigUnusable, match=r"samconfig\.toml cannot be read"):
        read_parameters(config)

"""template.yaml: AWS's own linters find nothing, and what they do not look at is as it must be."""

import json
import os
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from export.publish.s3 import OUTPUTS
from runtime.settings import Settings
from tests.conftest import ROOT
from tests.deploy.emulator import sam_tool

TEMPLATE = ROOT / "template.yaml"
OFFLINE = os.environ | {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-central-1", "PYTHONWARNINGS": "ignore"}


def ran(*command: str | Path) -> str:
    done = subprocess.run(command, cwd=ROOT, env=OFFLINE, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def translated() -> dict[str, Any]:
    return dict(json.loads(ran(sam_tool("python"), ROOT / "tests" / "deploy" / "translate.py", TEMPLATE)))


def resources(translated: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: resource for name, resource in translated["Resources"].items() if resource["Type"] == kind}


def test_sam_and_cfn_lint_find_nothing() -> None:
    ran(sam_tool("sam"), "validate", "--lint", "--template", TEMPLATE)
    assert ran(sam_tool("cfn-lint"), TEMPLATE) == ""


def test_anyone_may_ask_only_if_the_parameter_says_so(translated: dict[str, Any]) -> None:
    permissions = resources(translated, "AWS::Lambda::Permission")
    assert {(p["Condition"], p["Properties"]["Action"]) for p in permissions.values()} == {
        ("IsPublic", "lambda:InvokeFunctionUrl"),
        ("IsPublic", "lambda:InvokeFunction"),
    }
    [invoke] = [p["Properties"] for p in permissions.values() if p["Properties"]["Action"] == "lambda:InvokeFunction"]
    assert invoke["InvokedViaFunctionUrl"] is True


def test_cors_is_said_in_one_place(translated: dict[str, Any]) -> None:
    [url] = resources(translated, "AWS::Lambda::Url").values()
    assert url["Properties"]["InvokeMode"] == "BUFFERED"
    assert len(url["Properties"]["Cors"]["AllowOrigins"]) == 1
    assert "CORS_ORIGINS" not in variables_of(translated)


def variables_of(translated: dict[str, Any]) -> dict[str, Any]:
    [function] = resources(translated, "AWS::Lambda::Function").values()
    return dict(function["Properties"]["Environment"]["Variables"])


def test_the_functions_variables_are_settings_and_none_holds_a_key(translated: dict[str, Any]) -> None:
    system = {"HOME", "OMP_NUM_THREADS", "ORT_DISABLE_TELEMETRY"}
    assert {name.lower() for name in variables_of(translated) if name not in system} <= set(Settings.model_fields)
    assert "resolve:" not in TEMPLATE.read_text("utf-8")


def test_the_function_may_only_write_its_log_and_read_what_is_its_own(translated: dict[str, Any]) -> None:
    [role] = resources(translated, "AWS::IAM::Role").values()
    assert "ManagedPolicyArns" not in role["Properties"]
    policies = [policy["Fn::If"][1] if "Fn::If" in policy else policy for policy in role["Properties"]["Policies"]]
    statements = [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
    assert [statement["Action"] for statement in statements] == [
        ["logs:CreateLogStream", "logs:PutLogEvents"],
        "s3:GetObject",
        "s3:ListBucket",
        "secretsmanager:GetSecretValue",
    ]
    assert "*" not in [one["Resource"] for one in statements]


def test_no_bucket_is_public(translated: dict[str, Any]) -> None:
    buckets = resources(translated, "AWS::S3::Bucket")
    assert len(buckets) == 2
    for bucket in buckets.values():
        assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    [policy] = resources(translated, "AWS::S3::BucketPolicy").values()
    [statement] = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert "AWS:SourceArn" in statement["Condition"]["StringEquals"]
    *page, previews, originals = statement["Resource"]
    assert [path["Fn::Sub"].split("}")[1] for path in page] == ["/index.html", "/service_worker.js", "/static/*"]
    assert [path["Fn::If"][0] for path in (previews, originals)] == ["HasPublicPictures", "HasPublicOriginals"]


def test_what_is_removed_from_the_artefacts_can_be_had_back_for_a_while(translated: dict[str, Any]) -> None:
    bucket = resources(translated, "AWS::S3::Bucket")["ArtefactBucket"]["Properties"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    [rule] = bucket["LifecycleConfiguration"]["Rules"]
    assert rule["Status"] == "Enabled"
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == 30


def test_publishing_finds_the_outputs_that_it_reads(translated: dict[str, Any]) -> None:
    assert set(OUTPUTS) <= set(translated["Outputs"])


def test_yaml_has_no_anchors_which_cloudformation_does_not_know() -> None:
    lines = TEMPLATE.read_text("utf-8").splitlines()
    assert not [line for line in lines if ": &" in line or ": *" in line]


def test_the_example_of_a_configuration_sets_parameters_that_there_are(translated: dict[str, Any]) -> None:
    example = (ROOT / "samconfig.toml.example").read_text("utf-8").replace("  # ", "  ")  # with what is commented out
    overrides = tomllib.loads(example)["default"]["deploy"]["parameters"]["parameter_overrides"]
    assert {override.split("=")[0] for override in overrides} <= set(translated["Parameters"])

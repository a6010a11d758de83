"""template.yaml: AWS's own linters find nothing, and what they do not look at is as it must be."""

import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from export.publish.s3 import OUTPUTS
from runtime.settings import Settings
from tests.conftest import ROOT
from tests.deploy.emulator import sam_tool
from tests.deploy.translated import OFFLINE, TEMPLATE, translated_template


def ran(*command: str | Path) -> str:
    done = subprocess.run(command, cwd=ROOT, env=OFFLINE, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def translated() -> dict[str, Any]:
    return translated_template()


def resources(translated: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: resource for name, resource in translated["Resources"].items() if resource["Type"] == kind}


def test_sam_and_cfn_lint_find_nothing() -> None:
    ran(sam_tool("sam"), "validate", "--lint", "--template", TEMPLATE)
    assert ran(sam_tool("cfn-lint"), TEMPLATE) == ""


def test_behind_cloudfront_only_its_distribution_may_ask_and_without_it_anyone_where_the_parameter_says_so(
    translated: dict[str, Any],
) -> None:
    permissions = resources(translated, "AWS::Lambda::Permission")
    allowed = {
        (p.get("Condition"), p["Properties"]["Principal"], p["Properties"]["Action"]): p["Properties"]
        for p in permissions.values()
    }
    url, invoke = "lambda:InvokeFunctionUrl", "lambda:InvokeFunction"
    assert set(allowed) == {
        ("HasOpenUrl", "*", url),
        ("HasOpenUrl", "*", invoke),
        ("HasCloudFront", "cloudfront.amazonaws.com", url),
        ("HasCloudFront", "cloudfront.amazonaws.com", invoke),
        ("HasStop", "sns.amazonaws.com", invoke),
    }
    assert all(
        given["InvokedViaFunctionUrl"]
        for (condition, _, action), given in allowed.items()
        if (action == invoke and condition != "HasStop")
    )
    by_cloudfront = [given for (condition, *_), given in allowed.items() if condition == "HasCloudFront"]
    assert all("distribution/${Site}" in given["SourceArn"]["Fn::Sub"] for given in by_cloudfront)
    [address] = resources(translated, "AWS::Lambda::Url").values()
    assert address["Properties"]["AuthType"] == {"Fn::If": ["HasOpenUrl", "NONE", "AWS_IAM"]}


def test_a_stack_is_open_to_all_only_where_that_is_said(translated: dict[str, Any]) -> None:
    [rule] = translated["Rules"].values()
    [assertion] = rule["Assertions"]
    assert {"Fn::Equals": [{"Ref": "Public"}, "true"]} in assertion["Assert"]["Fn::Or"]
    assert "Public=true" in assertion["AssertDescription"]
    assert translated["Parameters"]["AccessToken"]["NoEcho"] is True
    assert translated["Parameters"]["Public"]["Default"] == "false"


@pytest.mark.parametrize(
    "token", ["'; process.exit(); '", "with a space in it", "short", "back\\slash-and-more", "${AWS::StackName}-xxxx"]
)
def test_no_token_can_leave_the_string_that_it_stands_in_at_the_edge(translated: dict[str, Any], token: str) -> None:
    allowed = translated["Parameters"]["AccessToken"]["AllowedPattern"]
    assert not re.fullmatch(allowed, token)
    assert re.fullmatch(allowed, "an-Access_token.with~all")


def test_cors_is_said_in_one_place(translated: dict[str, Any]) -> None:
    [url] = resources(translated, "AWS::Lambda::Url").values()
    assert url["Properties"]["InvokeMode"] == "BUFFERED"
    assert "Cors" not in url["Properties"]
    assert variables_of(translated)["CORS_ORIGINS"] == {"Ref": "PageOrigin"}


def test_cloudfront_signs_what_it_asks_keeps_no_answer_of_the_function_and_checks_each_request(
    translated: dict[str, Any],
) -> None:
    accesses = [
        access["Properties"]["OriginAccessControlConfig"]
        for access in resources(translated, "AWS::CloudFront::OriginAccessControl").values()
    ]
    assert {(access["OriginAccessControlOriginType"], access["SigningBehavior"]) for access in accesses} == {
        ("s3", "always"),
        ("lambda", "always"),
    }
    [site] = resources(translated, "AWS::CloudFront::Distribution").values()
    config = site["Properties"]["DistributionConfig"]
    otherwise, paths = (
        config["DefaultCacheBehavior"],
        [path["Fn::If"][1] if "Fn::If" in path else path for path in config["CacheBehaviors"]],
    )
    assert (otherwise["TargetOriginId"], otherwise["CachePolicyId"]) == ("function", "4135ea2d-6df8-44a3-9df3-4b5a84be39ad")
    gate = {"EventType": "viewer-request", "FunctionARN": {"Fn::GetAtt": ["SiteGate", "FunctionARN"]}}
    assert {(path["PathPattern"], path["TargetOriginId"]) for path in paths} == {
        (pattern, "site") for pattern in ("/", "/index.html", "/service_worker.js", "/static/*", "/previews/*", "/images/*")
    }
    assert all(path["FunctionAssociations"] == [gate] for path in paths)


def test_what_goes_into_the_image_and_for_which_processor_is_what_the_parameters_say() -> None:
    chosen = ["Architecture=arm64", "ImageModels=deploy/empty", "ImageIndex=artifacts/index"]
    script = ROOT / "tests" / "deploy" / "built_with.py"
    built = json.loads(ran(sam_tool("python"), script, TEMPLATE, *chosen))
    args = {"MODELS": "deploy/empty", "INDEX": "artifacts/index", "IMAGES": "deploy/empty", "RUN_AS": "0:0"}
    assert built == {"architecture": "arm64", "args": args}


def test_no_reservation_is_no_limit_and_zero_is_the_stop(translated: dict[str, Any]) -> None:
    [function] = [one for name, one in resources(translated, "AWS::Lambda::Function").items() if name == "Function"]
    none = {"Fn::If": ["HasReservation", {"Ref": "ReservedConcurrency"}, {"Ref": "AWS::NoValue"}]}
    assert function["Properties"]["ReservedConcurrentExecutions"] == none
    parameter = translated["Parameters"]["ReservedConcurrency"]
    assert (parameter["Type"], parameter["Default"]) == ("String", "")
    assert translated["Conditions"]["HasReservation"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "ReservedConcurrency"}, ""]}]}
    month_s, price = 730 * 3600, 0.0000166667
    assert f"${5 * 1769 / 1024 * month_s * price:.0f} a month" in parameter["Description"]


def variables_of(translated: dict[str, Any]) -> dict[str, Any]:
    function = translated["Resources"]["Function"]
    return dict(function["Properties"]["Environment"]["Variables"])


def test_the_functions_variables_are_settings_and_none_holds_a_key(translated: dict[str, Any]) -> None:
    system = {"HOME", "OMP_NUM_THREADS", "ORT_DISABLE_TELEMETRY"}
    assert {name.lower() for name in variables_of(translated) if name not in system} <= set(Settings.model_fields)
    assert "resolve:" not in TEMPLATE.read_text("utf-8")


def test_the_function_may_only_write_its_log_and_read_what_is_its_own(translated: dict[str, Any]) -> None:
    role = translated["Resources"]["FunctionRole"]
    assert "ManagedPolicyArns" not in role["Properties"]
    policies = [policy["Fn::If"][1] if "Fn::If" in policy else policy for policy in role["Properties"]["Policies"]]
    given = [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
    statements = [statement["Fn::If"][1] if "Fn::If" in statement else statement for statement in given]
    assert [statement["Action"] for statement in statements] == [
        ["logs:CreateLogStream", "logs:PutLogEvents"],
        "s3:GetObject",
        "s3:ListBucket",
        "s3vectors:GetVectors",
        ["s3vectors:QueryVectors", "s3vectors:GetVectors"],
        "secretsmanager:GetSecretValue",
        "kms:Decrypt",
    ]
    assert "*" not in [one["Resource"] for one in statements]
    stop = translated["Resources"]["StopRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    stopping = ["PutFunctionConcurrency", "ListProvisionedConcurrencyConfigs", "DeleteProvisionedConcurrencyConfig"]
    assert [statement["Action"] for statement in stop][1:] == [[f"lambda:{action}" for action in stopping]]


def test_no_bucket_is_public_or_asked_without_tls_and_each_stays_when_the_stack_goes(translated: dict[str, Any]) -> None:
    buckets, policies = resources(translated, "AWS::S3::Bucket"), resources(translated, "AWS::S3::BucketPolicy")
    assert {policy["Properties"]["Bucket"]["Ref"] for policy in policies.values()} == set(buckets)
    for bucket in buckets.values():
        assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["DeletionPolicy"] == "RetainExceptOnCreate"
    for policy in policies.values():
        first = policy["Properties"]["PolicyDocument"]["Statement"][0]
        assert (first["Effect"], first["Principal"], first["Action"]) == ("Deny", "*", "s3:*")
        assert first["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_cloudfront_reads_the_page_and_the_pictures_and_nothing_else(translated: dict[str, Any]) -> None:
    policy = translated["Resources"]["SiteBucketPolicy"]["Properties"]["PolicyDocument"]
    condition, statement, _ = policy["Statement"][1]["Fn::If"]
    assert (condition, statement["Principal"]) == ("HasCloudFront", {"Service": "cloudfront.amazonaws.com"})
    assert "AWS:SourceArn" in statement["Condition"]["StringEquals"]
    *page, previews, originals = statement["Resource"]
    assert [path["Fn::Sub"].split("}")[1] for path in page] == ["/index.html", "/service_worker.js", "/static/*"]
    assert [path["Fn::If"][0] for path in (previews, originals)] == ["HasShownPictures", "HasShownOriginals"]


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
    example = (ROOT / "samconfig.toml.example").read_text("utf-8").replace('  # "', '  "')  # with what is commented out
    configured = tomllib.loads(example)["default"]
    overrides = configured["global"]["parameters"]["parameter_overrides"]
    assert {override.split("=")[0] for override in overrides} <= set(translated["Parameters"])
    assert configured["deploy"]["parameters"]["fail_on_empty_changeset"] is False

"""The commands of docs/lambda.md that deploy and remove, with AWS's real `sam`, as far as moto goes (cloudformation.py).

Of `make deploy`, `make deploy-demo` and `make deploy-zip`, what builds is left out, as it needs Docker, or another machine's
packages: tests/deploy/container runs it. So is what sends an image: there is no registry of images that plays AWS's. The
stack's resources are all made (made_by_moto.py, made_by_calls.py). CloudFront answers nobody there: cloudfront/ runs its
functions.
"""

import json
import os
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import botocore.exceptions
import pytest

from tests.conftest import ROOT
from tests.deploy.cloud import Cloud, cloud_served
from tests.deploy.cloudformation import cloudformation_served
from tests.deploy.emulator import sam_tool
from tests.deploy.made_by_calls import ACCOUNT
from tests.deploy.made_by_moto import ADDRESSES
from tests.deploy.test_new_version import answers, tell_moto
from tests.sample_library import SampleLibrary

LIMIT_S = 600
IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/lookwhy:1"
YES = "y\n" * 9  # to all that `sam` asks
# But the stack of its registry for images, which `sam` empties first; moto then fails over a registry that is gone.
YES_BUT_THE_REGISTRY = "y\nn\n" + YES
STACK = "lookwhy"
TOKEN = "a-token-of-these-tests"


@pytest.fixture
def aws() -> Iterator[Cloud]:
    """An account with nothing in it."""
    with cloud_served() as cloud, cloudformation_served(cloud) as served:
        tell_moto(cloud, "config", {"lambda": {"use_docker": False}})
        yield served


@pytest.fixture
def folder(sample_library: SampleLibrary, tmp_path: Path) -> Path:
    """Where the commands run: samconfig.toml as the page has one make it, a token set, and an index."""
    example = (ROOT / "samconfig.toml.example").read_text("utf-8")
    given = f'"AccessToken={TOKEN}",\n  "AlarmEmail='
    assert '"AlarmEmail=' in example
    (tmp_path / "samconfig.toml").write_text(example.replace('"AlarmEmail=', given), "utf-8")
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts" / "index").symlink_to(sample_library.index)
    (tmp_path / "frontend").symlink_to(ROOT / "frontend")
    return tmp_path


def run(command: list[str], aws: Cloud, folder: Path, answered: str = YES) -> str:
    """Run a command as the one who owns the account, whose region stands in samconfig.toml alone; return what it printed."""
    environment = aws.environment | {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "HOME": str(folder)}
    del environment["AWS_DEFAULT_REGION"]
    environment |= {"SAM_CLI_TELEMETRY": "0", "LANG": "C.UTF-8"}
    done = subprocess.run(
        command, cwd=folder, env=environment, input=answered, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


def make(target: str, aws: Cloud, folder: Path, *variables: str) -> str:
    """Run the commands of a target of the Makefile that ask AWS."""
    told = subprocess.run(["make", "-n", target, *variables], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    said = ""
    for line in told.replace("\\\n", " ").splitlines():
        _, configured, command = line.partition("deploy.samconfig")
        if not configured or "sam build" in command:
            continue
        command = command.replace(".venv/bin/python", sys.executable).replace(".venv/sam/bin/sam", str(sam_tool("sam")))
        command = command.replace(f"{ROOT}/samconfig.toml", f"{folder}/samconfig.toml")
        said += run([sys.executable, "-m", "deploy.samconfig", *shlex.split(command)], aws, folder)
    return said


def outputs(aws: Cloud, stack: str = STACK) -> dict[str, str]:
    [described] = aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}


def assert_removed(aws: Cloud, folder: Path, answered: str = YES) -> None:
    """Remove the stack as the page says; its buckets stay."""
    buckets = {url.removeprefix("s3://").split("/")[0] for name, url in outputs(aws).items() if url.startswith("s3://")}
    run([str(sam_tool("sam")), "delete", "--stack-name", STACK], aws, folder, answered)
    with pytest.raises(botocore.exceptions.ClientError, match="does not exist"):
        outputs(aws)
    kept = {bucket["Name"] for bucket in aws.client("s3").list_buckets()["Buckets"]}
    assert buckets
    assert buckets <= kept


def published(aws: Cloud) -> set[str]:
    """Return the names of the objects in the stack's buckets, without prefixes that hashes make."""
    buckets = {url.removeprefix("s3://").split("/")[0] for url in outputs(aws).values() if url.startswith("s3://")}
    client = aws.client("s3")
    return {entry["Key"] for bucket in buckets for entry in client.list_objects_v2(Bucket=bucket).get("Contents", [])}


def assert_guarded(aws: Cloud, function: str) -> None:
    """What stands around the function, as each service tells of it: CloudFront alone may ask, alarms and a budget watch."""
    url = aws.client("lambda").get_function_url_config(FunctionName=function)
    [site] = aws.client("cloudfront").list_distributions()["DistributionList"]["Items"]
    origins = {origin["Id"]: origin["DomainName"] for origin in site["Origins"]["Items"]}
    assert url["AuthType"] == "AWS_IAM"
    assert url["FunctionUrl"] == f"https://{origins['function']}"
    assert origins["site"].startswith(outputs(aws)["PageUrl"].removeprefix("s3://") + ".s3.")
    gates = aws.client("cloudfront").list_functions()["FunctionList"]["Items"]
    assert {gate["Name"].rpartition("-")[2] for gate in gates} == {"gate", "api"}
    policy = json.loads(aws.client("s3").get_bucket_policy(Bucket=outputs(aws)["PageUrl"].removeprefix("s3://"))["Policy"])
    [allowed] = policy["Statement"]
    assert allowed["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert allowed["Condition"]["StringEquals"]["AWS:SourceArn"] == site["ARN"]
    alarms = aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert len(alarms) == 5
    assert {alarm["Dimensions"][0]["Value"] for alarm in alarms} == {function}
    assert all("AlarmTopic" in action for alarm in alarms for action in alarm["AlarmActions"])
    budgets = aws.client("budgets").describe_budgets(AccountId=ACCOUNT)["Budgets"]
    assert [budget["BudgetLimit"]["Unit"] for budget in budgets] == ["USD"]


def test_the_image_is_deployed_published_to_and_removed(aws: Cloud, folder: Path) -> None:
    write_built(folder)
    assert f"The page is at https://{ADDRESSES['Site']}" in make("deploy", aws, folder)
    make("publish-index", aws, folder)
    assert {"index/release.json", "index.html"} <= published(aws)
    name = outputs(aws)["FunctionName"]
    assert_guarded(aws, name)
    variables = aws.client("lambda").get_function_configuration(FunctionName=name)["Environment"]
    assert variables["Variables"]["ACCESS_TOKEN"] == TOKEN
    assert_removed(aws, folder, YES_BUT_THE_REGISTRY)


def test_the_zip_is_deployed_published_to_and_removed(aws: Cloud, folder: Path) -> None:
    write_zip(folder)
    assert f"The page is at https://{ADDRESSES['Site']}" in make("deploy-zip", aws, folder, "INDEX=")
    client, name = aws.client("lambda"), outputs(aws)["FunctionName"]
    before = client.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
    assert_guarded(aws, name)
    answers(aws, {"statusCode": 401})
    assert "The function starts from version" in make("publish-index", aws, folder)
    assert client.get_alias(FunctionName=name, Name="live")["FunctionVersion"] != before
    assert_removed(aws, folder)


def test_the_demo_is_deployed_as_one_function_open_to_all(aws: Cloud, folder: Path) -> None:
    write_built(folder)
    make("deploy-demo", aws, folder)
    told, client = outputs(aws, "lookwhy-demo"), aws.client("lambda")
    assert told["PageAddress"] == ADDRESSES["FunctionUrl"]
    configured = client.get_function_configuration(FunctionName=told["FunctionName"])["Environment"]["Variables"]
    assert not any(configured.get(name) for name in ("ACCESS_TOKEN", "INDEX_URL", "MODELS_URL"))  # all is in the image
    assert client.get_function_url_config(FunctionName=told["FunctionName"])["AuthType"] == "NONE"
    assert not aws.client("cloudfront").list_distributions()["DistributionList"].get("Items")


def write_built(folder: Path) -> None:
    """Write the template as `sam build` leaves it, once the image was sent."""
    built = folder / ".aws-sam" / "build" / "template.yaml"
    built.parent.mkdir(parents=True)
    of_an_image = "      PackageType: Image\n"
    template = (ROOT / "template.yaml").read_text("utf-8")
    assert template.count(of_an_image) == 1
    built.write_text(template.replace(of_an_image, f"{of_an_image}      ImageUri: {IMAGE}\n"), "utf-8")


def write_zip(folder: Path) -> None:
    """Write what `make lambda-zip` would, in small, and its template."""
    built = folder / "artifacts" / "lambda-zip"
    models = built / "x86_64" / "artifacts" / "models"
    models.mkdir(parents=True)
    (models / "manifest.json").touch()
    with zipfile.ZipFile(built / "x86_64.zip", "w") as file:
        file.writestr("handler.py", "")
    command = [str(sam_tool("python")), "-m", "deploy.zip_template", str(built / "x86_64")]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=True).stdout
    assert json.loads(made)["Resources"]["Function"]["Properties"]["CodeUri"] == "x86_64.zip"
    (built / "template.yaml").write_text(made, "utf-8")

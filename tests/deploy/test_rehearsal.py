"""A deployment, as far as moto goes: the template's stack, what is published to it, and a function with its variables.

What moto's CloudFormation does not make (made_by_moto.py) is left out here; test_deployment.py makes it by calls, and
test_template.py and cloudfront/ look at it.
"""

import itertools
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.deploy.cloud import REGION, Cloud
from tests.deploy.emulator import emulated, post
from tests.deploy.made_by_moto import ADDRESSES, made_by_moto
from tests.deploy.resolved import named_in, resolve
from tests.deploy.translated import translated_template
from tests.sample_library import MODELS, SampleLibrary

STACK = "lookwhy-rehearsed"
CHOICES = {
    "AccessToken": ("", "a-token-of-these-tests"),
    "WithCloudFront": ("true", "false"),
    "UrlAuthType": ("NONE", "AWS_IAM"),
    "ImagePictures": ("deploy/empty", "artifacts/sample/images"),
    "OriginalsFromBucket": ("true", "false"),
    "AlarmEmail": ("", "you@example.com"),
    "StopAtBudget": ("true", "false"),
    "PageOrigin": ("", "https://photos.example.com"),
}


def test_no_choice_of_parameters_leaves_anything_that_names_what_is_not_made() -> None:
    template = translated_template()
    for values in itertools.product(*CHOICES.values()):
        chosen = dict(zip(CHOICES, values, strict=True)) | {"Public": "true"}
        made = resolve(template, chosen)
        names = {name for name in named_in(made) if not name.startswith("AWS::")}
        assert names <= set(made["Resources"]) | set(made["Parameters"]), chosen


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({}, "Give an AccessToken, or say Public=true"),
        ({"AccessToken": "a-token-of-these-tests"}, None),
        ({"Public": "true"}, None),
        ({"WithCloudFront": "false", "UrlAuthType": "AWS_IAM"}, None),
        ({"WithCloudFront": "true", "UrlAuthType": "AWS_IAM"}, "Give an AccessToken"),  # CloudFront signs for everybody
    ],
)
def test_a_stack_without_a_token_is_refused_unless_it_may_be_open(parameters: dict[str, str], said: str | None) -> None:
    if said is None:
        resolve(translated_template(), parameters)
        return
    with pytest.raises(AssertionError, match=said):
        resolve(translated_template(), parameters)


@pytest.fixture(scope="module")
def stack(cloud: Cloud) -> str:
    """A stack of the template with a token, all alarms and the stop, behind CloudFront."""
    chosen = {"AccessToken": "a-token-of-these-tests", "AlarmEmail": "you@example.com", "StopAtBudget": "true"}
    template = resolve(translated_template(), chosen)
    cloud.client("cloudformation").create_stack(
        StackName=STACK,
        TemplateBody=made_by_moto(template),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in chosen.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    return STACK


def run_as_configured(cloud: Cloud, folder: Path, target: str) -> str:
    """Run the commands of a target of the Makefile that ask AWS, where the region stands in samconfig.toml alone."""
    config = f'[default.global.parameters]\nstack_name = "{STACK}"\nregion = "{REGION}"\n'
    (folder / "samconfig.toml").write_text(config, "utf-8")
    asked = cloud.environment | {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "HOME": str(folder)}
    environment = {name: value for name, value in asked.items() if name != "AWS_DEFAULT_REGION"}
    told = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    said = ""
    for line in told.splitlines():
        configured, python, command = line.partition("deploy.samconfig")
        if not python or "sam/bin/sam" in command:
            continue
        arguments = shlex.split(command.replace(".venv/bin/python", sys.executable))
        done = subprocess.run(
            [sys.executable, "-m", "deploy.samconfig", *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, (configured, done.stdout, done.stderr)
        said += done.stdout
    return said


def test_what_is_published_to_a_new_stack_is_found_by_the_function_with_its_variables(
    cloud: Cloud, stack: str, sample_library: SampleLibrary, tmp_path: Path, log: Path
) -> None:
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts" / "index").symlink_to(sample_library.index)
    run_as_configured(cloud, tmp_path, "publish-index")
    said = run_as_configured(cloud, tmp_path, "deploy")
    assert said.strip() == f"The page is at https://{ADDRESSES['Site']}"
    [described] = cloud.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
    configured = cloud.client("lambda").get_function_configuration(FunctionName=outputs["FunctionName"])
    variables = configured["Environment"]["Variables"] | {"HOME": str(tmp_path), "FETCH_DIR": str(tmp_path / "fetched")}
    bare = {name: value for name, value in sample_library.environment.items() if not name.endswith("_DIR")}
    environment = bare | cloud.environment | variables | {"MODELS_DIR": str(MODELS)}  # the models are in the image
    bearer = {"x-lookwhy-authorization": f"Bearer {variables['ACCESS_TOKEN']}"}
    with emulated(environment, log) as function:
        refused = post(function, "/search", {"query": "a red boat"})
        answer = post(function, "/search", {"query": "a red boat"}, more_headers=bearer)
    assert (refused.status, answer.status) == (401, 200)
    bucket = outputs["PreviewsUrl"].removeprefix("s3://").split("/")[0]
    listed = cloud.client("s3").list_objects_v2(Bucket=bucket, Prefix="previews/")["Contents"]
    published = {entry["Key"].rpartition("/")[2] for entry in listed}
    shown = [result["preview_url"] for result in answer.json()["results"]]
    assert shown
    assert {url.removeprefix("/previews/") for url in shown} <= published

"""What stops the function once the budget is spent: it does so whether instances are kept ready or not, and may do it."""

from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from tests.deploy.cloud import REGION
from tests.deploy.translated import translated_template

NAME = "lookwhy-search"
ARN = f"arn:aws:lambda:{REGION}:123456789012:function:{NAME}"
READY = {"AllocatedProvisionedConcurrentExecutions": 2, "Status": "READY"}


@pytest.fixture
def resources() -> Mapping[str, Any]:
    return dict(translated_template()["Resources"])


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """A client that takes the calls that it is told of, in that order, and checks them against AWS's own model."""
    client = boto3.client("lambda", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="y")
    monkeypatch.setattr(boto3, "client", lambda service: {"lambda": client}[service])
    monkeypatch.setenv("FUNCTION", NAME)
    with Stubber(client) as stubber:
        yield stubber


@pytest.mark.parametrize("aliases", [[], ["live"]])
def test_the_function_is_stopped_and_nothing_is_kept_ready(
    resources: Mapping[str, Any], aws: Stubber, aliases: list[str]
) -> None:
    ready = [{"FunctionArn": f"{ARN}:{alias}", **READY} for alias in aliases]
    aws.add_response(
        "list_provisioned_concurrency_configs", {"ProvisionedConcurrencyConfigs": ready}, {"FunctionName": NAME}
    )
    for alias in aliases:
        aws.add_response("delete_provisioned_concurrency_config", {}, {"FunctionName": NAME, "Qualifier": alias})
    stopped = {"ReservedConcurrentExecutions": 0}
    aws.add_response("put_function_concurrency", stopped, {"FunctionName": NAME, **stopped})
    code: dict[str, Any] = {}
    exec(resources["StopFunction"]["Properties"]["Code"]["ZipFile"], code)
    code["stop"]({}, None)
    aws.assert_no_pending_responses()


def test_its_role_may_do_what_it_does(resources: Mapping[str, Any]) -> None:
    [policy] = resources["StopRole"]["Properties"]["Policies"]
    allowed = {action for statement in policy["PolicyDocument"]["Statement"] for action in listed(statement["Action"])}
    code = resources["StopFunction"]["Properties"]["Code"]["ZipFile"]
    called = {word.split("(")[0] for word in code.split("client.")[1:]}
    assert {f"lambda:{name.title().replace('_', '')}" for name in called} <= allowed
    assert len(called) == 3


def listed(actions: str | list[str]) -> list[str]:
    return [actions] if isinstance(actions, str) else actions

"""A new version after something was published: the alias, where there is one, moves once that is there."""

import json
from typing import Any
from uuid import uuid4

import pytest

from deploy.new_version import ALIAS, publish_version
from runtime.errors import RemoteRefused
from tests.deploy.cloud import Cloud

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture
def function(cloud: Cloud) -> tuple[str, Any]:
    """A function of a version, and the client that asks for it."""
    name, client = f"search-{uuid4()}", cloud.client("lambda")
    role = cloud.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    code = {"ImageUri": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/lookwhy:1"}
    client.create_function(FunctionName=name, Role=role, PackageType="Image", Code=code, Publish=True)
    return name, client


def test_the_alias_points_to_the_new_version(function: tuple[str, Any]) -> None:
    name, client = function
    client.create_alias(FunctionName=name, Name=ALIAS, FunctionVersion="1")
    version = publish_version(name, client)
    assert version not in {None, "1"}
    assert client.get_alias(FunctionName=name, Name=ALIAS)["FunctionVersion"] == version


def test_a_function_without_an_alias_is_left_alone(function: tuple[str, Any]) -> None:
    name, client = function
    assert publish_version(name, client) is None
    assert len(client.list_versions_by_function(FunctionName=name)["Versions"]) == 2


def test_a_function_that_there_is_not_is_named(cloud: Cloud) -> None:
    with pytest.raises(RemoteRefused, match="The function nobody"):
        publish_version("nobody", cloud.client("lambda"))

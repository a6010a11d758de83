"""A new version after something was published: the alias, where there is one, moves once that is there."""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from deploy.new_version import ALIAS, READYZ, publish_version
from deploy.old_versions import remove_old_versions
from runtime.errors import RemoteRefused
from tests.deploy.cloud import REGION, Cloud
from tests.deploy.emulator import Emulator

JSON = {"content-type": "application/json"}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture
def versioned(cloud: Cloud) -> Iterator[tuple[str, Any]]:
    """A function of a version, and the client that asks for it. It answers what `answers` says: moto runs none here."""
    name, client = f"search-{uuid4()}", cloud.client("lambda")
    tell_moto(cloud, "config", {"lambda": {"use_docker": False}})
    role = cloud.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    code = {"ImageUri": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/lookwhy:1"}
    client.create_function(FunctionName=name, Role=role, PackageType="Image", Code=code, Publish=True)
    yield name, client
    tell_moto(cloud, "config", {"lambda": {"use_docker": True}})


def answers(cloud: Cloud, answer: dict[str, Any]) -> None:
    tell_moto(cloud, "static/lambda-simple/response", {"results": [json.dumps(answer)], "region": REGION})


def tell_moto(cloud: Cloud, path: str, body: dict[str, Any]) -> None:
    said = urllib.request.Request(f"{cloud.url}/moto-api/{path}", json.dumps(body).encode(), JSON)
    urllib.request.urlopen(said, timeout=60).close()


@pytest.mark.parametrize("status", [200, 401])
def test_the_alias_points_to_the_new_version_once_that_is_ready(
    cloud: Cloud, versioned: tuple[str, Any], status: int
) -> None:
    name, client = versioned
    client.create_alias(FunctionName=name, Name=ALIAS, FunctionVersion="1")
    answers(cloud, {"statusCode": status})
    version = publish_version(name, client)
    assert version not in {None, "1"}
    assert client.get_alias(FunctionName=name, Name=ALIAS)["FunctionVersion"] == version


@pytest.mark.parametrize("answer", [{"statusCode": 503}, {"errorMessage": "out of time"}])
def test_the_version_before_serves_on_where_the_new_one_is_not_ready(
    cloud: Cloud, versioned: tuple[str, Any], answer: dict[str, Any]
) -> None:
    name, client = versioned
    client.create_alias(FunctionName=name, Name=ALIAS, FunctionVersion="1")
    answers(cloud, answer)
    with pytest.raises(RemoteRefused, match=r"it is not ready \((503|out of time)\)"):
        publish_version(name, client)
    assert client.get_alias(FunctionName=name, Name=ALIAS)["FunctionVersion"] == "1"


def versions(client: Any, name: str) -> list[str]:
    return [one["Version"] for one in client.list_versions_by_function(FunctionName=name)["Versions"]][1:]


def test_versions_that_nothing_points_to_are_removed_but_the_one_before_and_the_stacks(
    cloud: Cloud, versioned: tuple[str, Any]
) -> None:
    name, client = versioned
    client.create_alias(FunctionName=name, Name=ALIAS, FunctionVersion="1")
    for version in ("2", "3", "4", "5"):
        answers(cloud, {"statusCode": 200})
        assert publish_version(name, client) == version
    assert remove_old_versions(name, client, kept=["2"]) == ["1", "3"]
    assert versions(client, name) == ["2", "4", "5"]
    assert remove_old_versions(name, client, kept=["2"]) == []


def test_no_version_is_removed_of_a_function_without_an_alias(versioned: tuple[str, Any]) -> None:
    name, client = versioned
    assert remove_old_versions(name, client) == []
    assert versions(client, name) == ["1"]


def test_a_function_knows_what_it_is_asked(function: Emulator) -> None:
    assert function.ask(READYZ).status == 200


def test_a_function_without_an_alias_is_left_alone(versioned: tuple[str, Any]) -> None:
    name, client = versioned
    assert publish_version(name, client) is None
    assert len(client.list_versions_by_function(FunctionName=name)["Versions"]) == 2


def test_a_function_that_there_is_not_is_named(cloud: Cloud) -> None:
    with pytest.raises(RemoteRefused, match="The function nobody"):
        publish_version("nobody", cloud.client("lambda"))

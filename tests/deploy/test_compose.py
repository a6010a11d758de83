"""compose.yaml, without an engine: it builds what the Dockerfile has, and mounts what the image looks into."""

import re
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"])


def test_each_service_is_a_target_of_the_dockerfile_and_writes_nothing_but_its_volumes(services: dict[str, Any]) -> None:
    targets = re.findall(r"^FROM \S+ AS (\w+)$", DOCKERFILE, re.MULTILINE)
    for service in services.values():
        assert service["build"]["target"] in targets
        assert (service["read_only"], service["tmpfs"], service["cap_drop"]) == (True, ["/tmp"], ["ALL"])


def test_the_folders_are_those_that_the_image_looks_into(services: dict[str, Any]) -> None:
    looked_into = set(re.findall(r"(?:INDEX|IMAGES)_DIR=(/\w+)", DOCKERFILE))
    for service in services.values():
        mounted = {volume.removesuffix(":ro").rpartition(":")[2]: volume for volume in service["volumes"]}
        assert looked_into | {"/run/secrets"} == set(mounted)
        assert mounted["/images"].endswith(":ro")
        assert mounted["/index"] == "index:/index"


def test_only_this_machine_reaches_the_server_unless_one_says_so(services: dict[str, Any]) -> None:
    [port] = services["server"]["ports"]
    assert port.startswith("${BIND:-127.0.0.1}:")
    assert services["index"]["profiles"] == ["index"]  # it does not start with the server
    assert "restart" not in services["index"]


def test_the_last_stage_adds_nothing_so_that_the_image_is_the_server_where_no_target_is_named() -> None:
    assert DOCKERFILE.rstrip().endswith("\nFROM server")

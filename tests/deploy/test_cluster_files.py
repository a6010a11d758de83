"""The files that start machines for large libraries: a Ray cluster by Ray's own schema, Milvus and two replicas by names."""

import re
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))
RAY: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "ray-cluster.yaml").read_text("utf-8"))


def test_every_service_depends_on_services_that_there_are_and_shares_a_network_with_them() -> None:
    services = COMPOSE["services"]
    for name, service in services.items():
        for other in service.get("depends_on", ()):
            assert set(service["networks"]) & set(services[other]["networks"]), (name, other)
    named = {mount.partition(":")[0] for service in services.values() for mount in service.get("volumes", ())}
    assert {one for one in named if not one.startswith("$")} == set(COMPOSE["volumes"])


def test_two_replicas_stand_behind_one_port_and_nothing_else_is_open_to_others() -> None:
    services = COMPOSE["services"]
    assert services["lookwhy-1"] == services["lookwhy-2"]
    served = re.findall(r"server (lookwhy-\d):8000", COMPOSE["configs"]["front"]["content"])
    assert served == ["lookwhy-1", "lookwhy-2"]
    ports = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert ports == {"front": ["${LISTEN:-127.0.0.1:8000}:8000"], "milvus": ["127.0.0.1:19530:19530"]}
    assert services["lookwhy-1"]["environment"]["STORE"].startswith("milvus://milvus:19530/")


def test_no_service_has_a_secret_written_here_or_an_image_without_a_version() -> None:
    text = (ROOT / "deploy" / "compose.yaml").read_text("utf-8")
    assert all(value.startswith("${") for value in re.findall(r"(?:PASSWORD|TOKEN|ACCESS_KEY): (\S+)", text))
    images = [service["image"] for name, service in COMPOSE["services"].items() if not name.startswith("lookwhy")]
    assert all(re.search(r":[\w.-]*\d[\w.-]*$", image) for image in images)


def test_the_ray_cluster_is_one_by_ray_s_own_schema() -> None:
    util = pytest.importorskip("ray.autoscaler._private.util", reason="Ray is in the environment of make cluster-test alone")
    util.validate_config(util.prepare_config(RAY))


def test_workers_of_the_ray_cluster_are_spot_nodes_that_go_when_idle() -> None:
    spot = RAY["available_node_types"]["spot"]
    assert spot["node_config"]["InstanceMarketOptions"] == {"MarketType": "spot"}
    assert spot["min_workers"] == 0
    assert spot["max_workers"] == RAY["max_workers"]
    assert RAY["head_node_type"] in RAY["available_node_types"]
    assert "InstanceMarketOptions" not in RAY["available_node_types"]["head"]["node_config"]


def test_the_nodes_have_the_ray_that_was_tried() -> None:
    pinned = re.search(r"^ray\[[\w,]+\]==([\d.]+)", (ROOT / "deploy" / "requirements-cluster.txt").read_text("utf-8"), re.M)
    assert pinned
    assert f"ray[default]=={pinned[1]}" in str(RAY["setup_commands"])

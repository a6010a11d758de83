"""What an orchestrator sets: processes, ports, shares of CPU and memory."""

import json
from collections.abc import Callable

import pytest

from tests.deploy.container.podman import Container, must, podman

QUERY = '{"query": "a red boat at sunset", "top_k": 1}'
CORES = "from runtime.models.cpu_cores import usable_cores; print(usable_cores())"
Started = Callable[..., Container]


def found(container: Container, port: int = 8000) -> int:
    """Return how many pictures a search finds."""
    answer = must(container.run("python", "/ask.py", f"http://127.0.0.1:{port}/search", QUERY))
    return len(json.loads(answer)["results"])


def test_a_host_that_asks_for_two_processes_gets_one(full_image: str, started: Started) -> None:
    container = started(full_image, flags=["--env=WEB_CONCURRENCY=2"])
    assert found(container) == 1
    servers = must(container.run("sh", "-c", "grep -lz -- serve /proc/[0-9]*/cmdline | wc -l"))
    assert int(servers) == 1


@pytest.mark.parametrize("command", [[], ["serve", "--port", "9001"]], ids=["PORT", "--port"])
def test_another_port_is_asked_by_the_health_check_too(full_image: str, started: Started, command: list[str]) -> None:
    container = started(full_image, *command, flags=[] if command else ["--env=PORT=9001"])
    assert found(container, 9001) == 1
    assert container.run("python", "deploy/healthcheck.py").returncode == 0


@pytest.mark.parametrize(("share", "cores"), [("0.5", 1), ("1.5", 2)])
def test_a_share_of_cpu_time_is_honoured(full_image: str, started: Started, share: str, cores: int) -> None:
    container = started(full_image, flags=[f"--cpus={share}"])
    assert int(must(container.run("python", "-c", CORES))) == cores


def test_searches_need_little_memory(full_image: str, started: Started) -> None:
    container = started(full_image, flags=["--memory=256m", "--memory-swap=256m"])
    assert [found(container) for _ in range(20)] == [1] * 20
    assert must(podman("inspect", "--format={{.State.OOMKilled}}", container.identity)) == "false"

"""What an engine does to a container: memory and CPU limits, other ports and users, health checks, and its end.

The limits are those of real control groups, as the engine sets them (version 1 or 2, whichever the machine has).
"""

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from benchmarks.photos.picture_memory import KINDS
from tests.deploy.container.podman import Container, must

PORT = 8000
WAIT_S = 60.0
QUERY = {"query": "a red boat at sunset", "top_k": 3}
MB = 1 << 20
# The heaviest that are let in, and one that is not (docs/reliability.md).
UPLOADS = {
    ("WebP, lossless", 4830, 3623): 200,
    ("AVIF, alpha, 4:4:4", 5099, 3824): 200,
    ("TIFF, RGBA, 16 bits, one strip", 5538, 4153): 200,
    ("PNG, RGB", 12247, 12247): 413,
}
Started = Callable[..., Container]


def ready(container: Container, port: int = PORT) -> Container:
    """Return a container once its server answers."""
    must(container.run("python", "/ask.py", f"http://127.0.0.1:{port}/healthz"))
    return container


def results(container: Container) -> int:
    answer = httpx.post(f"{container.address}/search", json=QUERY, timeout=WAIT_S)
    assert answer.status_code == 200, answer.text
    return len(answer.json()["results"])


@pytest.mark.parametrize(
    ("flags", "command", "port"),
    [([], [], 8000), (["--env=PORT=9000"], [], 9000), (["--env=PORT=9000"], ["serve", "--port", "9100"], 9100)],
    ids=["as it comes", "PORT", "--port"],
)
def test_any_port_is_reached_from_outside_and_asked_by_the_health_check(
    full_image: str, started: Started, flags: list[str], command: list[str], port: int
) -> None:
    container = ready(started(full_image, *command, flags=flags, port=port), port)
    assert results(container) == 3
    assert container.check_health().returncode == 0


def test_a_server_that_hangs_is_unhealthy_until_it_goes_on(full_image: str, started: Started) -> None:
    container = ready(started(full_image, port=PORT))
    assert container.check_health().returncode == 0
    container.signal("STOP")
    assert container.check_health().returncode == 1
    container.signal("CONT")
    assert container.check_health().returncode == 0


def test_a_server_that_asks_for_its_token_is_healthy(full_image: str, started: Started) -> None:
    container = ready(started(full_image, flags=["--env=ACCESS_TOKEN=a-token-of-these-tests"], port=PORT))
    assert httpx.post(f"{container.address}/search", json=QUERY).status_code == 401
    assert container.check_health().returncode == 0


def test_one_process_serves_whatever_web_concurrency_says(full_image: str, started: Started) -> None:
    container = ready(started(full_image, flags=["--env=WEB_CONCURRENCY=4"], port=PORT))
    assert results(container) == 3
    assert len(container.processes()) == 1, container.processes()


@pytest.mark.parametrize("user", ["10001:10001", "4321:4321"])
def test_any_user_serves_from_a_read_only_root(full_image: str, started: Started, user: str) -> None:
    container = ready(started(full_image, flags=[f"--user={user}", "--cap-drop=ALL"], port=PORT))
    assert results(container) == 3
    assert must(container.run("id", "-u")) == user.partition(":")[0]
    assert container.run("touch", "/var/task/x").returncode != 0


@pytest.mark.parametrize(("memory", "cpus", "cores"), [(512, 0.5, 1), (1769, 1.5, 2)])
def test_the_limits_of_the_engine_are_seen(full_image: str, started: Started, memory: int, cpus: float, cores: int) -> None:
    container = started(full_image, flags=[f"--memory={memory}m", f"--cpus={cpus}"], port=PORT)
    code = (
        "from runtime.models.cpu_cores import usable_cores\n"
        "from runtime.models.usable_memory import usable_memory_bytes\n"
        "print(usable_memory_bytes(), usable_cores())"
    )
    assert must(container.run("python", "-c", code)) == f"{memory * MB} {cores}"


@pytest.fixture(scope="module")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, int]:
    """Files of the heaviest kinds, each with the status that answers it."""
    folder = tmp_path_factory.mktemp("uploads")
    files = {folder / f"{number}": status for number, status in enumerate(UPLOADS.values())}
    for file, (kind, width, height) in zip(files, UPLOADS, strict=True):
        file.write_bytes(KINDS[kind](width, height))
    return files


def upload(container: Container, file: Path) -> int:
    files = {"image": ("picture", file.read_bytes())}
    return httpx.post(f"{container.address}/search/image", files=files, timeout=WAIT_S).status_code


def test_the_heaviest_uploads_at_once_do_not_exceed_512_mb(
    full_image: str, started: Started, uploads: dict[Path, int]
) -> None:
    container = ready(started(full_image, flags=["--memory=512m", "--memory-swap=512m"], port=PORT))
    with ThreadPoolExecutor(len(uploads)) as clients:
        statuses = list(clients.map(lambda file: upload(container, file), uploads))
    assert statuses == list(uploads.values())
    assert results(container) == 3
    assert (container.state["Running"], container.state["OOMKilled"]) == (True, False)
    assert kills(container) == 0


def kills(container: Container) -> int:
    """Return how many processes of the container the kernel has ended for their memory."""
    files = "/sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control"
    lines = container.run("sh", "-c", f"cat {files} 2>/dev/null").stdout.splitlines()
    [count] = [line.split()[1] for line in lines if line.startswith("oom_kill ")]
    return int(count)


def test_a_picture_that_the_limit_has_no_room_for_costs_its_own_answer_alone(
    full_image: str, started: Started, uploads: dict[Path, int]
) -> None:
    container = ready(started(full_image, flags=["--memory=256m", "--memory-swap=256m"], port=PORT))
    heaviest = next(iter(uploads))
    assert upload(container, heaviest) >= 400
    assert kills(container) > 0  # its decoding process; the server is another
    assert results(container) == 3
    assert container.state["Running"]


def test_sigterm_ends_it_while_a_client_holds_half_a_request(full_image: str, started: Started) -> None:
    container = ready(started(full_image, port=PORT))
    assert results(container) == 3
    address = urlsplit(container.address)
    with socket.create_connection((address.hostname, address.port)) as held:
        held.sendall(b"POST /search HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{")
        assert container.stop(limit_s=10) == 0

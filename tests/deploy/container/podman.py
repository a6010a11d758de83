"""Podman where nothing is set up for it: as root, without systemd, all that it keeps in one folder."""

import contextlib
import json
import os
import resource
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

# Kept from run to run, and not in the checkout, where `make clean` would reach into the images. Delete it to start anew.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lookwhy-containers"
CONFIGURATION = CACHE / "containers.conf"
ENGINE = ["podman", f"--root={CACHE / 'storage'}", f"--runroot={CACHE / 'run'}", "--log-level=fatal"]
RUN_LIMIT_S, LISTEN_LIMIT_S = 120, 30
PROCESSES = 4096
# A function of one vCPU: a read-only root, /tmp, no other machine to be reached. Of a flag given twice, the last counts.
LIMITED = ["--read-only", "--tmpfs=/tmp", "--memory=1769m", "--cpus=1.0"]
LIKE_LAMBDA = [*LIMITED, "--network=none"]

Finished = subprocess.CompletedProcess[str]
NOTHING: Mapping[Path, str] = {}


def configure() -> None:
    """Tell Podman of this machine: runc, as crun does not start here, no systemd, and limits that may be set."""
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    CONFIGURATION.parent.mkdir(parents=True, exist_ok=True)
    CONFIGURATION.write_text(
        f'[containers]\ndefault_ulimits = ["nofile={files}:{files}", "nproc={PROCESSES}:{PROCESSES}"]\n'
        '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "none"\n',
        "utf-8",
    )


def podman(*arguments: str, limit_s: float = RUN_LIMIT_S) -> Finished:
    """Run one command of Podman and return what it printed, whatever its exit code."""
    command = [*ENGINE, *arguments]
    return subprocess.run(command, env=_environment(), capture_output=True, text=True, timeout=limit_s, check=False)


def must(finished: Finished) -> str:
    """Return what a command printed that may not fail."""
    assert finished.returncode == 0, f"{finished.args}: {finished.stdout[-3000:]}{finished.stderr[-3000:]}"
    return finished.stdout.strip()


def run_once(image: str, *command: str, flags: Sequence[str] = (), volumes: Mapping[Path, str] = NOTHING) -> Finished:
    """Run an image as Lambda would, until it ends; the volumes are to be read."""
    return podman("run", "--rm", *LIKE_LAMBDA, *mounted(volumes), *flags, image, *command)


def start(image: str, *command: str, flags: Sequence[str] = (), volumes: Mapping[Path, str] = NOTHING) -> "Container":
    """Start an image as Lambda would; the volumes are to be read."""
    return Container(must(podman("run", "--detach", *LIKE_LAMBDA, *mounted(volumes), *flags, image, *command)))


def publish(
    image: str, *command: str, port: int = 8000, flags: Sequence[str] = (), volumes: Mapping[Path, str] = NOTHING
) -> "Container":
    """Start an image with one of its ports reached from this machine, and from no other: `Container.address` says where."""
    published = [f"--publish=127.0.0.1::{port}", *mounted(volumes), *flags]
    return Container(must(podman("run", "--detach", *LIMITED, *published, image, *command)))


def mounted(volumes: Mapping[Path, str]) -> list[str]:
    """Return the flags that mount files and folders of this machine, to be read."""
    return [f"--volume={source}:{target}:ro" for source, target in volumes.items()]


@contextlib.contextmanager
def docker_socket(path: Path) -> Iterator[str]:
    """The address of a service that speaks Docker's interface, for tools that know no other."""
    command = [*ENGINE, "system", "service", "--time=0", f"unix://{path}"]
    process = subprocess.Popen(command, env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + LISTEN_LIMIT_S
        while not path.exists():
            assert process.poll() is None, "Podman's service ended"
            assert time.monotonic() < deadline, "Podman's service does not listen"
            time.sleep(0.05)
        yield f"unix://{path}"
    finally:
        process.terminate()
        process.wait()


class Container:
    """One that runs until it is removed."""

    def __init__(self, identity: str) -> None:
        self.identity = identity

    def run(self, *command: str) -> Finished:
        """Run a command in it."""
        return podman("exec", self.identity, *command)

    @property
    def address(self) -> str:
        """Where its published port is reached: `http://127.0.0.1:PORT`."""
        return "http://" + must(podman("port", self.identity)).rpartition(" ")[2]

    @property
    def state(self) -> dict[str, Any]:
        """What the engine knows of it: whether it runs, its exit code, whether the kernel ended it for its memory."""
        return dict(json.loads(must(podman("inspect", "--format={{json .State}}", self.identity))))

    def processes(self) -> list[str]:
        """Return the command lines of what runs in it."""
        return must(podman("top", self.identity, "args")).splitlines()[1:]

    def signal(self, name: str) -> None:
        """Send a signal, such as STOP, to its first process."""
        must(podman("kill", f"--signal={name}", self.identity))

    def check_health(self) -> Finished:
        """Run the image's health check, as the engine does every 30 s where systemd or Docker's daemon runs."""
        return podman("healthcheck", "run", self.identity)

    def log(self) -> str:
        """Return all that it has printed."""
        shown = podman("logs", self.identity)
        return shown.stdout + shown.stderr

    def stop(self, limit_s: int) -> int:
        """End it as an orchestrator does, and return its exit code: 137 where it had to be killed."""
        must(podman("stop", f"--time={limit_s}", self.identity))
        return int(self.state["ExitCode"])

    def remove(self) -> None:
        podman("rm", "--force", "--time=0", self.identity)


def _environment() -> dict[str, str]:
    return os.environ | {"CONTAINERS_CONF": str(CONFIGURATION)}

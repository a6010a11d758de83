"""The cluster that tests start: nothing of it stays where the tests themselves are killed."""

import os
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

if not find_spec("ray"):
    pytest.skip("ray[data] is in the environment of make cluster-test alone", allow_module_level=True)

from tests.cluster.with_parent import PYTHON, WITH_PARENT
from tests.conftest import ROOT

START = """
import sys
from pathlib import Path
from tests.cluster.ray_nodes import ray_nodes
with ray_nodes(Path(sys.argv[1]), nodes=1):
    print("started", flush=True)
    sys.stdin.read()
"""
ENDED_WITHIN_S = 240  # the agents of a node first try for a minute to tell the head, which has ended, of it


@pytest.mark.skipif(not WITH_PARENT, reason="setpriv is of util-linux")
def test_a_killed_test_leaves_no_process_of_its_cluster(tmp_path: Path) -> None:
    command, own = [*PYTHON, "-c", START, str(tmp_path)], os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=own, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout
        assert tests.stdout.readline() == "started\n"
        assert len(processes_with(tmp_path)) > 3
        tests.kill()
    until = time.monotonic() + ENDED_WITHIN_S
    while (left := processes_with(tmp_path)) and time.monotonic() < until:
        time.sleep(0.1)  # nothing tells of the end of a process that another one started
    assert not left


def processes_with(folder: Path) -> list[str]:
    """Return the commands of the processes in whose environment a folder is named."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder).encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:  # it has ended, or is another user's
            continue
    return found

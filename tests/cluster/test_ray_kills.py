"""A build on a real Ray cluster: a node killed at a third, the driver at two thirds, and nothing lost or made twice.

`LOOKWHY_CLUSTER_PICTURES` says how many pictures; 2,000 by default. Prints what it took.
"""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

if not all(find_spec(name) for name in ("ray", "pandas", "pyarrow")):
    pytest.skip("ray[data] is in the environment of make cluster-test alone", allow_module_level=True)

import pyarrow.parquet as pq

from export.cluster.shards import read_shards, read_shards_manifest
from tests.cluster.ray_nodes import RayNodes, ray_nodes
from tests.cluster.same_index import assert_same_answers, assert_same_index
from tests.cluster.with_parent import PYTHON
from tests.sample_library import MODELS, run_module

PICTURES = int(os.environ.get("LOOKWHY_CLUSTER_PICTURES", "2000"))
PIXELS = 96
BUILD_MAX_S = 1800


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes") / "pictures"
    drawn = run_module("export", "storybook", "draw", str(folder), "--count", str(PICTURES), "--size", str(PIXELS))
    assert drawn.returncode == 0, drawn.stderr
    (folder / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    return folder


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[RayNodes]:
    with ray_nodes(tmp_path, nodes=2) as cluster:
        yield cluster


def test_a_killed_node_and_a_killed_driver_lose_nothing_and_make_nothing_twice(
    pictures: Path, nodes: RayNodes, tmp_path: Path
) -> None:
    shards, index, here = tmp_path / "shards", tmp_path / "index", tmp_path / "here"
    driver = start_build(pictures, shards, nodes)
    wait_for(driver, lambda: count_done(shards) >= PICTURES // 3)
    nodes.kill(1)
    wait_for(driver, lambda: count_done(shards) >= 2 * PICTURES // 3)
    driver.kill()
    driver.wait()
    assert driver.stderr
    driver.stderr.close()
    done = count_done(shards)
    assert done < PICTURES, "the build ended before its driver was killed"
    began_s = time.monotonic()
    resumed = start_build(pictures, shards, nodes)
    _, told = resumed.communicate(timeout=BUILD_MAX_S)
    assert resumed.returncode == 0, told
    print(
        f"{PICTURES} pictures; {done} were done when the driver was killed; the rest took {time.monotonic() - began_s:.0f} s"
    )

    manifest = read_shards_manifest(shards)
    paths = [path for batch in read_shards(shards, ["path"]) for path in batch["path"].to_pylist()]
    assert len(paths) == len(set(paths)) == manifest.count == PICTURES
    assert manifest.failed == 1
    assert "broken.jpg" in told
    loaded = run_module("export", "load", str(shards), "--store", f"faiss:{index}", "--models", str(MODELS))
    assert loaded.returncode == 0, loaded.stderr
    built = run_module("export", "index", str(pictures), "--models", str(MODELS), "--out", str(here))
    assert built.returncode == 0, built.stderr
    assert_same_index(here, index)
    assert_same_answers(here, index, MODELS)


def start_build(pictures: Path, shards: Path, nodes: RayNodes) -> "subprocess.Popen[str]":
    command = [*PYTHON, "-m", "export", "index", str(pictures), "--models", str(MODELS), "--out", str(shards)]
    command += ["--cluster", nodes.address, "--actors", "2"]
    return subprocess.Popen(command, env=nodes.environment, stderr=subprocess.PIPE, text=True)


def count_done(shards: Path) -> int:
    """Return how many rows were written, by Ray's own notes of them."""
    notes = (shards / "building" / "pictures_ids").glob("*.parquet")
    return sum(pq.read_metadata(note).num_rows for note in notes if ".pending." not in note.name)


def wait_for(driver: "subprocess.Popen[str]", condition: Callable[[], bool]) -> None:
    until = time.monotonic() + BUILD_MAX_S
    while not condition():
        assert driver.poll() is None, driver.stderr and driver.stderr.read()
        assert time.monotonic() < until
        time.sleep(0.1)  # nothing tells of a row but the files

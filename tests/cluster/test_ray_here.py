"""`lookwhy index --cluster auto` on a Ray that the command starts itself: the index that is made without, nothing twice."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

if not all(find_spec(name) for name in ("ray", "pandas", "pyarrow")):
    pytest.skip("ray[data] is in the environment of make cluster-test alone", allow_module_level=True)

from tests.cluster.same_index import assert_same_index
from tests.conftest import ROOT
from tests.export.index.small_library import draw_many
from tests.sample_library import MODELS

OPTIONS = ("--models", str(MODELS))
RUN_MAX_S = 900


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = draw_many(tmp_path_factory.mktemp("drawn") / "pictures", [f"{number % 3}/{number}.png" for number in range(40)])
    (folder / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    for path in folder.rglob("*.*"):
        os.utime(path, (1_600_000_000, 1_600_000_000))
    return folder


def lookwhy(*arguments: str) -> str:
    own = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "export", *arguments]
    ended = subprocess.run(command, env=own, capture_output=True, text=True, timeout=RUN_MAX_S, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stderr


def test_a_cluster_that_the_command_starts_makes_the_index_that_a_build_here_makes(pictures: Path, tmp_path: Path) -> None:
    shards, loaded, built = (str(tmp_path / name) for name in ("shards", "loaded", "built"))
    said = lookwhy("index", str(pictures), "--cluster", "auto", "--out", shards, *OPTIONS)
    assert "New: 41." in said
    assert "broken.jpg" in said
    again = lookwhy("index", str(pictures), "--cluster", "auto", "--out", shards, *OPTIONS)
    assert "New: 0. Moved or to be completed: 0. As before: 40." in again
    lookwhy("load", shards, "--store", f"faiss:{loaded}", *OPTIONS)
    lookwhy("index", str(pictures), "--out", built, *OPTIONS)
    assert_same_index(Path(built), Path(loaded))

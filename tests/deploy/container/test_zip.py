"""The zip of the search-only tier, built for both architectures, answers on Python 3.13 with nothing but what is in it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.deploy.container.debian import make_arm64_root, make_base_image
from tests.deploy.container.podman import configure, must, run_once
from tests.deploy.events import url_event
from tests.sample_library import SampleLibrary

SEARCH_CODE = Path(__file__).with_name("one_search.py")
EMULATED_LIMIT_S = 600
EVENT = json.dumps(
    url_event("POST", "/search", headers={"content-type": "application/json"}, body=b'{"query": "a red boat", "top_k": 3}')
)


@pytest.fixture(scope="module")
def zips(library: SampleLibrary, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders that `make lambda-zip` builds, with the sample models and a sample index."""
    out = tmp_path_factory.mktemp("lambda-zip")
    command = [sys.executable, "-m", "deploy.lambda_zip", f"--index={library.index}", f"--out={out}"]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return out


def assert_searched(printed: str) -> None:
    answer: dict[str, Any] = json.loads(printed.splitlines()[-1])
    assert answer["status"] == 200
    assert [result["caption_source"] for result in answer["body"]["results"]] == ["index"] * 3
    assert all(result["explanation"] for result in answer["body"]["results"])


def test_x86_64_zip_answers_a_search(zips: Path) -> None:
    volumes = {zips / "x86_64": "/var/task", SEARCH_CODE: "/one_search.py"}
    flags = ["--workdir=/var/task", "--user=993:990"]
    configure()
    assert_searched(must(run_once(make_base_image(), "python", "/one_search.py", EVENT, flags=flags, volumes=volumes)))


def test_arm64_zip_answers_a_search_under_emulation(zips: Path) -> None:
    root = make_arm64_root()
    # Below `root` qemu looks first for whatever the program opens. Lambda has no /sys, and this machine's is of another CPU.
    command = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /sys && exec "$@"', "sh"]
    command += ["qemu-aarch64", "-cpu", "neoverse-n1", "-L", str(root), str(root / "usr/bin/python3.13"), "-s"]
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    finished = subprocess.run(
        [*command, str(SEARCH_CODE), EVENT],
        cwd=zips / "arm64",
        env=environment,
        capture_output=True,
        text=True,
        timeout=EMULATED_LIMIT_S,
        check=False,
    )
    assert_searched(must(finished))


def test_zips_are_of_their_architecture_and_hold_no_picture_model(zips: Path) -> None:
    for architecture, machine in {"x86_64": "x86_64", "arm64": "aarch64"}.items():
        modules = [path.name for path in (zips / architecture).rglob("*.cpython-*.so")]
        assert modules
        assert [name for name in modules if machine not in name] == []
        models = zips / architecture / "artifacts" / "models"
        held = [path.relative_to(models).as_posix() for path in models.rglob("*.onnx") if path.stat().st_size]
        assert held == ["clip/text.onnx"]

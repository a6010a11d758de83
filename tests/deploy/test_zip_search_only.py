"""The zip's artefacts and its size: the runtime searches with the text tower alone, and the limit is told in numbers."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.lambda_zip import LIMIT_BYTES, compare_with_limit, size_table
from deploy.search_only import FolderUnusable, copy_index, copy_models
from tests.conftest import ROOT
from tests.forked import run_forked
from tests.sample_library import MODELS, SampleLibrary


def test_runtime_searches_with_the_text_tower_alone(sample_library: SampleLibrary, tmp_path: Path) -> None:
    models, index = tmp_path / "models", tmp_path / "index"
    copy_models(MODELS, models)
    copy_index(sample_library.index, index)
    flags = ("--models", str(models), "--index", str(index), "--json")
    found = run_forked("runtime", "search", "a red boat", *flags, environment=sample_library.environment)
    wanted = run_forked("runtime", "search", "a red boat", "--json", environment=sample_library.environment)
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["results"] == json.loads(wanted.stdout)["results"]
    assert [path.name for path in models.rglob("*.onnx") if path.stat().st_size] == ["text.onnx"]


def test_only_the_current_generation_of_an_index_is_copied(sample_library: SampleLibrary, tmp_path: Path) -> None:
    copy_index(sample_library.index, tmp_path)
    manifest = json.loads((sample_library.index / "manifest.json").read_text("utf-8"))
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [manifest["generation"]]


@pytest.fixture
def large_index(sample_library: SampleLibrary, tmp_path: Path) -> Path:
    """The sample library's index in the form that a large one has; no picture is encoded anew."""
    out = shutil.copytree(sample_library.index, tmp_path / "large")
    flags = ("--models", str(MODELS), "--out", str(out), "--ivf-from", "10")
    built = run_forked("export", "index", str(sample_library.images), *flags)
    assert built.returncode == 0, built.stderr
    return out


def test_a_large_index_is_copied_whole_and_answers_as_the_flat_one(
    sample_library: SampleLibrary, large_index: Path, tmp_path: Path
) -> None:
    copy_index(large_index, tmp_path / "copy")
    named = json.loads((large_index / "manifest.json").read_text("utf-8"))
    assert named["vectors"]["path"].endswith("image_vectors.f16")
    flags = ("a red boat", "-k", "3", "--json")
    found = run_forked(
        "runtime", "search", *flags, "--index", str(tmp_path / "copy"), environment=sample_library.environment
    )
    wanted = run_forked("runtime", "search", *flags, environment=sample_library.environment)
    assert found.returncode == 0, found.stderr
    ids = [[hit["id"] for hit in json.loads(one.stdout)["results"]] for one in (found, wanted)]
    scores = [[hit["score"] for hit in json.loads(one.stdout)["results"]] for one in (found, wanted)]
    assert ids[0] == ids[1]
    assert scores[0] == pytest.approx(scores[1], abs=1e-3)


def test_folder_without_a_manifest_or_a_named_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderUnusable, match=r"manifest\.json is not there.*MODELS="):
        copy_models(tmp_path, tmp_path / "out")
    (tmp_path / "manifest.json").write_bytes((MODELS / "manifest.json").read_bytes())
    with pytest.raises(FolderUnusable, match=r"text\.onnx is not there"):
        copy_models(tmp_path, tmp_path / "out")


def test_build_ends_with_one_line_where_models_are_absent(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "deploy.lambda_zip", f"--models={tmp_path}", f"--out={tmp_path / 'out'}"]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    [line] = finished.stderr.splitlines()
    assert (finished.returncode, line[:7]) == (1, "error: ")
    assert f"{tmp_path}/manifest.json is not there" in line


def test_size_is_told_against_the_limit() -> None:
    assert compare_with_limit("arm64", LIMIT_BYTES, 1).endswith(": 0 left")
    assert "arm64: 262,144,010 bytes unzipped" in compare_with_limit("arm64", LIMIT_BYTES + 10, 1)
    assert ": 10 over; " in compare_with_limit("arm64", LIMIT_BYTES + 10, 1)


def test_table_names_what_is_heavy_and_adds_up_the_rest(tmp_path: Path) -> None:
    for path, size in {
        "faiss/a.so": 3_000_000,
        "numpy/b.so": 2_000_000,
        "handler.py": 400_000,
        "artifacts/models/m": 9,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(bytes(size))
    assert size_table(tmp_path).splitlines() == ["     3.0 MB  faiss", "     2.0 MB  numpy", "     0.4 MB  2 more"]

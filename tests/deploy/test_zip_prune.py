"""Pruning: packages go by their own record, parts by pattern, and what is needed stays."""

from pathlib import Path

import pytest

from deploy.prune import UNUSED, UNUSED_PARTS, prune


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder as `pip install --target` makes it: one package that answers searches, one that does not."""
    folder = tmp_path / "packages"
    for name in ("onnxruntime", "huggingface_hub"):
        files = [
            f"{name}/__init__.py",
            f"{name}/deep/part.py",
            f"{name}-1.0.dist-info/METADATA",
            f"{name}-1.0.dist-info/RECORD",
        ]
        for file in files:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text("content", "utf-8")
        (folder / files[2]).write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", "utf-8")
        (folder / files[3]).write_text("".join(f"{file},,\n" for file in [*files, "../outside"]), "utf-8")
    (tmp_path / "outside").touch()
    return folder


def files_below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_unused_package_goes_whole_and_the_others_stay(packages: Path) -> None:
    before = sum(path.stat().st_size for path in packages.rglob("*") if path.is_file())
    freed = prune(packages)
    assert files_below(packages) == [
        "onnxruntime-1.0.dist-info/METADATA",
        "onnxruntime/__init__.py",
        "onnxruntime/deep/part.py",
    ]
    assert freed == before - sum(path.stat().st_size for path in packages.rglob("*") if path.is_file())
    assert not (packages / "huggingface_hub").exists()


def test_record_that_leads_outside_removes_nothing_there(packages: Path) -> None:
    prune(packages, distributions=("onnxruntime", "huggingface-hub"))
    assert files_below(packages) == []
    assert (packages.parent / "outside").is_file()


def test_parts_go_by_pattern_at_any_depth(packages: Path) -> None:
    unused = (
        "onnxruntime/tools/a.py",
        "onnxruntime/deep/tests/b.py",
        "onnxruntime/c.pyi",
        "onnxruntime/capi/libonnxruntime.so.1",
    )
    used = ("onnxruntime/capi/module.so", "onnxruntime/testing/d.py")
    for file in (*unused, *used):
        (packages / file).parent.mkdir(parents=True, exist_ok=True)
        (packages / file).touch()
    prune(packages)
    assert [file for file in unused if (packages / file).exists()] == []
    assert [file for file in used if not (packages / file).exists()] == []


def test_of_the_services_of_aws_only_those_called_stay(packages: Path) -> None:
    for service in ("s3", "s3vectors", "secretsmanager", "sts", "ec2"):
        (packages / "botocore/data" / service / "2026").mkdir(parents=True)
        (packages / "botocore/data" / service / "2026" / "service.json").touch()
        (packages / "botocore/data" / service / "2026" / "examples-1.json").touch()
    (packages / "botocore/data/endpoints.json").touch()
    prune(packages)
    assert files_below(packages / "botocore") == [
        "data/endpoints.json",
        "data/s3/2026/service.json",
        "data/s3vectors/2026/service.json",
        "data/secretsmanager/2026/service.json",
        "data/sts/2026/service.json",
    ]


def test_libraries_that_numpy_was_linked_with_are_never_touched() -> None:
    assert "numpy" not in UNUSED
    assert [pattern for pattern in UNUSED_PARTS if pattern.startswith("numpy.libs")] == []

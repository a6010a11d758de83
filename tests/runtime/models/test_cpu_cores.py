"""How many cores may be used: the kernel's files of versions 1 and 2, in a container and outside."""

import os
from pathlib import Path

import pytest

from runtime.models import cpu_cores
from runtime.models.cpu_cores import cpu_shares, usable_cores


def groups(folder: Path, own: str, files: dict[str, str]) -> list[float]:
    (folder / "own").write_text(own, "utf-8")
    for name, text in files.items():
        file = folder / "mounted" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return sorted(set(cpu_shares(folder / "mounted", folder / "own")))


@pytest.mark.parametrize(
    ("own", "files", "shares"),
    [
        ("0::/\n", {"cpu.max": "100000 100000\n"}, [1.0]),  # in a container
        ("0::/\n", {"cpu.max": "max 100000\n"}, []),
        ("0::/a.slice/b.service\n", {"a.slice/b.service/cpu.max": "50000 100000", "a.slice/cpu.max": "max 100000"}, [0.5]),
        ("0::/a.slice/b.service\n", {"a.slice/b.service/cpu.max": "max 100000", "a.slice/cpu.max": "300000 200000"}, [1.5]),
        ("0::/docker/1f\n", {"cpu.max": "250000 100000"}, [2.5]),  # the host's path, of which the end alone is mounted
        ("4:cpu,x:/1f\n", {"cpu,x/cpu.cfs_quota_us": "150000", "cpu,x/cpu.cfs_period_us": "100000"}, [1.5]),
        ("1:cpu:/a\n0::/\n", {"cpu/a/cpu.cfs_quota_us": "25000", "cpu/a/cpu.cfs_period_us": "100000"}, [0.25]),
        ("1:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, []),
        ("3:cpuset:/\n2:memory:/x\n", {"cpu.max": "100000 100000"}, []),
        ("", {}, []),
        ("0::/\n", {"cpu.max": "nonsense"}, []),
        ("0::/\n", {"cpu.max": "1 0"}, []),
    ],
)  # fmt: skip
def test_a_limit_on_cpu_time_is_read(tmp_path: Path, own: str, files: dict[str, str], shares: list[float]) -> None:
    assert groups(tmp_path, own, files) == shares


@pytest.mark.parametrize(("shares", "cores"), [([], 8), ([0.1], 1), ([1.5], 2), ([4.0, 2.0], 2), ([64.0], 8)])
def test_the_tightest_limit_counts_and_at_least_one_core_is_left(
    monkeypatch: pytest.MonkeyPatch, shares: list[float], cores: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(8)))
    monkeypatch.setattr(cpu_cores, "cpu_shares", lambda: iter(shares))
    assert usable_cores() == cores

"""How much memory may be used: the kernel's files of versions 1 and 2, and what a large index may keep of it."""

from pathlib import Path

import pytest

from runtime.models import usable_memory
from runtime.models.usable_memory import index_memory_bytes, memory_limits, usable_memory_bytes

MB = 1 << 20


@pytest.mark.parametrize(
    ("own", "files", "limits"),
    [
        ("0::/\n", {"memory.max": f"{512 * MB}\n"}, [512 * MB]),  # in a container
        ("0::/\n", {"memory.max": "max\n"}, []),
        ("0::/a/b\n", {"a/b/memory.max": "max", "a/memory.max": f"{64 * MB}"}, [64 * MB]),
        ("0::/docker/1f\n", {"memory.max": f"{300 * MB}"}, [300 * MB]),  # the host's path, of which the end alone is mounted
        ("4:memory:/1f\n", {"memory/1f/memory.limit_in_bytes": f"{128 * MB}"}, [128 * MB]),
        ("3:cpu:/x\n", {"memory.max": f"{128 * MB}"}, []),
        ("0::/\n", {"memory.max": "nonsense"}, []),
        ("", {}, []),
    ],
)
def test_a_limit_on_memory_is_read(tmp_path: Path, own: str, files: dict[str, str], limits: list[int]) -> None:
    (tmp_path / "own").write_text(own, "utf-8")
    for name, text in files.items():
        file = tmp_path / "mounted" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    assert sorted(set(memory_limits(tmp_path / "mounted", tmp_path / "own"))) == limits


def test_the_tightest_limit_counts_and_the_index_gets_a_quarter_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usable_memory, "memory_limits", lambda: iter([900 * MB, 512 * MB]))
    monkeypatch.setattr(usable_memory, "_machine_bytes", lambda: 8192 * MB)
    assert usable_memory_bytes() == 512 * MB
    assert index_memory_bytes(None) == 128 * MB
    assert index_memory_bytes(64) == 64 * MB


def test_a_version_1_group_without_a_limit_leaves_the_machine_s_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usable_memory, "memory_limits", lambda: iter([9_223_372_036_854_771_712]))
    monkeypatch.setattr(usable_memory, "_machine_bytes", lambda: 8192 * MB)
    assert usable_memory_bytes() == 8192 * MB

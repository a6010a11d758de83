"""What is costly is made once for all of the tests' workers."""

from pathlib import Path

import pytest

from tests.workers import made_once


def test_what_is_made_once_is_found_by_the_next_who_asks(tmp_path_factory: pytest.TempPathFactory) -> None:
    calls: list[Path] = []
    folders = [made_once(tmp_path_factory, "once", calls.append) for _ in range(3)]
    assert calls == folders[:1]
    assert len(set(folders)) == 1


def test_what_failed_half_way_is_not_taken_for_made(tmp_path_factory: pytest.TempPathFactory) -> None:
    def fail(folder: Path) -> None:
        raise RuntimeError(folder.name)

    for _ in range(2):
        with pytest.raises(RuntimeError, match="fails"):
            made_once(tmp_path_factory, "fails", fail)

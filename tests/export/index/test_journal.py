"""Interrupted builds: what was done is kept, and the end is that of an uninterrupted build."""

import io
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

from export.index.build import Models, build_index
from tests.export.index.small_library import (
    GridEncoder,
    build,
    draw_many,
    small_models,
    told_by,
)


class StoppingEncoder(GridEncoder):
    """Presses Ctrl-C after `pictures`."""

    def __init__(self, pictures: int) -> None:
        super().__init__()
        self.pictures = pictures

    def embed_pixels(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        if self.seen >= self.pictures:
            raise KeyboardInterrupt
        return super().embed_pixels(pixels)


def test_ctrl_c_keeps_what_is_done_and_the_next_run_ends_it(tmp_path: Path, out: Path) -> None:
    folder = draw_many(tmp_path / "many", [f"{number}.png" for number in range(40)])
    console = Console(file=io.StringIO())
    with pytest.raises(KeyboardInterrupt) as stopped:
        build_index(folder, out, models=replace(small_models(), encoder=StoppingEncoder(16)), console=console)
    assert stopped.value.__notes__ == ["What is done is kept: the same command goes on from here."]
    assert build(folder, out).encoded == 24
    build(folder, tmp_path / "uninterrupted")
    assert told_by(out) == told_by(tmp_path / "uninterrupted")


def test_a_damaged_journal_only_costs_its_work(folder: Path, out: Path) -> None:
    out.mkdir(parents=True)
    (out / "building.sqlite").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    assert build(folder, out).encoded == 4
    assert not (out / "building.sqlite").exists()


def test_a_journal_of_other_models_is_not_believed(folder: Path, out: Path, tmp_path: Path) -> None:
    many = draw_many(tmp_path / "many", [f"{number}.png" for number in range(20)])
    others = Models({"clip/image.onnx": "8" * 64}, StoppingEncoder(8))
    with pytest.raises(KeyboardInterrupt):
        build(many, out, others)
    with sqlite3.connect(out / "building.sqlite") as journal:
        assert journal.execute("SELECT count(*) FROM embedded").fetchone() == (8,)
    journal.close()
    assert build(many, out).encoded == 20


@pytest.mark.parametrize("moments", ["random", "every-write"])
def test_kills_at_any_moment_show_one_of_two_indexes_and_change_nothing_in_the_end(moments: str) -> None:
    script = Path(__file__).with_name("killed_builds.py")
    memory = Path("/dev/shm")  # a kill needs no disk, and a hundred builds' syncs take half a minute on a busy one
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as scratch:
        told = subprocess.run([sys.executable, script, moments, scratch], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "killed" in told.stdout

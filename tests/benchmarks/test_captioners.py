"""The benchmark of captioners, on the sample models twice: every part is timed, and equal models caption alike."""

from pathlib import Path

import numpy as np

from benchmarks.captions.captioners import PICTURES, compare_captions, open_captioner, time_captioners, to_markdown
from tests.sample_library import MODELS


def test_two_captioners_are_timed_in_turns_and_compared(tmp_path: Path) -> None:
    (tmp_path / "again").symlink_to(MODELS)
    folders = [MODELS, tmp_path / "again"]
    captioners = {folder: open_captioner(folder) for folder in folders}
    size = captioners[MODELS].record.preprocessing.size
    pixels = np.random.default_rng(0).standard_normal((PICTURES, 3, size, size)).astype(np.float32)
    times = time_captioners(captioners, pixels, 1)
    assert all(set(by_folder) == set(folders) for by_folder in times.values())
    counts = compare_captions(captioners, pixels)
    assert counts["captions of five as the first's"] == [PICTURES, PICTURES]
    table = to_markdown(folders, times, counts)
    assert table.startswith("| | models | again |\n|---|---|---|\n| see one picture, ms |")
    assert f"| captions of five as the first's | {PICTURES} | {PICTURES} |" in table

"""The benchmark of peers' encoders: its table, rclip's files, and Lookwhy's own side of it, on the sample models."""

import gzip
import json
import sys
from pathlib import Path

import pytest

from benchmarks.peers.__main__ import LINES, graph_bytes, measure, to_markdown
from benchmarks.peers.graphs import (
    RCLIP_MERGES,
    RCLIP_MODEL,
    RCLIP_VOCABULARY,
    SHAPE,
    TEXTUAL,
    TOKENIZER,
    write_rclip_files,
)
from tests.sample_library import MODELS, SampleLibrary


def test_lookwhys_side_is_measured_in_a_process_of_its_own(tmp_path: Path, sample_library: SampleLibrary) -> None:
    (tmp_path / SHAPE).symlink_to(MODELS)
    figures = measure("lookwhy", Path(sys.executable), tmp_path, sample_library.images)
    assert set(figures) == set(LINES)
    assert all(value > 0 for value in figures.values())
    assert figures["graph_mb"] == graph_bytes("lookwhy", tmp_path) / 1e6


def test_a_peer_that_fails_is_named_with_its_own_words(tmp_path: Path, sample_library: SampleLibrary) -> None:
    with pytest.raises(Exception, match=r"immich failed: (?s:.*)tokenizer"):
        measure("immich", Path(sys.executable), tmp_path, sample_library.images)


def test_the_table_says_how_many_times_lookwhys_each_figure_is() -> None:
    ours, theirs = dict.fromkeys(LINES, 10.0), dict.fromkeys(LINES, 25.0)
    table = to_markdown({"lookwhy": [ours, ours], "immich": [theirs]}).splitlines()
    assert table[0] == "| | Lookwhy | immich's sessions |"
    assert table[2:] == [f"| {title} | 10 (1.0) | 25 (2.5) |" for title in LINES.values()]


@pytest.mark.parametrize("merges", [["r e", "re d</w>"], [["r", "e"], ["re", "d</w>"]]])
def test_rclip_finds_its_tower_and_as_many_merges_as_it_reads(tmp_path: Path, merges: list[object]) -> None:
    checkpoint = tmp_path / "checkpoints" / SHAPE
    checkpoint.mkdir(parents=True)
    (tmp_path / RCLIP_MODEL).mkdir(parents=True)
    (tmp_path / TEXTUAL).write_bytes(b"graph")
    (checkpoint / TOKENIZER).write_text(json.dumps({"model": {"merges": merges}}), "utf-8")
    write_rclip_files(tmp_path)
    assert (tmp_path / RCLIP_MODEL / TEXTUAL).read_bytes() == b"graph"
    head, *lines = gzip.decompress((tmp_path / RCLIP_VOCABULARY).read_bytes()).decode().split("\n")
    assert head.startswith("#")
    assert lines[:2] == ["r e", "re d</w>"]
    assert len(lines) == RCLIP_MERGES
    assert all(len(line.split()) == 2 for line in lines)

"""The benchmark on trained weights, tried on a small tower with random ones."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(not (find_spec("torch") and find_spec("optimum")), reason="needs the conversion side"),
]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A BERT of two layers with a tokenizer, as MiniLM's folder has them."""
    import torch
    from transformers import BertConfig, BertModel

    from benchmarks.models.checkpoints.tokenizers import save_bert_tokenizer

    folder = tmp_path / "model"
    tokenizer = save_bert_tokenizer(folder, entries=300, context=64)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=64,
    )
    torch.manual_seed(0)
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


def test_it_judges_plans_on_captions_of_other_pictures(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from benchmarks.models.trained_weights.__main__ import main

    for number in range(6):
        (tmp_path / f"{number}.jpg").touch()
    lines = [
        json.dumps({"file": f"{number}.jpg", "captions": [f"a red boat {number}", f"two houses {number}"]})
        for number in range(6)
    ]
    captions = tmp_path / "captions.jsonl"
    captions.write_text("\n".join(lines))
    main(checkpoint, captions, splits=1, emulate=False)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("6 pictures, 12 captions. Largest difference of the fp32 graph to transformers: ")
    assert float(printed[0].rpartition(": ")[2].rstrip(".")) < 1e-6
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in printed if line.startswith("| ")]
    assert [(row[0], row[1]) for row in rows[1:]] == [
        (name, target)
        for name in ("half 1, int8 everywhere", "half 1", "all, planned on built-in texts")
        for target in ("avx2", "vnni")
    ]
    assert all(0.99 < float(row[2]) < 1 for row in rows[1:])
    assert all(int(row[7].replace(",", "")) > 100_000 for row in rows[1:])
    assert printed[-1] == "0 of 4 plans missed the gate of 0.999 on captions that they never saw."


def test_no_picture_is_on_both_sides_of_a_split() -> None:
    from benchmarks.models.trained_weights.texts import split_pictures

    pictures = [(f"a {number}", f"b {number}") for number in range(10)]
    splits = split_pictures(pictures, 6)
    for calibration, judged in splits:
        assert sorted(calibration + judged) == sorted(caption for picture in pictures for caption in picture)
        assert {caption[2:] for caption in calibration}.isdisjoint(caption[2:] for caption in judged)
    assert splits[0][0] == splits[1][1]
    assert len({tuple(calibration) for calibration, _ in splits}) == 6


def test_captions_of_drawn_scenes_stand_in_for_those_of_photos() -> None:
    from benchmarks.models.trained_weights.texts import read_pictures

    pictures = read_pictures(None)
    assert len(pictures) == 50
    assert all(1 < len(captions) <= 5 for captions in pictures)
    assert pictures == read_pictures(None)


def test_the_emulated_process_answers_as_this_one(checkpoint: Path, tmp_path: Path) -> None:
    import numpy as np

    from benchmarks.models.trained_weights.text_gate_measure import embed
    from benchmarks.models.trained_weights.texts import tokenize
    from benchmarks.models.trained_weights.tower import TEXT, read_minilm, write_minilm_graph

    write_minilm_graph(read_minilm(checkpoint), tmp_path)
    feeds = tokenize(checkpoint, ["a red boat", "two houses"])
    np.savez(tmp_path / "asked.npz", *(feed["input_ids"] for feed in feeds))
    files = [tmp_path / TEXT, tmp_path / "asked.npz", tmp_path / "answers.npy"]
    command = [sys.executable, "-m", "benchmarks.models.trained_weights.emulated", *map(str, files)]
    subprocess.run(command, check=True, cwd=ROOT)
    assert np.array_equal(np.load(files[-1]), embed(files[0], feeds))


def test_moved_outliers_cost_one_multiplication_a_group_that_no_norm_takes(tmp_path: Path) -> None:
    from benchmarks.models.moved_outliers import move_everything, write_decoder
    from export.precision.edits import Edits
    from export.precision.rewriting import rewrite

    graph = write_decoder("blip-tiny", tmp_path)
    edits, groups, in_norms = move_everything(graph)
    unmoved, moved = (
        [node.op_type for node in rewrite(graph, {}, "avx2", form).graph.node].count("Mul") for form in (Edits(), edits)
    )
    assert moved - unmoved == groups - in_norms > 0

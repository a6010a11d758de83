"""A tokenizer of SigLIP 2's form whose vocabulary was trained on captions and queries of scenes.

Owns the corpus and the training. `checkpoints/gemma_tokenizer.py` has the same form with entries that nobody trained.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from benchmarks.models.checkpoints.gemma_tokenizer import SPECIALS, write_gemma_form
from export.models.checkpoint_tokenizer import read_tokenizer
from export.storybook.captions import exact_caption
from export.storybook.queries import paraphrase, partial_query, short_query
from export.storybook.scenes import sample_scene

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

CONTEXT = 24
"""Tokens of every text; the longest caption or query of 30,000 scenes takes 22."""

SPACE = "▁"
VOCABULARY = 1_000
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def train_tokenizer(folder: Path, *, seed: int, scenes: int) -> "PreTrainedTokenizerFast":
    """Train the tokenizer, save it to `folder`, and return it as the exporter reads it."""
    learned, merges = _train(_corpus(random.Random(f"siglip words:{seed}"), scenes))
    tokens = list(dict.fromkeys([*SPECIALS.values(), *BYTES, *learned]))
    write_gemma_form(folder, tokens, merges, context=CONTEXT)
    return read_tokenizer(str(folder), folder, "siglip")


def _train(corpus: Iterator[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the entries and the merges, both in their order."""
    words = Tokenizer(models.BPE())
    words.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.Replace(" ", SPACE)])
    words.pre_tokenizer = pre_tokenizers.Split(SPACE, "merged_with_next")
    words.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=VOCABULARY, show_progress=False))
    model = json.loads(words.to_str())["model"]
    return list(model["vocab"]), [(left, right) for left, right in model["merges"]]


def _corpus(rng: random.Random, scenes: int) -> Iterator[str]:
    for _ in range(scenes):
        scene = sample_scene(rng)
        yield exact_caption(scene)
        for write_query in (paraphrase, partial_query, short_query):
            yield write_query(scene, rng).text

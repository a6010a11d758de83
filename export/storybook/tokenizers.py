"""The sample models' tokenizers: a byte-level BPE like CLIP's, trained here, and a WordPiece like BERT's, read from a file.

Owns the training of CLIP's, and both Hugging Face folders. Used at export only.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from export.storybook.captions import exact_caption
from export.storybook.queries import paraphrase, partial_query, short_query
from export.storybook.scenes import sample_scene

if TYPE_CHECKING:
    from transformers import BertTokenizerFast, CLIPTokenizerFast

MAX_TOKENS = 32
"""Positions both text models have; the longest caption or query of the storybook takes 22."""

_CLIP_VOCABULARY = 900
# Trained once on 30,000 captions by tokenizers' WordPieceTrainer, and kept as a file: that trainer breaks ties by hash
# order, so another run would give other ids, which fit neither a resumed nor a repeated training.
_BLIP_VOCABULARY = Path(__file__).with_name("blip_vocabulary.txt")
_DECODER_START = "[DEC]"
# The split of CLIP's own tokenizer (openai/CLIP, simple_tokenizer.py), without its special tokens.
_CLIP_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def train_clip_tokenizer(folder: Path, seed: int, scenes: int) -> "CLIPTokenizerFast":
    """Train CLIP's tokenizer on captions and queries and save it; start and end tokens come last, end after start."""
    from transformers import CLIPTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = _learn_merges(_clip_corpus(random.Random(f"clip words:{seed}"), scenes), alphabet)
    tokens = [*alphabet, *(letter + "</w>" for letter in alphabet)]
    tokens += [left + right for left, right in merges]
    # Two merges can give one token. The end token must have the highest id: transformers finds the end of a text by
    # argmax over the ids for some checkpoints.
    vocabulary = [*dict.fromkeys(tokens), "<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True, exist_ok=True)
    ids = {token: index for index, token in enumerate(vocabulary)}
    (folder / "vocab.json").write_text(json.dumps(ids, ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(f"{left} {right}" for left, right in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    tokenizer = CLIPTokenizerFast(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=MAX_TOKENS)
    tokenizer.save_pretrained(folder)
    return tokenizer


def save_blip_tokenizer(folder: Path) -> "BertTokenizerFast":
    """Save BLIP's tokenizer; [DEC], which starts a caption, has the last id."""
    from transformers import BertTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = BertTokenizerFast(str(_BLIP_VOCABULARY), model_max_length=MAX_TOKENS)
    tokenizer.add_special_tokens({"bos_token": _DECODER_START})
    tokenizer.save_pretrained(folder)
    return tokenizer


def _clip_corpus(rng: random.Random, scenes: int) -> Iterator[str]:
    for _ in range(scenes):
        scene = sample_scene(rng)
        yield exact_caption(scene)
        for write_query in (paraphrase, partial_query, short_query):
            yield write_query(scene, rng).text


def _learn_merges(corpus: Iterator[str], alphabet: list[str]) -> list[tuple[str, str]]:
    words = Tokenizer(models.BPE(continuing_subword_prefix="", end_of_word_suffix="</w>"))
    spaces = normalizers.Replace(Regex(r"\s+"), " ")
    words.normalizer = normalizers.Sequence([normalizers.NFC(), spaces, normalizers.Lowercase()])
    split = pre_tokenizers.Split(Regex(_CLIP_WORDS), behavior="removed", invert=True)
    to_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    words.pre_tokenizer = pre_tokenizers.Sequence([split, to_bytes])
    trainer = trainers.BpeTrainer(
        vocab_size=_CLIP_VOCABULARY,
        end_of_word_suffix="</w>",
        initial_alphabet=alphabet,
        show_progress=False,
    )
    words.train_from_iterator(corpus, trainer)
    merges = json.loads(words.to_str())["model"]["merges"]
    return [tuple(merge) if isinstance(merge, list) else tuple(merge.split(" ")) for merge in merges]

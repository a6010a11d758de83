"""Tokenizers with vocabularies of the real length for checkpoints with random weights. They accept any text.

Owns their words and the ids of the special tokens. Needs no file of the real models.
"""

import json
from pathlib import Path
from string import ascii_lowercase, digits

from transformers import BertTokenizerFast, CLIPTokenizerFast

WORDS = ("red", "boat", "house", "sunset", "forest", "castle", "above", "beside", "under", "two", "three")
BERT_SPECIALS = {0: "[PAD]", 100: "[UNK]", 101: "[CLS]", 102: "[SEP]", 103: "[MASK]"}  # as in bert-base-uncased
CHARACTERS = ascii_lowercase + digits + ".,;:!?'\"-()"


def save_clip_tokenizer(
    folder: Path, *, entries: int, context: int, characters: str = CHARACTERS, words: tuple[str, ...] = WORDS
) -> CLIPTokenizerFast:
    """Save a byte-pair encoding of characters and a few words, filled up to `entries`; start and end tokens come last.

    The real one has 49,408 entries, <|startoftext|> 49406 and <|endoftext|> 49407.
    """
    merges = [pair for word in words for pair in _merge_letters(word)]
    tokens = [*characters, *(f"{character}</w>" for character in characters), *("".join(pair) for pair in merges)]
    tokens = list(dict.fromkeys(tokens))
    tokens += [f"filler{number}</w>" for number in range(entries - len(tokens) - 2)]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({token: index for index, token in enumerate(tokens)}), "utf-8")
    lines = dict.fromkeys(f"{left} {right}" for left, right in merges)
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *lines]) + "\n", "utf-8")
    tokenizer = CLIPTokenizerFast(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=context)
    tokenizer.save_pretrained(folder)
    return tokenizer


def save_bert_tokenizer(folder: Path, *, entries: int, context: int) -> BertTokenizerFast:
    """Save word pieces with BERT's special tokens at their real ids, filled up to `entries`, then [DEC] and [ENC] of BLIP.

    The real one has 30,522 entries, so that [DEC] is 30522 and [ENC] 30523.
    """
    pieces = iter([*CHARACTERS, *(f"##{character}" for character in CHARACTERS), "a", "the", *WORDS])
    known = dict.fromkeys(pieces)
    rest = iter([*known, *(f"[unused{number}]" for number in range(entries))])
    tokens = [BERT_SPECIALS.get(index) or next(rest) for index in range(entries)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n", "utf-8")
    tokenizer = BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=context)
    tokenizer.add_special_tokens({"bos_token": "[DEC]"})
    tokenizer.add_tokens(["[ENC]"], special_tokens=True)
    tokenizer.save_pretrained(folder)
    return tokenizer


def _merge_letters(word: str) -> list[tuple[str, str]]:
    """Return the merges that build a word from its left end: "red" from (r, e), then (re, d</w>)."""
    symbols = [*word[:-1], f"{word[-1]}</w>"]
    return [("".join(symbols[:count]), symbols[count]) for count in range(1, len(symbols))]

"""Writes CLIP's byte-pair encoding, word by word, as mapped arrays (`runtime/models/mapped_words.py` reads them).

Owns which forms of a tokenizer can be written so. Others stay a `tokenizer.json`.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from export.models.mapped_bpe_file import SURROGATES, merges_of, replacements_of, write_arrays
from runtime.models.mapped_words import FORMAT, LETTER, NUMBER, SIGN, SPACE

if TYPE_CHECKING:
    from tokenizers import Tokenizer

WORD_END = "</w>"
NORMALIZERS = [
    {"type": "NFC"},
    {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "},
    {"type": "Lowercase"},
]
WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
CUT = {"type": "Split", "behavior": "Removed", "invert": True}
UNUSED_OPTIONS = ("dropout", "continuing_subword_prefix", "byte_fallback", "fuse_unk", "ignore_merges")
UNUSED_FLAGS = ("single_word", "lstrip", "rstrip")
KINDS = ((r"\p{L}", LETTER), (r"\p{N}", NUMBER), (r"\s", SPACE), (rf"[^{LETTER}{NUMBER}{SPACE}]", SIGN))
CHUNK = 4096  # characters at a time: the library's time grows with the square of what it replaces


def maps_words(tokenizer: "Tokenizer") -> bool:
    """Return whether a tokenizer is one of those that these arrays can stand for: CLIP's, whatever its vocabulary."""
    form = json.loads(tokenizer.to_str())
    model, cutters = form["model"], (form["pre_tokenizer"] or {}).get("pretokenizers", [])
    return (
        model["type"] == "BPE"
        and model.get("end_of_word_suffix") == WORD_END
        and not any(model.get(option) for option in UNUSED_OPTIONS)
        and model["unk_token"] in model["vocab"]
        and (form["normalizer"] or {}).get("normalizers") == NORMALIZERS
        and len(cutters) == 2
        and cutters[0] == CUT | {"pattern": {"Regex": "|".join([*map(_escaped, _cut_apart(form)), WORDS])}}
        and (cutters[1]["type"], cutters[1]["add_prefix_space"]) == ("ByteLevel", False)
        and not any(token[flag] for token in form["added_tokens"] for flag in UNUSED_FLAGS)
        and len(tokenizer.encode("").ids) == 2
    )


def write_mapped_words(tokenizer: "Tokenizer", path: Path) -> None:
    """Write the arrays of a tokenizer that `maps_words`; the folder of `path` is made.

    Args:
        tokenizer: the whole of it, with what begins and closes a text.
        path: the file.
    """
    form = json.loads(tokenizer.to_str())
    start, end = tokenizer.encode("").ids
    normalize, added = tokenizer.normalizer.normalize_str, form["added_tokens"]
    texts = {
        "start_token_id": str(start),
        "end_token_id": str(end),
        "added_tokens": json.dumps({normalize(token["content"]): token["id"] for token in added if token["normalized"]}),
        "cut_apart": json.dumps(_cut_apart(form)),
        "added_as_written": json.dumps({token["content"]: token["id"] for token in added if not token["normalized"]}),
    }
    model = form["model"]
    write_arrays(_bytes(model) | merges_of(model) | replacements_of(tokenizer) | _kinds(), FORMAT, texts, path)


def _cut_apart(form: dict[str, Any]) -> list[str]:
    """Return the added tokens that the pattern of words begins with, as CLIP's published files have them."""
    pattern = form["pre_tokenizer"]["pretokenizers"][0].get("pattern", {}).get("Regex", "")
    return [token["content"] for token in form["added_tokens"] if _escaped(token["content"]) in pattern]


def _escaped(text: str) -> str:
    return text.replace("|", r"\|")


def _bytes(model: dict[str, Any]) -> dict[str, NDArray[Any]]:
    """Return the ids of bytes within a word, and at its end; of one that has no entry, the unknown token's."""
    from transformers.models.clip.tokenization_clip import bytes_to_unicode

    ids, letters = model["vocab"], bytes_to_unicode()  # the letter that stands for each byte in the vocabulary
    unknown = ids[model["unk_token"]]
    return {
        name: np.array([ids.get(letters[byte] + end, unknown) for byte in range(256)], dtype=np.int32)
        for name, end in (("byte_ids", ""), ("last_byte_ids", WORD_END))
    }


def _kinds() -> dict[str, NDArray[Any]]:
    """Return of which kind each character is, asked of the library's patterns for every character that there is."""
    from tokenizers import Regex, normalizers

    to_kinds = normalizers.Sequence([normalizers.Replace(Regex(pattern), kind) for pattern, kind in KINDS])
    codes = [code for code in range(sys.maxunicode + 1) if code not in SURROGATES]
    chunks = (codes[at : at + CHUNK] for at in range(0, len(codes), CHUNK))
    kinds = "".join(to_kinds.normalize_str("".join(map(chr, chunk))) for chunk in chunks)
    changes = [at for at in range(len(codes)) if at == 0 or kinds[at] != kinds[at - 1]]
    return {
        "kind_starts": np.array([codes[at] for at in changes], dtype=np.uint32),
        "kinds": np.array([ord(kinds[at]) for at in changes], dtype=np.uint8),
    }

"""Writes a byte-pair encoding as mapped arrays (`runtime/models/mapped_bpe.py` reads them), where its form allows that.

Owns which forms of a tokenizer can be written so. Others stay a `tokenizer.json`.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from runtime.artefacts.mapped_arrays import LENGTH_BYTES
from runtime.models.mapped_bpe import FORMAT
from runtime.models.mapped_tables import NOTHING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

UNUSED_OPTIONS = ("dropout", "continuing_subword_prefix", "end_of_word_suffix", "ignore_merges")
UNUSED_FLAGS = ("single_word", "lstrip", "rstrip", "normalized")
SPACE = " "
SEPARATOR = "\0"
ONE_SIGN_STEPS = {"Lowercase"}  # normalizers that look at one character at a time
FIRST_OF_MANY = 0x80  # from here on, a byte is one of several that spell a character in UTF-8
SURROGATES = range(0xD800, 0xE000)  # no text holds them


def maps(tokenizer: "Tokenizer") -> bool:
    """Return whether a tokenizer is one of those that mapped arrays can stand for.

    That is: byte-pair encoding with bytes for unknown characters; a normalizer that replaces single characters; no cutting
    of the text beforehand, or only at spaces that the normalizer leaves none of; one end token behind the text.
    """
    form = json.loads(tokenizer.to_str())
    model = form["model"]
    return (
        model["type"] == "BPE"
        and not any(model.get(option) for option in UNUSED_OPTIONS)
        and bool(model.get("byte_fallback"))
        and all(
            _byte(byte) in model["vocab"] or (byte < FIRST_OF_MANY and chr(byte) in model["vocab"]) for byte in range(256)
        )
        and all(_sees_one_sign(step) for step in _steps(form["normalizer"]))
        and _cuts_nothing(form["pre_tokenizer"], form["normalizer"])
        and not any(token[flag] for token in form["added_tokens"] for flag in UNUSED_FLAGS)
    )


def write_mapped_bpe(tokenizer: "Tokenizer", end_token_id: int, path: Path) -> None:
    """Write the arrays of a tokenizer that `maps`; the folder of `path` is made.

    Args:
        tokenizer: the whole of it, with its normalizer.
        end_token_id: closes every text.
        path: the file.
    """
    form = json.loads(tokenizer.to_str())
    added = {token["content"]: token["id"] for token in form["added_tokens"]}
    texts = {"end_token_id": str(end_token_id), "added_tokens": json.dumps(added)}
    model = form["model"]
    write_arrays(_vocabulary(model) | merges_of(model) | replacements_of(tokenizer), FORMAT, texts, path)


def write_arrays(arrays: dict[str, NDArray[Any]], form: str, texts: dict[str, str], path: Path) -> None:
    """Write a file of mapped arrays with its texts, one of which is the name of its form; the folder of `path` is made."""
    from safetensors.numpy import save

    path.parent.mkdir(parents=True, exist_ok=True)
    saved = save(arrays)
    start = LENGTH_BYTES + int.from_bytes(saved[:LENGTH_BYTES], "little")
    # The library writes texts in any order; of one vocabulary, two files would differ, and their models count as others.
    head = json.dumps({"__metadata__": {"format": form, **texts}, **json.loads(saved[LENGTH_BYTES:start])}).encode()
    head += b" " * (-len(head) % LENGTH_BYTES)  # so that arrays begin where their types need it
    # Its own way to write a file keeps the file from everybody but who wrote it.
    path.write_bytes(len(head).to_bytes(LENGTH_BYTES, "little") + head + saved[start:])


def _vocabulary(model: dict[str, Any]) -> dict[str, NDArray[Any]]:
    ids: dict[str, int] = model["vocab"]
    singles = sorted((ord(token), token_id) for token, token_id in ids.items() if len(token) == 1)
    return {
        "characters": np.array([code for code, _ in singles], dtype=np.uint32),
        "character_ids": np.array([token_id for _, token_id in singles], dtype=np.int32),
        # A character below 128 that is an entry itself is never spelt in its byte, which may be none then.
        "byte_ids": np.array([ids.get(_byte(byte), NOTHING) for byte in range(256)], dtype=np.int32),
    }


def merges_of(model: dict[str, Any]) -> dict[str, NDArray[Any]]:
    """Return the arrays of a model's merges, as `runtime/models/mapped_tables.py` reads them."""
    ids: dict[str, int] = model["vocab"]
    merges = [pair if isinstance(pair, list) else pair.split(SPACE) for pair in model["merges"]]
    pairs = np.array([ids[left] << 32 | ids[right] for left, right in merges], dtype=np.uint64)
    ranks = np.array([(rank, ids[left + right]) for rank, (left, right) in enumerate(merges)], dtype=np.int32)
    order = np.argsort(pairs)
    return {"pairs": pairs[order], "merges": ranks.reshape(-1, 2)[order]}


def replacements_of(tokenizer: "Tokenizer") -> dict[str, NDArray[Any]]:
    """Return which characters the normalizer replaces and by what, asked of every character that there is."""
    signs = [chr(code) for code in range(1, sys.maxunicode + 1) if code not in SURROGATES]
    normalizer = tokenizer.normalizer
    normalized = normalizer.normalize_str(SEPARATOR.join(signs)).split(SEPARATOR) if normalizer else signs
    replaced = {ord(sign): into for sign, into in zip(signs, normalized, strict=True) if sign != into}
    width = max(map(len, replaced.values()), default=1)
    return {
        "normalized_from": np.array([*replaced], dtype=np.uint32),
        "normalized_to": np.array(
            [[*map(ord, into), *[0] * (width - len(into))] for into in replaced.values()], dtype=np.uint32
        ).reshape(-1, width),
    }


def _byte(byte: int) -> str:
    """Return the entry that stands for a byte."""
    return f"<0x{byte:02X}>"


def _steps(normalizer: dict[str, Any] | None) -> list[dict[str, Any]]:
    if normalizer is None:
        return []
    return [
        step
        for part in normalizer.get("normalizers", [normalizer])
        for step in ([part] if part is normalizer else _steps(part))
    ]


def _sees_one_sign(step: dict[str, Any]) -> bool:
    pattern = step.get("pattern", {}).get("String", "") if step["type"] == "Replace" else ""
    return step["type"] in ONE_SIGN_STEPS or len(pattern) == 1


def _cuts_nothing(pre_tokenizer: dict[str, Any] | None, normalizer: dict[str, Any] | None) -> bool:
    """Return whether the text goes on whole; Gemma's file cuts it at spaces, after each has become another character."""
    if pre_tokenizer is None:
        return True
    steps = [step for step in _steps(normalizer) if step["type"] == "Replace"]
    spaceless = any(step["pattern"].get("String") == SPACE and SPACE not in step["content"] for step in steps)
    return pre_tokenizer["type"] == "Split" and pre_tokenizer["pattern"] == {"String": SPACE} and spaceless

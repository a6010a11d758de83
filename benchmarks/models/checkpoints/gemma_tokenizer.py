"""A tokenizer of SigLIP 2's form with as many entries as are asked for. Needs no file of the real one."""

import json
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from string import ascii_lowercase

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

from benchmarks.models.checkpoints.tokenizers import CHARACTERS

SPECIALS = {
    "pad_token": "<pad>",
    "eos_token": "<eos>",
    "bos_token": "<bos>",
    "unk_token": "<unk>",
}  # ids 0 to 3, as the real


def save_gemma_tokenizer(folder: Path, *, entries: int, context: int) -> None:
    """Save Gemma's byte-pair encoding over another vocabulary: all strings of letters, the shorter first, up to `entries`.

    The real one has 256,000 entries.
    """
    tokens = [*SPECIALS.values(), *(f"<0x{byte:02X}>" for byte in range(256)), *CHARACTERS, "▁"]
    merges: list[tuple[str, str]] = []
    growing = deque(["▁", *ascii_lowercase])
    while len(tokens) < entries:
        start = growing.popleft()
        longer = [start + letter for letter in ascii_lowercase[: entries - len(tokens)]]
        merges += [(start, token[-1]) for token in longer]
        tokens += longer
        growing += longer
    write_gemma_form(folder, tokens, merges, context=context)


def write_gemma_form(folder: Path, tokens: Sequence[str], merges: Sequence[tuple[str, str]], *, context: int) -> None:
    """Write the files of Gemma's byte-pair encoding over `tokens`, whose ids are their places."""
    vocabulary = {token: index for index, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocabulary, list(merges), unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens(list(SPECIALS.values()))
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    config = {"tokenizer_class": "GemmaTokenizer", "add_bos_token": False, "add_eos_token": True, **SPECIALS}
    (folder / "tokenizer_config.json").write_text(json.dumps(config | {"model_max_length": context}), "utf-8")

"""Reads a checkpoint's tokenizer in the form that the runtime runs, and adds to SigLIP's what its training did to texts.

Owns what differs from the files as they are published. Which ids a model pads with, its tokenizer says: SigLIP's config.json
names others than its training used.
"""

import string
from pathlib import Path
from typing import TYPE_CHECKING, Any

from export.errors import CheckpointUnusable
from export.models.checkpoint_family import REMEDY
from export.models.families import Family
from export.models.onnx_graph import quiet

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

NO_FAST_FORM = "its tokenizer has no fast form (tokenizer.json)"


def read_tokenizer(given: str, folder: Path, family: Family) -> "PreTrainedTokenizerFast":
    """Return the tokenizer of the checkpoint in a folder.

    Raises:
        CheckpointUnusable: it is missing or broken, has no fast form, or names no token to pad with where texts are padded.
    """
    if family == "siglip":
        return _read_siglip(given, folder)
    from transformers import AutoTokenizer

    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as cause:  # the tokenizers library raises bare Exception, transformers TypeError on absent files
        raise CheckpointUnusable(given, "its tokenizer is missing or broken", REMEDY) from cause
    if not tokenizer.is_fast or len(tokenizer) == 0:
        raise CheckpointUnusable(given, NO_FAST_FORM, REMEDY)
    return tokenizer


def _read_siglip(given: str, folder: Path) -> "PreTrainedTokenizerFast":
    """Return SigLIP's tokenizer from tokenizer.json: transformers' own class needs sentencepiece, and has no fast form."""
    from transformers import PreTrainedTokenizerFast

    if not (folder / "tokenizer.json").is_file():
        raise CheckpointUnusable(given, NO_FAST_FORM, REMEDY)
    try:
        with quiet():
            tokenizer = PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)
    except Exception as cause:  # of the tokenizers library, bare; of transformers, a TypeError on absent files
        raise CheckpointUnusable(given, "its tokenizer is missing or broken", REMEDY) from cause
    if tokenizer.pad_token_id is None or tokenizer.eos_token_id is None:
        raise CheckpointUnusable(given, "its tokenizer_config.json names no pad_token or no eos_token", REMEDY)
    lower_case = tokenizer.init_kwargs.get("do_lower_case", True)
    prepare_as_trained(tokenizer.backend_tokenizer, tokenizer.eos_token, tokenizer.eos_token_id, lower_case=lower_case)
    return tokenizer


def prepare_as_trained(tokenizer: "Tokenizer", end_token: str, end_token_id: int, *, lower_case: bool = True) -> None:
    """Have a tokenizer do to texts what SigLIP's training did, in place; what it does already is done again to no effect.

    SigLIP's texts were in lower case without punctuation, one space between words (as big_vision canonicalizes them, and
    transformers' SiglipTokenizer); its vocabulary is a unigram one. SigLIP 2's were only in lower case, which its
    GemmaTokenizer leaves out (transformers' pull request 43101). An end token closed every text, and none began it.
    """
    from tokenizers import processors

    steps = _normalizers(tokenizer, lower_case=lower_case)
    if steps:
        tokenizer.normalizer = _in_order([*steps, *([tokenizer.normalizer] if tokenizer.normalizer else [])])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {end_token}", special_tokens=[(end_token, end_token_id)]
    )


def lower_case_first(tokenizer: "Tokenizer") -> None:
    """Have a tokenizer read texts in lower case, in place, before whatever else it does to them."""
    from tokenizers import normalizers

    steps = [normalizers.Lowercase(), *([tokenizer.normalizer] if tokenizer.normalizer else [])]
    tokenizer.normalizer = _in_order(steps)


def _normalizers(tokenizer: "Tokenizer", *, lower_case: bool) -> list[Any]:
    from tokenizers import Regex, models, normalizers

    steps: list[Any] = [normalizers.Lowercase()] if lower_case else []
    if isinstance(tokenizer.model, models.Unigram):
        signs = "".join(f"\\{sign}" for sign in string.punctuation)
        steps += [normalizers.Replace(Regex(f"[{signs}]"), ""), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
        # sentencepiece composes across characters; the library runs sentencepiece's own table over one letter at a time, and
        # loses a sign that joins it. Composed beforehand, both give the same (benchmarks/models/siglip_tokens.py).
        steps.append(normalizers.NFKC())
    return steps


def _in_order(steps: list[Any]) -> Any:  # noqa: ANN401 (the library's normalizers have no common type)
    from tokenizers import normalizers

    return steps[0] if len(steps) == 1 else normalizers.Sequence(steps)

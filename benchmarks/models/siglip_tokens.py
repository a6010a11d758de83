"""SigLIP's tokenizer as it is exported, against transformers' SiglipTokenizer: python -m benchmarks.models.siglip_tokens

Needs the package sentencepiece, which transformers' class runs and nothing else here does (pip install sentencepiece).
Trains a vocabulary of SigLIP's form, as the real one cannot be had without the hub, and compares ids on 300 texts in each of
ten scripts. Where they differ, a tie is told apart: two equally likely ways to cut a text, of which each takes another. The
texts are drawn from letters and marks, which stand in an order that no keyboard gives: so they are compared in NFC, too.
"""

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from unicodedata import normalize

import typer
from rich.console import Console

from benchmarks.measure.script_texts import draw_texts

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CONTEXT, ENTRIES, TEXTS = 64, 32_000, 300
END, UNKNOWN = 1, 2
TIE = 1e-3  # in log-likelihood: the sums of a text's pieces are of 32-bit numbers
TRAINING_SEED = 1


def main(
    texts: Annotated[int, typer.Option(min=1, help="How many texts of each script are compared.")] = TEXTS,
) -> None:
    """Print, for each script, how many texts have the same ids, how many are ties, and how many neither."""
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory() as folder:
        for (script, form), (same, ties, others) in compare(Path(folder), texts).items():
            console.print(f"{script:12} {form:8} same {same}, ties {ties}, others {others}")


def compare(folder: Path, texts: int) -> dict[tuple[str, str], tuple[int, int, int]]:
    """Return the three counts by script, of the texts as they are drawn and in NFC."""
    from transformers import SiglipTokenizer

    from export.models.checkpoint_tokenizer import prepare_as_trained

    model = train_vocabulary(folder)
    reference = SiglipTokenizer(str(model), model_max_length=CONTEXT)
    exported = as_published(model)
    prepare_as_trained(exported, "</s>", END)
    exported.enable_truncation(CONTEXT)
    counts = {}
    for script, drawn in draw_texts(texts).items():
        for form, group in (("as drawn", drawn), ("NFC", [normalize("NFC", text) for text in drawn])):
            pairs = [
                (reference(text, truncation=True, max_length=CONTEXT)["input_ids"], exported.encode(text).ids)
                for text in group
            ]
            same = sum(one == other for one, other in pairs)
            ties = sum(one != other and _is_tie(exported, one, other) for one, other in pairs)
            counts[script, form] = same, ties, len(pairs) - same - ties
    return counts


def train_vocabulary(folder: Path) -> Path:
    """Return a sentencepiece model of SigLIP's form, trained on other texts of the same scripts."""
    import sentencepiece

    corpus = folder / "corpus.txt"
    drawn = [text for group in draw_texts(3_000, seed=TRAINING_SEED).values() for text in group]
    corpus.write_text(
        "\n".join(line.strip() for text in drawn for line in text.lower().splitlines() if line.strip()), "utf-8"
    )
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus), model_prefix=str(folder / "spiece"), vocab_size=ENTRIES, model_type="unigram",
        normalization_rule_name="nmt_nfkc", pad_id=0, eos_id=END, unk_id=UNKNOWN, bos_id=-1, minloglevel=2,
        hard_vocab_limit=False, character_coverage=0.9995,
    )  # fmt: skip
    return folder / "spiece.model"


def as_published(model: Path) -> "Tokenizer":
    """Return the tokenizer.json of a sentencepiece model, with sentencepiece's own normalization and nothing of SigLIP's."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
    from transformers.convert_slow_tokenizer import import_protobuf

    proto = import_protobuf().ModelProto()
    proto.ParseFromString(model.read_bytes())
    tokenizer = Tokenizer(models.Unigram([(piece.piece, piece.score) for piece in proto.pieces], UNKNOWN))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    return tokenizer


def _is_tie(tokenizer: "Tokenizer", one: list[int], other: list[int]) -> bool:
    """Return whether both are cuts of one text, equally likely."""
    scores = _scores(tokenizer)
    texts = ["".join(tokenizer.id_to_token(token_id) for token_id in cut) for cut in (one, other)]
    return texts[0] == texts[1] and abs(sum(scores[i] for i in one) - sum(scores[i] for i in other)) < TIE


def _scores(tokenizer: "Tokenizer") -> list[float]:
    return [score for _, score in json.loads(tokenizer.to_str())["model"]["vocab"]]


if __name__ == "__main__":
    typer.run(main)

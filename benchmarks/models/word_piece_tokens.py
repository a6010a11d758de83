"""The multilingual text tower's tokenizer, exported, against transformers': python -m benchmarks.models.word_piece_tokens

Trains word pieces on texts in ten scripts, as the published vocabulary of 119,547 cannot be had without the hub; saves them
as multilingual BERT's are published (capitals and accents kept), exports them, and compares what the runtime reads with what
transformers does, on 300 other texts in each script. Its slow tokenizer, in Python alone, shares no code with ours; its fast
one is the library that we run, so that it checks nothing but our settings. The slow one composes letters (NFC) before it
reads them, which the fast one, and the tower's training with it, did not: so texts are compared as drawn and in NFC.
"""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from unicodedata import normalize

import numpy as np
import typer
from rich.console import Console

from benchmarks.measure.script_texts import draw_texts
from runtime.models.tokenizer import Tokenizer
from runtime.terminal import told_errors

if TYPE_CHECKING:
    from transformers import BertTokenizer, BertTokenizerFast

CONTEXT, ENTRIES, TEXTS = 32, 30_000, 300  # a third of the texts are longer than the context, and cut
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PAD = 0
TRAINING_TEXTS, TRAINING_SEED = 3_000, 1  # of each script
CONTINUES = "##"


def main(
    texts: Annotated[int, typer.Option(min=1, help="How many texts of each script are compared.")] = TEXTS,
) -> None:
    """Print, for each script and form, how many texts have the same ids as each reference."""
    console = Console(highlight=False)
    with told_errors(), tempfile.TemporaryDirectory() as folder:
        entries = train_vocabulary(Path(folder))
        console.print(f"{len(entries)} entries")
        for (script, form), (slow, fast, pieces, unknown) in compare(Path(folder), entries, texts).items():
            share = f"{pieces:.1f} pieces a text, {unknown:.1%} of them unknown"
            console.print(f"{script:12} {form:8} as slow {slow}, as fast {fast}, of {texts}; {share}", soft_wrap=True)


def train_vocabulary(folder: Path) -> list[str]:
    """Train word pieces and save them as vocab.txt, with the settings of multilingual BERT; return the entries."""
    from tokenizers import Tokenizer as Trained
    from tokenizers import models, normalizers, pre_tokenizers, trainers
    from transformers import BertTokenizerFast

    words = Trained(models.WordPiece(unk_token="[UNK]"))
    words.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    words.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=ENTRIES, special_tokens=[*SPECIAL], show_progress=False)
    corpus = [text for group in draw_texts(TRAINING_TEXTS, seed=TRAINING_SEED).values() for text in group]
    words.train_from_iterator(corpus, trainer)
    entries = sorted(words.get_vocab(), key=words.token_to_id)
    (folder / "vocab.txt").write_text("".join(f"{entry}\n" for entry in entries), "utf-8")
    saved = BertTokenizerFast(str(folder / "vocab.txt"), do_lower_case=False, model_max_length=CONTEXT)
    saved.save_pretrained(folder)
    return entries


def compare(folder: Path, entries: list[str], texts: int) -> dict[tuple[str, str], tuple[int, int, float, float]]:
    """Return by script and form how many texts have the slow and the fast one's ids, pieces a text, and unknown ones."""
    from transformers import BertTokenizer, BertTokenizerFast

    exported = _export(folder)
    slow = BertTokenizer.from_pretrained(folder, local_files_only=True)
    fast = BertTokenizerFast.from_pretrained(folder, local_files_only=True)
    unknown_id = SPECIAL.index("[UNK]")
    counts = {}
    spelt = [entry for entry in entries[len(SPECIAL) :] if not entry.startswith(CONTINUES)]
    for script, drawn in draw_texts(texts, vocabulary=spelt).items():
        for form, group in (("as drawn", drawn), ("NFC", [normalize("NFC", text) for text in drawn])):
            ours = [exported.encode([text])[0].tolist() for text in group]
            same = [
                sum(_ids(reference, text) == ids for text, ids in zip(group, ours, strict=True))
                for reference in (slow, fast)
            ]
            unknown = np.mean([token_id == unknown_id for ids in ours for token_id in ids[1:-1]])
            counts[script, form] = same[0], same[1], float(np.mean([len(ids) - 2 for ids in ours])), float(unknown)
    return counts


def _export(folder: Path) -> Tokenizer:
    """Return the tokenizer as the runtime opens it, after the steps of the export."""
    from export.models.checkpoint_tokenizer import read_tokenizer

    path = folder / "exported" / "tokenizer.json"
    path.parent.mkdir()
    path.write_text(read_tokenizer(str(folder), folder, "distilbert").backend_tokenizer.to_str(), "utf-8")
    return Tokenizer(path, CONTEXT, PAD)


def _ids(reference: "BertTokenizer | BertTokenizerFast", text: str) -> list[int]:
    ids: list[int] = reference(text, truncation=True, max_length=CONTEXT)["input_ids"]
    return ids


if __name__ == "__main__":
    typer.run(main)

"""A byte-pair encoding from mapped arrays, beside `tokenizers`: python -m benchmarks.models.mapped_tokenizer FILE

FILE is the tokenizer.json of Gemma or SigLIP 2, of 256,000 entries, or of CLIP. Writes the arrays, opens both forms in
processes of their own (processor time, memory), and compares ids and cut texts on 300 texts in each of ten scripts.
"""

import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from benchmarks.measure.memory import Memory
from benchmarks.measure.own_process import run_in_own_process
from benchmarks.measure.script_texts import draw_texts
from runtime.models.clip import open_tokenizer

if TYPE_CHECKING:
    from runtime.models.encoder import TextTokenizer

CONTEXT, PAD, END = 64, 0, 1  # SigLIP 2's
TEXTS = 300
OPENINGS, ROUNDS = 5, 50
QUERY = "a photo of a dog running on a beach with a ball in its mouth"


def main(tokenizer: Annotated[Path, typer.Argument(help="A tokenizer.json of Gemma's form, or of CLIP's.")]) -> None:
    """Compare both forms, and print one line of JSON."""
    with tempfile.TemporaryDirectory() as folder:
        files = write_both(tokenizer, Path(folder))
        figures: dict[str, object] = {f"{path.suffix} MB": round(path.stat().st_size / 1e6, 1) for path in files}
        for path in files:
            runs = [run_in_own_process(open_and_encode, path) for _ in range(OPENINGS)]
            for name in runs[0]:
                figures[f"{path.suffix} {name}"] = round(statistics.median(run[name] for run in runs), 2)
        figures |= compare(*files)
    Console().print_json(json.dumps(figures))


def write_both(source: Path, folder: Path) -> list[Path]:
    """Write the tokenizer as the export of SigLIP 2 or CLIP does, in both forms; return their files, the library's first."""
    from tokenizers import Tokenizer as TokenizerFile

    from export.models.checkpoint_tokenizer import prepare_as_trained
    from export.models.mapped_bpe_file import maps, write_mapped_bpe
    from export.models.mapped_words_file import maps_words, write_mapped_words

    file = TokenizerFile.from_file(str(source))
    paths = [folder / "tokenizer.json", folder / "tokenizer.safetensors"]
    if maps_words(file):
        write_mapped_words(file, paths[1])
    else:
        prepare_as_trained(file, "<eos>", END)
        if not maps(file):
            raise typer.BadParameter(f"{source} has neither Gemma's form nor CLIP's")
        write_mapped_bpe(file, END, paths[1])
    file.save(str(paths[0]), pretty=False)
    return paths


def open_form(path: Path) -> "TextTokenizer":
    """Open one of the two files."""
    return open_tokenizer(path, CONTEXT, PAD, padded_to=CONTEXT)


def open_and_encode(path: Path) -> dict[str, float]:
    """Return what opening costs until the first text has its ids, and what further texts cost."""
    import tokenizers  # noqa: F401 (imported before the clock starts)

    before, start = Memory.now(), time.process_time()
    tokenizer = open_form(path)
    tokenizer.encode([QUERY])
    opened_ms = (time.process_time() - start) * 1e3
    after = Memory.now()
    memory_mb = (after.anonymous + after.files - before.anonymous - before.files) / 1e6
    start = time.process_time()
    for _ in range(ROUNDS):
        tokenizer.encode([QUERY])
    return {"opened ms": opened_ms, "memory MB": memory_mb, "15 words ms": (time.process_time() - start) * 1e3 / ROUNDS}


def compare(library: Path, mapped: Path) -> dict[str, object]:
    """Return on how many texts of each script both forms give the same ids, and cut the text at the same place."""
    vocabulary = list(json.loads(library.read_text("utf-8"))["model"]["vocab"])
    one, other = open_form(library), open_form(mapped)
    same: dict[str, int] = {}
    parts = 0
    for script, texts in draw_texts(TEXTS, vocabulary=vocabulary).items():
        same[script] = int((one.encode(texts) == other.encode(texts)).all(axis=1).sum())
        parts += sum(one.read_part(text) == other.read_part(text) for text in texts)
    return {"texts a script": TEXTS, "same ids": same, "same parts": parts}


if __name__ == "__main__":
    typer.run(main)

"""Real photos asked for in people's words: python -m benchmarks.captions.given_captions PHOTOS CAPTIONS.jsonl [--models M]

Each photo is indexed with the first of its captions, as `index --given-captions` does, and asked for with each of the
others, by other people: with full text beside the vectors and without, and as the version before did. Needs photos with
several captions each. The sample models know nothing of photos, so that with them the words alone decide.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.evidence.scene_library import forget_stance, open_index, open_models
from export.index.build import BuildOptions, build_index
from export.index.captions.file import read_given_captions
from runtime.artefacts.manifest import read_index_manifest
from runtime.engine import Engine
from runtime.terminal import told_errors

TOP_K, FIRST, WORST = 10, 5, 10


def main(
    photos: Annotated[Path, typer.Argument(help="A folder of pictures.")],
    captions: Annotated[
        Path, typer.Argument(help='One JSON object a line: {"file", "captions"}, at least two captions each.')
    ],
    models: Annotated[Path, typer.Option(help="A folder that `python -m export models` wrote.")] = Path("sample/models"),
) -> None:
    """Print a Markdown table and the questions that did worst."""
    console = Console(highlight=False)
    with told_errors(), TemporaryDirectory() as scratch:
        read = read_given_captions(captions, photos)
        index = Path(scratch) / "index"
        options = BuildOptions(given_captions={file: said[:1] for file, said in read.items()})
        build_index(photos, index, models=open_models(models), console=Console(quiet=True), options=options)
        asked = [(question, file) for file, said in read.items() for question in said[1:]]
        console.print(
            f"{len(read)} photos, {len(asked)} questions\n\n| | first | among five | called no match |", markup=False
        )
        console.print("|---|---|---|---|")
        engine = open_index(index, models)
        _print_row(console, "full text and vectors, the captions' words weighed", _ask(engine, asked, TOP_K))
        ranks = _ask(engine, asked, len(read))
        _forget_text(index)
        _print_row(console, "vectors alone, the words weighed", _ask(open_index(index, models), asked, TOP_K))
        forget_stance(index)
        _print_row(console, "vectors alone, cosines alone", _ask(open_index(index, models), asked, TOP_K))
        console.print("\nWorst of the first:\n", markup=False)
        for (question, file), rank, verdict in sorted(ranks, key=lambda one: -(one[1] or len(read) + 1))[:WORST]:
            place = f"place {rank}" if rank else "not found"
            console.print(f"- {question} | {read[file][0]} | {place}, {verdict}", markup=False, soft_wrap=True)


Ranks = list[tuple[tuple[str, str], int, str | None]]


def _ask(engine: Engine, asked: Sequence[tuple[str, str]], top_k: int) -> Ranks:
    """Return for each question the place of its photo, from 1, or 0 where it is not found, and the photo's verdict."""
    ranks: Ranks = []
    for question, file in asked:
        hits = engine.search(engine.limits.check_search(question, top_k, explain=False)).hits
        found: Mapping[str, int] = {hit.row.image_path: place for place, hit in enumerate(hits, start=1)}
        place = found.get(file, 0)
        ranks.append(((question, file), place, hits[place - 1].evidence.verdict if place else None))
    return ranks


def _print_row(console: Console, name: str, ranks: Ranks) -> None:
    first = sum(place == 1 for _, place, _ in ranks) / len(ranks)
    among = sum(1 <= place <= FIRST for _, place, _ in ranks) / len(ranks)
    none = sum(verdict == "none" for _, _, verdict in ranks) / len(ranks)
    console.print(f"| {name} | {first:.3f} | {among:.3f} | {none:.3f} |", markup=False)


def _forget_text(index: Path) -> None:
    """Take the full text out of an index."""
    catalog = index / read_index_manifest(index).catalog.path
    with closing(sqlite3.connect(catalog)) as connection:
        connection.executescript("DROP TABLE full_text; DROP TABLE full_text_words;")


if __name__ == "__main__":
    typer.run(main)

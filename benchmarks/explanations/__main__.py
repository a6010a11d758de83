"""Whether the check of a language model's sentences is strict and fair: python -m benchmarks.explanations [--show]

Sentences written by hand, with gaps that drawn scenes fill, half of them true, half wrong in one known way. Each file of
wordings was measured before anything was tuned to it (`benchmarks/RESULTS.md`); the held-out one came last.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from types import ModuleType
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.explanations import (
    colloquial_wordings,
    held_out_wordings,
    long_wordings,
    model_like_wordings,
    other_wordings,
    short_wordings,
)
from benchmarks.explanations.scenes import Situation, draw_scenes, make_situation
from runtime.explain.groq.check import find_fault
from runtime.search.query import parse_query

FILES = (short_wordings, other_wordings, long_wordings, colloquial_wordings, model_like_wordings, held_out_wordings)
SEED = 6_000_301
SENTENCES = 300  # of each file: half true, half wrong; each wording is used at least once


@dataclass(frozen=True)
class WrittenSentence:
    """A sentence about one situation; `kind` is "true", or in which way it is wrong."""

    kind: str
    situation: Situation
    text: str

    def stands(self) -> bool:
        """Return whether the check lets it be shown."""
        return find_fault(self.text, parse_query(self.situation.query), self.situation.hit) is None


def write_sentences(wordings: ModuleType, seed: str) -> list[WrittenSentence]:
    """Return the sentences of one file of wordings, each over a scene of its own."""
    rng = random.Random(seed)
    scenes = draw_scenes(rng)
    true = [("true", line) for line in wordings.TRUE.strip().splitlines()]
    wrong = [(kind, line) for kind, lines in wordings.WRONG.items() for line in lines.strip().splitlines()]
    written = []
    for kind, line in (*islice(cycle(true), SENTENCES // 2), *islice(cycle(wrong), SENTENCES // 2)):
        name, _, sentence = line.partition("|")
        situation = make_situation(name, next(scenes), rng)
        written.append(WrittenSentence(kind, situation, sentence.format(**situation.gaps)))
    return written


def figures(sentences: Sequence[WrittenSentence]) -> Iterator[tuple[str, str, float]]:
    """Yield each kind, how many stand of how many, and the share that is handled rightly: true stands, wrong falls back."""
    wrong = [sentence for sentence in sentences if sentence.kind != "true"]
    groups = {kind: [one for one in sentences if one.kind == kind] for kind in dict.fromkeys(one.kind for one in sentences)}
    for kind, group in (groups | {"wrong, all kinds": wrong}).items():
        standing = sum(sentence.stands() for sentence in group)
        right = standing if kind == "true" else len(group) - standing
        yield kind, f"{standing} of {len(group)}", right / len(group)


def main(
    show: Annotated[bool, typer.Option(help="Print the sentences that are handled wrongly.")] = False,
) -> None:
    """Print a Markdown table for each file of wordings."""
    console = Console(highlight=False, soft_wrap=True, markup=False)
    for wordings in FILES:
        name = wordings.__name__.rpartition(".")[2].removesuffix("_wordings")
        sentences = write_sentences(wordings, f"{SEED}:{name}")
        console.print(f"\n| {name} | stand | right |\n|---|---|---|")
        for kind, standing, share in figures(sentences):
            console.print(f"| {kind} | {standing} | {share:.3f} |")
        for sentence in sentences if show else ():
            if sentence.stands() != (sentence.kind == "true"):
                hit = sentence.situation.hit
                known = f"{sentence.situation.query} | {hit.caption.text} | {hit.evidence.verdict}"
                console.print(f"{sentence.kind}: {known} | {sentence.text}")


if __name__ == "__main__":
    typer.run(main)

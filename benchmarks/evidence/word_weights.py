"""How near the word weights of one run are to those of texts alone: python -m benchmarks.evidence.word_weights [MODELS]

1,000 questions about drawn scenes, by kind, and the five nearest of 300 pictures for each. A word's weight is the cosine
that a picture loses without it. Beside the weights of texts that are each embedded alone stand those of the run that a text
and its shortened forms share, and of two runs: the text's own, and a batch of the forms.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.evidence.scene_library import SEED, scenes_without
from export.storybook.captions import exact_caption
from export.storybook.drawing import PICTURE_SIDE_PX, draw_scene
from export.storybook.queries import paraphrase, partial_query, short_query
from export.storybook.scenes import Scene
from runtime.artefacts.manifest import read_models_manifest
from runtime.models.clip import ClipEncoder
from runtime.search.words import content_words, without_word
from runtime.terminal import told_errors

SCENES, QUESTIONS, PICTURES = 300, 250, 5  # questions of each kind, and the pictures of each of them
Vectors = NDArray[np.float32]
KINDS: Mapping[str, Callable[[Scene, random.Random], str]] = {
    "“a red castle”": lambda scene, rng: short_query(scene, rng).text,
    "a part of a scene": lambda scene, rng: partial_query(scene, rng).text,
    "a whole scene, paraphrased": lambda scene, rng: paraphrase(scene, rng).text,
    "a whole scene, as captions have it": lambda scene, rng: exact_caption(scene),
}


def main(
    models: Annotated[Path, typer.Argument(help="A folder that `python -m export models` wrote.")] = Path("sample/models"),
) -> None:
    """Print a Markdown table: Spearman's rank correlation, and how often the word that counts most is the same."""
    with told_errors():
        encoder, rng = ClipEncoder(models, read_models_manifest(models).clip), random.Random(f"words:{SEED}")
        scenes = list(islice(scenes_without((), rng), SCENES))
        images = [
            draw_scene(scene, random.Random(f"words:{SEED}:{at}"), PICTURE_SIDE_PX).image for at, scene in enumerate(scenes)
        ]
        library, write = encoder.embed_images(images), Console(highlight=False).print
        write(f"one run: {'yes' if encoder.shares_prefixes else 'no, this graph has two'}\n", markup=False)
        write("| question | one run: rank, most important word | two runs |\n|---|---|---|", markup=False)
        for kind, say in KINDS.items():
            asked = list(islice(questions(scenes, say, rng), QUESTIONS))
            figures = np.mean([agreement(encoder, library, question) for question in asked], axis=0)  # (2, 2)
            cells = [f"{rank:.3f}, {first:.3f}" for rank, first in figures]
            write(f"| {kind} | {' | '.join(cells)} |", soft_wrap=True, markup=False)


def questions(scenes: Sequence[Scene], say: Callable[[Scene, random.Random], str], rng: random.Random) -> Iterator[str]:
    """Yield questions of one kind with two content words at least: one has no rank."""
    while True:
        question = say(rng.choice(scenes), rng)
        if len(content_words(question)) > 1:
            yield question


def agreement(encoder: ClipEncoder, library: Vectors, question: str) -> NDArray[np.float64]:
    """Return (2, 2): for one run and for two, the rank correlation, and the share of pictures with the same first word."""
    forms = [without_word(question, word) for word in content_words(question)]
    text, shortened = encoder.tokenize([question]), encoder.tokenize(forms)
    alone = encoder.embed_texts([question, *forms])
    nearest = library[np.argsort(-(library @ alone[0]))[:PICTURES]]
    two_runs = np.concatenate([encoder.embed_tokens(text), encoder.embed_tokens(shortened)])
    expected, *given = (
        nearest @ (vectors[0] - vectors[1:]).T  # (pictures, words)
        for vectors in (alone, encoder.embed_with_shortened(text, shortened), two_runs)
    )
    return np.array([_compare(expected, weights) for weights in given])


def _compare(expected: Vectors, given: Vectors) -> tuple[float, float]:
    ranks = [np.corrcoef(_ranks(one), _ranks(other))[0, 1] for one, other in zip(expected, given, strict=True)]
    return float(np.mean(ranks)), float((expected.argmax(axis=1) == given.argmax(axis=1)).mean())


def _ranks(weights: Vectors) -> NDArray[np.intp]:
    return weights.argsort().argsort()


if __name__ == "__main__":
    typer.run(main)

"""The time of the evidence, relative to a search without it: python -m benchmarks.evidence.costs [MODELS]

Searches a small storybook library with and without each kind of evidence, alternating, on one thread in one process. The
ratios are more reliable than the times. `tests/runtime/test_engine.py` counts the model runs of each kind. Random weights
will do: time does not depend on their values.
"""

from functools import partial
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.evidence.scene_library import SEED, make_library, scenes_without
from benchmarks.measure.timing import duration_ms
from export.storybook.captions import exact_caption
from runtime.artefacts.manifest import read_models_manifest
from runtime.images import open_image
from runtime.models.clip import ClipEncoder
from runtime.search.words import content_words, without_word
from runtime.terminal import told_errors

SCENES, ROUNDS, TOP_K = 40, 40, 5
BARE_STAGES = ("tokenize", "embed", "search", "rows", "caption")


def main(
    models: Annotated[Path, typer.Argument(help="A folder that `python -m export models` wrote.")] = Path("sample/models"),
) -> None:
    """Print a Markdown table line for each figure."""
    with told_errors(), TemporaryDirectory() as scratch:
        scenes = list(islice(scenes_without((), Random(f"costs:{SEED}")), SCENES))
        engine = make_library(Path(scratch), models, scenes, f"costs:{SEED}").engine
        queries = [exact_caption(scenes[number % SCENES]) for number in range(ROUNDS)]
        bare, verdicts, explained, located = [], [], [], []
        for number, query in enumerate(queries):
            stages_ms = engine.search(engine.limits.check_search(query, TOP_K, explain=False)).timings_ms
            bare.append(sum(stages_ms.get(stage, 0.0) for stage in BARE_STAGES))
            verdicts.append(stages_ms["evidence"])
            explained.append(sum(engine.search(engine.limits.check_search(query, TOP_K)).timings_ms.values()))
            request = engine.limits.check_explain(query, [number % SCENES + 1], heatmap=True, explain=False)
            hits = engine.explain(request)
            located.append(hits.timings_ms["heatmap"])
        figures = {
            "bare search (no verdict), ms": median(bare),
            "verdicts of its hits, to the bare search": median(verdicts) / median(bare),
            "search with words and sentences, to the bare search": median(explained) / median(bare),
            "heatmap and occlusion check of one picture, ms": median(located),
        } | encoder_figures(models, Path(scratch) / "images", queries)
        for name, value in figures.items():
            Console(highlight=False).print(f"| {name} | {value:.3f} |", soft_wrap=True, markup=False)


def encoder_figures(models: Path, images: Path, queries: list[str]) -> dict[str, float]:
    """Return times of weighing words, relative to embedding the query, and of a heatmap, relative to an encoding."""
    encoder = ClipEncoder(models, read_models_manifest(models).clip)
    alone, weighed, two_runs, plain, attributed = [], [], [], [], []
    for query, file in zip(queries, sorted(images.iterdir()), strict=True):
        one = encoder.tokenize([query])
        batch = encoder.tokenize([without_word(query, word) for word in content_words(query)])
        pixels = encoder.prepare(open_image(file))
        alone.append(duration_ms(partial(encoder.embed_tokens, one)))
        weighed.append(duration_ms(partial(encoder.embed_with_shortened, one, batch)))
        two_runs.append(alone[-1] + duration_ms(partial(encoder.embed_tokens, batch)))
        plain.append(duration_ms(partial(encoder.embed_pixels, pixels[None])))
        attributed.append(duration_ms(partial(encoder.attribute, pixels)))
    return {
        "text tower, the query alone, ms": median(alone),
        "with its words weighed, to the query alone": median(weighed) / median(alone),
        "the same by a batch of its own, to the query alone": median(two_runs) / median(alone),
        "image encoding, ms": median(plain),
        "heatmap, to an image encoding": median(attributed) / median(plain),
    }


if __name__ == "__main__":
    typer.run(main)

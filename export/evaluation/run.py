"""The step `evaluate`: models, quantized and exact side by side, measured on pictures that people have described.

Owns the order of things. Each part has a file of its own in `export/evaluation/`. Needs no torch, unless the exact models
have to be made first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console

from export.console import Terminal, progress_bar
from export.errors import CaptionsUnusable
from export.evaluation.agreement import measure_agreement
from export.evaluation.answers import Answers, AskedModels
from export.evaluation.caption_scores import score_captions
from export.evaluation.exact import exact_folder
from export.evaluation.recall import chance_recall, rank_both_ways
from export.evaluation.result import Evaluation, ModelFigures, check_writable, is_above_chance, write_result
from export.evaluation.table import print_evaluation, print_skipped
from export.index.decode import reason_of
from export.precision.captions_file import Described, Skipped, read_captions
from runtime.artefacts.manifest import read_models_manifest
from runtime.errors import ImageError, ImageNotFound
from runtime.images import open_image


@dataclass(frozen=True)
class Sources:
    """What is read: the captions, their pictures (None: beside them), the models, the exact ones (None: beside those)."""

    captions: Path
    images: Path | None
    models: Path
    exact: Path | None = None


@dataclass(frozen=True)
class Consoles:
    """Where the figures go, and where progress and what was left out."""

    figures: Console = field(default_factory=Console)
    progress: Console = field(default_factory=lambda: Console(stderr=True))


def evaluate_models(sources: Sources, out: Path, *, threads: int = 1, consoles: Consoles | None = None) -> Evaluation:
    """Measure the models, print the figures, write all of them to the JSON file `out`, and return them.

    What cannot be used of the captions or pictures is reported by its line and left out.

    Raises:
        CaptionsUnusable: the captions cannot be read, or nothing is left to measure on.
        ExactModelsUnusable: the exact models are of other checkpoints, or absent and not to be made.
        ArtefactMissing, ArtefactCorrupt: a folder of models is not whole.
        SessionFailed: a graph cannot be opened, or refused its input.
        OutputUnwritable: the file, or the folder of exact models, cannot be written.
    """
    consoles = consoles or Consoles()
    check_writable(out)
    captions = read_captions(sources.captions, sources.images)
    asked = _open(sources, threads, consoles.progress) if captions.described else []
    described = _see_all(captions.described, asked, captions.skipped, consoles.progress)
    skipped = sorted(captions.skipped, key=lambda one: one.line)
    print_skipped(skipped, consoles.progress)
    if not described:
        raise CaptionsUnusable(sources.captions, "no line of it can be used")
    evaluation = _measure(described, skipped, asked, _read_all(described, asked, consoles.progress))
    write_result(evaluation, out)
    print_evaluation(evaluation, consoles.figures)
    consoles.figures.print(f"All figures are in {out}", markup=False, highlight=False, soft_wrap=True)
    return evaluation


def _open(sources: Sources, threads: int, console: Console) -> list[AskedModels]:
    """Open the exact models, if there are any, and then those that are measured."""
    manifest = read_models_manifest(sources.models)
    exact = exact_folder(sources.models, manifest, sources.exact, Terminal(console))
    return [AskedModels(folder, threads) for folder in (exact, sources.models) if folder]


def _see_all(
    described: Sequence[Described], asked: Sequence[AskedModels], skipped: list[Skipped], console: Console
) -> list[Described]:
    """Show every picture to every model, and return those that could be read."""
    seen = []
    with progress_bar(console, "Pictures", len(described)) as advance:
        for one in described:
            advance(1)
            try:
                image = open_image(one.path, one.name)
            except ImageError as error:
                skipped.append(Skipped(one.line, f"its picture cannot be read: {_reason(error)}"))
                continue
            for models in asked:
                models.see(image)
            seen.append(one)
    return seen


def _reason(error: ImageError) -> str:
    return "it went away" if isinstance(error, ImageNotFound) else reason_of(error)


def _read_all(described: Sequence[Described], asked: Sequence[AskedModels], console: Console) -> list[Answers]:
    texts = [caption for one in described for caption in one.captions]
    with progress_bar(console, "Captions", len(texts)) as advance:
        for text in texts:
            for models in asked:
                models.read(text)
            advance(1)
    return [models.answers(texts) for models in asked]


def _measure(
    described: Sequence[Described], skipped: Sequence[Skipped], asked: Sequence[AskedModels], answers: Sequence[Answers]
) -> Evaluation:
    counts = [len(one.captions) for one in described]
    figures = [_figures(models, given, described) for models, given in zip(asked, answers, strict=True)]
    agreement = measure_agreement(*answers) if len(answers) > 1 else None
    return Evaluation(len(described), sum(counts), figures, chance_recall(counts), agreement, skipped)


def _figures(models: AskedModels, answers: Answers, described: Sequence[Described]) -> ModelFigures:
    owners = np.repeat(np.arange(len(described)), [len(one.captions) for one in described])
    recall = rank_both_ways(answers.texts, answers.images, owners).recall()
    scores = None
    if answers.captions is not None:
        scores = score_captions([caption.text for caption in answers.captions], [one.captions for one in described])
    return ModelFigures(models.manifest, recall, is_above_chance(recall, len(described)), scores)

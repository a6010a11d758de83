"""The command `evaluate`: measures models, quantized and exact ones side by side, on pictures with human captions.

Owns the order of the steps; each step has a file of its own in this package. Needs no torch, unless the exact models have to
be exported first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console

from export.console import TerminalDisplay, progress_bar
from export.errors import CaptionsUnusable
from export.evaluation.agreement import measure_agreement
from export.evaluation.caption_scores import score_captions
from export.evaluation.exact import exact_folder
from export.evaluation.model_outputs import EvaluatedModels, ModelOutputs
from export.evaluation.recall import chance_recall, rank_both_ways
from export.evaluation.result import Evaluation, ModelFigures, check_writable, is_above_chance, write_result
from export.evaluation.table import print_evaluation, print_skipped
from export.index.captions.file import CaptionedPicture, SkippedLine, read_captions
from export.index.picture_file import reason_of
from runtime.artefacts.manifest import read_models_manifest
from runtime.errors import ImageError, ImageNotFound
from runtime.images import open_image


@dataclass(frozen=True)
class Sources:
    """What to read: captions, pictures (None: in the captions' folder), models, exact models (None: beside the models)."""

    captions: Path
    images: Path | None
    models: Path
    exact: Path | None = None


@dataclass(frozen=True)
class Consoles:
    """Where figures are printed, and where progress and skipped lines are."""

    figures: Console = field(default_factory=Console)
    progress: Console = field(default_factory=lambda: Console(stderr=True))


def evaluate_models(sources: Sources, out: Path, *, threads: int = 1, consoles: Consoles | None = None) -> Evaluation:
    """Measure the models, print the figures, write all of them to the JSON file `out`, and return them.

    Captions and pictures that cannot be used are reported with their line and left out.

    Raises:
        CaptionsUnusable: the captions cannot be read, or nothing is left to measure on.
        ExactModelsUnusable: the exact models are of other checkpoints, or absent and cannot be made.
        ArtefactMissing, ArtefactCorrupt: a folder of models is incomplete.
        SessionFailed: a graph cannot be opened, or refused its input.
        OutputUnwritable: the file, or the folder of exact models, cannot be written.
    """
    consoles = consoles or Consoles()
    check_writable(out)
    captions = read_captions(sources.captions, sources.images)
    models = _open_models(sources, threads, consoles.progress) if captions.pictures else []
    pictures = _add_images(captions.pictures, models, captions.skipped, consoles.progress)
    skipped = sorted(captions.skipped, key=lambda one: one.line)
    print_skipped(skipped, consoles.progress)
    if not pictures:
        raise CaptionsUnusable(sources.captions, "no line of it can be used")
    outputs = _add_texts(pictures, models, consoles.progress)
    evaluation = _measure(pictures, skipped, models, outputs)
    write_result(evaluation, out)
    print_evaluation(evaluation, consoles.figures)
    consoles.figures.print(f"All figures are in {out}", markup=False, highlight=False, soft_wrap=True)
    return evaluation


def _open_models(sources: Sources, threads: int, console: Console) -> list[EvaluatedModels]:
    """Open the exact models, if there are any, and then those that are measured."""
    manifest = read_models_manifest(sources.models)
    exact = exact_folder(sources.models, manifest, sources.exact, TerminalDisplay(console))
    return [EvaluatedModels.open(folder, threads) for folder in (exact, sources.models) if folder]


def _add_images(
    pictures: Sequence[CaptionedPicture], models: Sequence[EvaluatedModels], skipped: list[SkippedLine], console: Console
) -> list[CaptionedPicture]:
    """Run all models on every picture, and return the pictures that could be decoded; the others are added to `skipped`."""
    decoded = []
    with progress_bar(console, "Pictures", len(pictures)) as advance:
        for picture in pictures:
            advance(1)
            try:
                image = open_image(picture.path, picture.name)
            except ImageError as error:
                skipped.append(SkippedLine(picture.line, f"its picture cannot be read: {_reason(error)}"))
                continue
            for one in models:
                one.add_image(image)
            decoded.append(picture)
    return decoded


def _reason(error: ImageError) -> str:
    return "it went away" if isinstance(error, ImageNotFound) else reason_of(error)


def _add_texts(
    pictures: Sequence[CaptionedPicture], models: Sequence[EvaluatedModels], console: Console
) -> list[ModelOutputs]:
    """Run all models on every caption, and return each one's outputs."""
    texts = [caption for picture in pictures for caption in picture.captions]
    with progress_bar(console, "Captions", len(texts)) as advance:
        for text in texts:
            for one in models:
                one.add_text(text)
            advance(1)
    return [one.outputs(texts) for one in models]


def _measure(
    pictures: Sequence[CaptionedPicture],
    skipped: Sequence[SkippedLine],
    models: Sequence[EvaluatedModels],
    outputs: Sequence[ModelOutputs],
) -> Evaluation:
    counts = [len(picture.captions) for picture in pictures]
    figures = [_figures(one, given, pictures) for one, given in zip(models, outputs, strict=True)]
    agreement = measure_agreement(*outputs) if len(outputs) > 1 else None
    return Evaluation(len(pictures), sum(counts), figures, chance_recall(counts), agreement, skipped)


def _figures(models: EvaluatedModels, outputs: ModelOutputs, pictures: Sequence[CaptionedPicture]) -> ModelFigures:
    owners = np.repeat(np.arange(len(pictures)), [len(picture.captions) for picture in pictures])
    recall = rank_both_ways(outputs.texts, outputs.images, owners).recall()
    scores = None
    if outputs.captions is not None:
        references = [picture.captions for picture in pictures]
        scores = score_captions([caption.text for caption in outputs.captions], references)
    return ModelFigures(models.manifest, recall, is_above_chance(recall, len(pictures)), scores)

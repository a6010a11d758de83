"""The command `train`: draws pictures, trains BLIP and then CLIP, and writes two Hugging Face folders and training.json.

Owns the order of the stages and the files of a run's folder:

    pool/               the training set                         fresh/, held-out/   the evaluation sets
    checkpoints/        blip.pt, clip.pt: from which a killed run resumes
    blip/, clip/        the trained models, as the exporter takes them
    recipe.json         the settings of the run; a folder belongs to one recipe
    training.json       recipe, figures, times, versions

Complete parts are not made again. Imports torch and transformers.
"""

import json
import os
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import BlipForConditionalGeneration, CLIPModel

from export.errors import OutputUnwritable
from export.storybook.augment import standardize
from export.storybook.benchmark import EvaluationSet, score_captions, search_figures
from export.storybook.blip_stage import BlipStage
from export.storybook.clip_stage import ClipStage
from export.storybook.folder import CAPTIONS_FILE, DrawingOptions, draw_folder
from export.storybook.models import copy_tower, new_blip, new_clip
from export.storybook.recipe import Recipe, Schedule
from export.storybook.reference import BlipReference, ClipReference
from export.storybook.scenes import HeldOut
from export.storybook.stage import Progress, Stage, StageInputs, train_stage
from export.storybook.tokenizers import save_blip_tokenizer, train_clip_tokenizer
from export.storybook.training_set import TrainingSet, draw_training_set, load_training_set

# One process with two threads: 199 pictures/s in BLIP's stage. Two processes of one thread that average their
# gradients (gloo, one flat all-reduce a step): 115 on the same two cores, so it is not done.
_EVALUATION_SETS = {"fresh": HeldOut.NEVER, "held-out": HeldOut.ONLY}
_EVALUATION_SEED = 1_000_003
_BLIP_EVALUATION_PICTURES = 250
_TOWER_PICTURES = 512


@dataclass(frozen=True, slots=True)
class Reporter:
    """Called while a run goes on: when something of so many pictures begins, and after each chunk or step."""

    begin: Callable[[str, int], None]
    drawn: Callable[[int], None]
    trained: Callable[[Progress], None]


def train(out: Path, recipe: Recipe, reporter: Reporter) -> dict[str, Any]:
    """Run the recipe in `out`, resuming where an earlier run stopped.

    Returns:
        What training.json holds.

    Raises:
        OutputUnwritable: the folder holds the run of another recipe.
    """
    _claim(out, recipe)
    torch.set_num_threads(recipe.threads)
    evaluation_sets = {
        name: _evaluation_set(out / name, held_out, recipe, reporter) for name, held_out in _EVALUATION_SETS.items()
    }
    training_set = _training_set(out / "pool", recipe, reporter)
    blip, blip_progress = _train_blip(out, recipe, training_set, evaluation_sets["fresh"], reporter)
    clip, clip_progress = _train_clip(out, recipe, training_set, evaluation_sets["fresh"], blip.model, reporter)
    record = {
        "recipe": asdict(recipe),
        "drawing": json.loads((out / "pool" / "drawing.json").read_text(encoding="utf-8")),
        "stages": [_stage_record(progress) for progress in (blip_progress, clip_progress)],
        "figures": {name: measure(out, evaluation_set) for name, evaluation_set in evaluation_sets.items()},
        "parameters": {"clip": _parameters(clip.model), "blip": _parameters(blip.model)},
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
        "cores": os.cpu_count(),
    }
    (out / "training.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return record


def measure(out: Path, evaluation_set: EvaluationSet) -> dict[str, float]:
    """Return the figures of a run's saved models on an evaluation set, by torch in fp32."""
    clip = CLIPModel.from_pretrained(out / "clip").eval()
    blip = BlipForConditionalGeneration.from_pretrained(out / "blip").eval()
    encoder = ClipReference(clip, _tokenizer(out / "clip"))
    captioner = BlipReference(blip, _tokenizer(out / "blip"))
    search = search_figures(evaluation_set, encoder.embed_texts, encoder.embed_images)
    captions = score_captions(evaluation_set, captioner.caption_images)
    figures = search | {f"caption {name}": value for name, value in captions.items()}
    return {name: round(value, 4) for name, value in figures.items()}


def _claim(out: Path, recipe: Recipe) -> None:
    """Reserve the folder for this recipe; checkpoints of another one would be resumed by mistake."""
    wanted = json.dumps(asdict(recipe), indent=2) + "\n"
    path = out / "recipe.json"
    if path.exists() and path.read_text(encoding="utf-8") != wanted:
        raise OutputUnwritable(out, "it holds the run of another recipe; name another folder with --out, or remove it")
    out.mkdir(parents=True, exist_ok=True)
    path.write_text(wanted, encoding="utf-8")


def _evaluation_set(folder: Path, held_out: HeldOut, recipe: Recipe, reporter: Reporter) -> EvaluationSet:
    options = DrawingOptions(recipe.album_pictures, _EVALUATION_SEED + recipe.seed, held_out=held_out)
    if not (folder / CAPTIONS_FILE).exists():
        reporter.begin(f"draw {folder.name}", options.count)
        draw_folder(folder, options, workers=recipe.threads, on_drawn=reporter.drawn)
    return EvaluationSet.read(folder)


def _training_set(folder: Path, recipe: Recipe, reporter: Reporter) -> TrainingSet:
    if not folder.exists():
        reporter.begin("draw pool", recipe.pool_pictures)
        draw_training_set(folder, recipe.pool_pictures, recipe.seed, workers=recipe.threads, on_drawn=reporter.drawn)
    return load_training_set(folder)


def _train_blip(
    out: Path, recipe: Recipe, training_set: TrainingSet, evaluation_set: EvaluationSet, reporter: Reporter
) -> tuple[BlipStage, Progress]:
    tokenizer = save_blip_tokenizer(out / "tokenizers" / "blip")
    torch.manual_seed(recipe.seed)
    few = EvaluationSet(evaluation_set.entries[:_BLIP_EVALUATION_PICTURES], evaluation_set.files[:_BLIP_EVALUATION_PICTURES])
    inputs = StageInputs(tokenizer, training_set, few, recipe.blip.batch, recipe.seed)
    stage = BlipStage(new_blip(tokenizer), inputs)
    return stage, _finish(stage, recipe.blip, out, reporter)


def _train_clip(
    out: Path,
    recipe: Recipe,
    training_set: TrainingSet,
    evaluation_set: EvaluationSet,
    blip: BlipForConditionalGeneration,
    reporter: Reporter,
) -> tuple[ClipStage, Progress]:
    tokenizer = train_clip_tokenizer(out / "tokenizers" / "clip", recipe.seed, recipe.corpus_scenes)
    torch.manual_seed(recipe.seed + 1)
    model = new_clip(tokenizer)
    copy_tower(blip, model, standardize(training_set.pixels[:_TOWER_PICTURES]))
    inputs = StageInputs(tokenizer, training_set, evaluation_set, recipe.clip.batch, recipe.seed)
    stage = ClipStage(model, inputs)
    return stage, _finish(stage, recipe.clip, out, reporter)


def _finish(stage: Stage, schedule: Schedule, out: Path, reporter: Reporter) -> Progress:
    """Train a stage to its end and save it; a finished one is read from its checkpoint."""
    reporter.begin(stage.name, schedule.pictures)
    progress = train_stage(stage, schedule, out / "checkpoints" / f"{stage.name}.pt", reporter.trained)
    stage.eval()
    stage.save(out / stage.name)
    return progress


def _stage_record(progress: Progress) -> dict[str, Any]:
    return {
        "stage": progress.stage,
        "pictures": progress.seen,
        "steps": progress.step,
        "minutes": round(progress.seconds / 60, 1),
        "evaluation_minutes": round(progress.evaluation_seconds / 60, 1),
        "pictures_per_s": round(progress.seen / max(progress.seconds, 1e-9)),
        "loss": round(progress.loss, 4),
        "history": progress.history,
    }


def _tokenizer(folder: Path) -> transformers.PreTrainedTokenizerFast:
    return transformers.AutoTokenizer.from_pretrained(folder)


def _parameters(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())

"""Trains the sample CLIP's sibling in SigLIP's form: python -m benchmarks.models.siglip_sample OUT

Draws scenes, and trains on them with SigLIP's loss; the vision tower starts as the sample BLIP's. OUT/siglip is then a
checkpoint folder for `python -m export models --clip`. A killed run goes on from its checkpoint.
"""

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console

from benchmarks.models.siglip_sample.model import copy_blip_tower, new_siglip
from benchmarks.models.siglip_sample.stage import SiglipStage
from benchmarks.models.siglip_sample.tokenizer import train_tokenizer
from export.storybook.benchmark import EvaluationSet
from export.storybook.folder import CAPTIONS_FILE, DrawingOptions, draw_folder
from export.storybook.recipe import Schedule
from export.storybook.scenes import HeldOut
from export.storybook.stage import Progress, StageInputs, train_stage
from export.storybook.training_set import draw_training_set, load_training_set
from runtime.terminal import told_errors

SEED = 0
DRAWN, CORPUS_SCENES, WATCHED = 80_000, 30_000, 300
WATCHED_SEED = 1_000_003  # the sample CLIP was watched on pictures of this seed, too


def main(
    out: Annotated[Path, typer.Argument(help="The run's folder.")],
    models: Annotated[Path, typer.Option(help="Where the sample BLIP's graphs are.")] = Path("sample/models"),
    pictures: Annotated[int, typer.Option(min=1, help="Pictures seen, repetitions counted.")] = 300_000,
    threads: Annotated[int, typer.Option(min=1, help="Threads of torch, and processes that draw.")] = 1,
) -> None:
    """Train, and print a line for each tenth of the run."""
    console = Console(highlight=False)
    torch.set_num_threads(threads)
    with told_errors():
        tokenizer = train_tokenizer(out / "tokenizer", seed=SEED, scenes=CORPUS_SCENES)
        _draw(out, threads)
        inputs = StageInputs(tokenizer, load_training_set(out / "pool"), EvaluationSet.read(out / "watched"), 112, SEED)
        torch.manual_seed(SEED)
        model = new_siglip(tokenizer)
        copy_blip_tower(models / "blip/vision.onnx", model)
        stage = SiglipStage(model, inputs, out / "tokenizer")
        schedule = Schedule(pictures, batch=inputs.batch, learning_rate=8e-4, warmup=150, patch_weight=0.3)
        told = 0

        def tell(progress: Progress) -> None:
            nonlocal told
            if len(progress.history) > told:
                told = len(progress.history)
                console.print(f"{time.process_time():.0f} s of CPU: {progress.history[-1]}", soft_wrap=True)

        progress = train_stage(stage, schedule, out / "checkpoint.pt", tell)
        stage.eval()
        stage.save(out / "siglip")
        (out / "training.json").write_text(json.dumps(asdict(progress), indent=2) + "\n", "utf-8")


def _draw(out: Path, workers: int) -> None:
    """Draw what is trained on, and what the run is watched on, unless they are there."""
    if not (out / "pool").exists():
        draw_training_set(out / "pool", DRAWN, SEED, workers=workers, on_drawn=lambda _: None)
    if not (out / "watched" / CAPTIONS_FILE).exists():
        options = DrawingOptions(WATCHED, WATCHED_SEED, held_out=HeldOut.NEVER)
        draw_folder(out / "watched", options, workers=workers, on_drawn=lambda _: None)


if __name__ == "__main__":
    typer.run(main)

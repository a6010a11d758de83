"""What is the same for both training stages: the training loop, AdamW, checkpoints, progress.

Schedules are in recipe.py. The random numbers of a step depend on the seed and the step's number alone, so that a killed run
resumes from its checkpoint and reaches exactly the weights that it would have reached. Imports torch.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import BaseImageProcessor, PreTrainedModel, PreTrainedTokenizerFast

from export.storybook.benchmark import EvaluationSet
from export.storybook.patches import PatchTask
from export.storybook.recipe import Schedule, Step
from export.storybook.training_set import TrainingSet
from runtime.artefacts.whole_file import whole_file

_BETAS = (0.9, 0.98)
_WEIGHT_DECAY = 0.05
_GRADIENT_NORM = 1.0
_SMOOTHING = 0.97
_CHECKPOINTS = 10


@dataclass(slots=True)
class StepLoss:
    """The loss of a step: the stage's own, and the patch task's; and the number of its pictures."""

    own: torch.Tensor
    patches: torch.Tensor
    pictures: int


@dataclass(frozen=True, slots=True)
class StageInputs:
    """What a stage trains with: tokenizer, pictures to train and to evaluate on, pictures a step, and the seed."""

    tokenizer: PreTrainedTokenizerFast
    training_set: TrainingSet
    evaluation_set: EvaluationSet
    batch: int
    seed: int


class Stage(nn.Module, ABC):
    """A model in training, with the parts that only training needs. Its state is stored in checkpoints."""

    name: str
    image_processor: Callable[[], BaseImageProcessor]

    def __init__(self, model: PreTrainedModel, inputs: StageInputs) -> None:
        super().__init__()
        self.model = model
        self.patch_task = PatchTask()
        self.inputs = inputs

    @abstractmethod
    def loss(self, step: Step) -> StepLoss:
        """Return the losses of one step, on a batch that depends on the seed and the step alone."""

    @abstractmethod
    def evaluate(self) -> dict[str, float]:
        """Return the figures of the evaluation set."""

    def save(self, folder: Path) -> None:
        """Write the model, tokenizer and image processor as an ordinary Hugging Face folder."""
        self.model.save_pretrained(folder)
        self.inputs.tokenizer.save_pretrained(folder)
        self.image_processor().save_pretrained(folder)

    def learning_rate_share(self, parameter: str) -> float:
        """Return the factor on the learning rate of a parameter, by its name."""
        return 1.0


@dataclass(slots=True)
class Progress:
    """How far a stage is; stored in its checkpoints, and passed to `on_progress`."""

    stage: str
    pictures: int
    step: int = 0
    seen: int = 0
    seconds: float = 0.0
    evaluation_seconds: float = 0.0
    loss: float = 0.0
    patch_loss: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)

    def add_step(self, losses: StepLoss, seconds: float) -> None:
        """Count a step; losses are averaged exponentially, over about thirty steps."""
        keep = _SMOOTHING if self.step else 0.0
        self.loss = keep * self.loss + (1 - keep) * losses.own.item()
        self.patch_loss = keep * self.patch_loss + (1 - keep) * losses.patches.item()
        self.step += 1
        self.seen += losses.pictures
        self.seconds += seconds


def train_stage(stage: Stage, schedule: Schedule, checkpoint: Path, on_progress: Callable[[Progress], None]) -> Progress:
    """Train a stage to the end of its schedule, from its checkpoint if there is one.

    Args:
        stage: Trained in place.
        schedule: Its length and rates.
        checkpoint: Written at every tenth of the schedule, after an evaluation; read at the start.
        on_progress: Called after every step, and after every evaluation.

    Returns:
        The progress at the end: pictures seen, seconds of training (evaluations not counted), figures of every evaluation.
    """
    optimizer = _optimizer(stage)
    progress = Progress(stage.name, schedule.pictures)
    if checkpoint.exists():
        progress = _resume(stage, optimizer, checkpoint)
    stage.train()
    while progress.seen < schedule.pictures:
        started = time.monotonic()
        losses = _take_step(stage, optimizer, schedule, progress)
        tenth_before = progress.seen * _CHECKPOINTS // schedule.pictures
        progress.add_step(losses, time.monotonic() - started)
        if progress.seen * _CHECKPOINTS // schedule.pictures > tenth_before:
            started = time.monotonic()
            figures = _evaluate(stage)
            progress.evaluation_seconds += time.monotonic() - started
            progress.history.append({"seen": progress.seen, "loss": round(progress.loss, 4), **figures})
            _save_checkpoint(stage, optimizer, progress, checkpoint)
        on_progress(progress)
    return progress


def _take_step(stage: Stage, optimizer: torch.optim.Optimizer, schedule: Schedule, progress: Progress) -> StepLoss:
    step = Step(progress.step, progress.seen / schedule.pictures)
    rate = schedule.learning_rate_at(step.number, step.progress)
    for group in optimizer.param_groups:
        group["lr"] = rate * group["share"]
    losses = stage.loss(step)
    (losses.own + schedule.patch_weight_at(step.progress) * losses.patches).backward()
    nn.utils.clip_grad_norm_(stage.parameters(), _GRADIENT_NORM)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return losses


def _optimizer(stage: Stage) -> torch.optim.Optimizer:
    """Return AdamW; biases, norms and embeddings have no weight decay."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in stage.named_parameters():
        decay = _WEIGHT_DECAY if parameter.ndim >= 2 and "embedding" not in name else 0.0
        groups.setdefault((decay, stage.learning_rate_share(name)), []).append(parameter)
    parameters = [{"params": members, "weight_decay": decay, "share": share} for (decay, share), members in groups.items()]
    return torch.optim.AdamW(parameters, lr=0.0, betas=_BETAS, fused=True)


def _evaluate(stage: Stage) -> dict[str, float]:
    stage.eval()
    with torch.no_grad():
        figures = stage.evaluate()
    stage.train()
    return figures


def _save_checkpoint(stage: Stage, optimizer: torch.optim.Optimizer, progress: Progress, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as file:
        torch.save({"stage": stage.state_dict(), "optimizer": optimizer.state_dict(), "progress": asdict(progress)}, file)


def _resume(stage: Stage, optimizer: torch.optim.Optimizer, path: Path) -> Progress:
    state: dict[str, Any] = torch.load(path, weights_only=True)
    stage.load_state_dict(state["stage"])
    optimizer.load_state_dict(state["optimizer"])
    return Progress(**state["progress"])

"""The numbers of a training run: pictures, batch sizes, learning rates. Imports no torch, so that the command line can."""

from dataclasses import dataclass
from math import cos, pi

DRAWN_PICTURES = 100_000
BLIP_PICTURES = 300_000
CLIP_PICTURES = 300_000
_ALBUM_PICTURES = 1000
_CORPUS_SCENES = 30_000


@dataclass(frozen=True, slots=True)
class Schedule:
    """The length and the learning rate of one training stage.

    Attributes:
        pictures: How many pictures it is trained on, repetitions counted.
        batch: Pictures per step.
        learning_rate: The peak, reached after `warmup` steps; then a cosine down to a hundredth.
        warmup: Steps.
        patch_weight: Weight of the patch task at the start; falls to a tenth at 60 % of the pictures.
    """

    pictures: int
    batch: int
    learning_rate: float
    warmup: int
    patch_weight: float

    def learning_rate_at(self, step: int, progress: float) -> float:
        """Return the learning rate of a step; `progress` is the fraction of pictures already seen, in [0, 1]."""
        ramp = min(1.0, (step + 1) / self.warmup)
        return self.learning_rate * ramp * max(0.01, (1 + cos(pi * progress)) / 2)

    def patch_weight_at(self, progress: float) -> float:
        """Return the weight of the patch task."""
        return self.patch_weight * max(0.1, 1 - progress / 0.6)


@dataclass(frozen=True, slots=True)
class Step:
    """The number of a training step, and the fraction of pictures seen before it, in [0, 1]."""

    number: int
    progress: float


@dataclass(frozen=True, slots=True)
class Recipe:
    """The settings of a training run; with the code, they determine its weights. training.json has the same field names.

    Attributes:
        seed: Decides every picture, batch and first weight.
        threads: Of torch, which sums in an order that depends on the number, and processes that draw.
        pool_pictures: Drawn to train on.
        album_pictures: Drawn for each of the two evaluation sets.
        corpus_scenes: Scenes whose captions and queries CLIP's tokenizer learns its words from.
        blip: BLIP's schedule, from scratch.
        clip: CLIP's schedule, from BLIP's tower.
    """

    seed: int
    threads: int
    pool_pictures: int
    album_pictures: int
    corpus_scenes: int
    blip: Schedule
    clip: Schedule

    @classmethod
    def standard(
        cls,
        seed: int,
        threads: int,
        *,
        drawn: int = DRAWN_PICTURES,
        blip: int = BLIP_PICTURES,
        clip: int = CLIP_PICTURES,
    ) -> "Recipe":
        """Return the recipe of the embedded sample models, with other numbers of pictures if given.

        BLIP in batches of 32: with 128 it needed twice the pictures for the same loss (in a first trial).
        """
        return cls(
            seed,
            threads,
            drawn,
            _ALBUM_PICTURES,
            _CORPUS_SCENES,
            Schedule(blip, batch=32, learning_rate=1.2e-3, warmup=200, patch_weight=0.5),
            Schedule(clip, batch=112, learning_rate=8e-4, warmup=150, patch_weight=0.3),
        )

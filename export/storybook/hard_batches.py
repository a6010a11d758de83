"""Chooses the pictures of a training batch for CLIP: mostly hard negatives, pictures that differ in little.

Owns batch composition. The pictures of a random batch can be told apart by place and time alone; those of a batch with the
same objects only by colours and counts.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from export.storybook.scenes import Scene
from export.storybook.training_set import scenes_by_key

_Key = tuple[str, ...]
_Positions = NDArray[np.int64]


class HardBatches:
    """Samples positions of pictures that share place and time, an object, or all their objects."""

    def __init__(self, scenes: Sequence[Scene], batch: int) -> None:
        self._count = len(scenes)
        self._batch = batch
        self._places_and_times = list(scenes_by_key(scenes, lambda scene: [(scene.place, scene.time)]).values())
        self._objects = list(scenes_by_key(scenes, _objects).values())
        object_sets = scenes_by_key(scenes, lambda scene: [_all_objects(scene)])
        self._single_objects = [positions for objects, positions in object_sets.items() if len(objects) == 1]
        self._object_pairs = [positions for objects, positions in object_sets.items() if len(objects) == 2]

    def sample(self, rng: np.random.Generator) -> _Positions:
        """Return up to `batch` distinct positions, sorted; fewer where groups are small or overlap."""
        kind = rng.random()
        if kind < 0.35:
            return np.sort(rng.choice(self._count, min(self._batch, self._count), replace=False))
        if kind < 0.55:
            return self._mix(self._places_and_times, 2, rng)
        if kind < 0.7:
            return self._mix(self._objects, 2, rng)
        if kind < 0.82:
            return self._mix(self._single_objects, 3, rng)
        return self._mix(self._object_pairs, 4, rng)

    def _mix(self, groups: list[_Positions], count: int, rng: np.random.Generator) -> _Positions:
        """Sample equally many positions from each of `count` groups."""
        chosen = rng.choice(len(groups), min(count, len(groups)), replace=False)
        share = self._batch // len(chosen)
        parts = [rng.choice(groups[index], min(share, len(groups[index])), replace=False) for index in chosen]
        return np.unique(np.concatenate(parts))


def _objects(scene: Scene) -> list[_Key]:
    return [(group.object,) for group in scene.groups]


def _all_objects(scene: Scene) -> _Key:
    return tuple(sorted(group.object for group in scene.groups))

"""Which pictures meet in a batch of CLIP's stage: mostly such that differ in little.

Owns batch composition. A random batch is told apart by place and time alone; one with the same objects everywhere can
only be told apart by which object has which colour, and by counting.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from export.storybook.pool import scenes_by_key
from export.storybook.scenes import COLOURS, Scene

_FEW_COLOURS = 3

_Key = tuple[str, ...]
_Positions = NDArray[np.int64]


class HardBatches:
    """Samples positions of pictures that share a backdrop, an object, or all their objects."""

    def __init__(self, scenes: Sequence[Scene], batch: int) -> None:
        self._count = len(scenes)
        self._batch = batch
        self._palettes = np.array([_palette(group.colour for group in scene.groups) for scene in scenes])
        self._backdrops = list(scenes_by_key(scenes, lambda scene: [(scene.place, scene.time)]).values())
        self._objects = list(scenes_by_key(scenes, _objects).values())
        casts = scenes_by_key(scenes, lambda scene: [_cast(scene)])
        self._solos = [positions for cast, positions in casts.items() if len(cast) == 1]
        self._pairs = [positions for cast, positions in casts.items() if len(cast) == 2]

    def sample(self, rng: np.random.Generator) -> _Positions:
        """Up to `batch` distinct positions, sorted; fewer where groups are small or overlap."""
        kind = rng.random()
        if kind < 0.3:
            return np.sort(rng.choice(self._count, min(self._batch, self._count), replace=False))
        if kind < 0.45:
            return self._mix(_some(self._backdrops, 2, rng), rng)
        if kind < 0.57:
            return self._mix(_some(self._objects, 2, rng), rng)
        if kind < 0.72:
            return self._mix(_some(self._solos, 3, rng), rng)
        return self._mix(self._in_few_colours(_some(self._pairs, 4, rng), rng), rng)

    def _in_few_colours(self, groups: list[_Positions], rng: np.random.Generator) -> list[_Positions]:
        """What of the groups is painted in three colours only: there the same colours lie on swapped objects."""
        palette = _palette(rng.choice(COLOURS, _FEW_COLOURS, replace=False))
        return [positions[self._palettes[positions] & ~palette == 0] for positions in groups]

    def _mix(self, groups: list[_Positions], rng: np.random.Generator) -> _Positions:
        """An equal share from each group."""
        share = self._batch // len(groups)
        parts = [rng.choice(positions, min(share, len(positions)), replace=False) for positions in groups]
        return np.unique(np.concatenate(parts))


def _some(groups: list[_Positions], count: int, rng: np.random.Generator) -> list[_Positions]:
    chosen = rng.choice(len(groups), min(count, len(groups)), replace=False)
    return [groups[index] for index in chosen]


def _palette(colours: Iterable[str]) -> int:
    """A set of colours as bits."""
    return sum({1 << COLOURS.index(colour) for colour in colours})


def _objects(scene: Scene) -> list[_Key]:
    return [(group.object,) for group in scene.groups]


def _cast(scene: Scene) -> _Key:
    return tuple(sorted(group.object for group in scene.groups))

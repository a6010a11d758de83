"""Models and a table of towns to load with where no words matter."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.index.photos.places import Named
from tests.runtime.stores.contract_library import TOWN_NAMES

MODELS = {"clip/text.onnx": "0" * 64}


class PlayedEncoder:
    """A text tower of random directions, the same for the same text."""

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        drawn = np.stack([np.random.default_rng(list(text.encode())).normal(size=self.dimension) for text in texts])
        unit: NDArray[np.float32] = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
        return unit


@dataclass(frozen=True)
class PlayedModels:
    """What a load needs of models."""

    encoder: PlayedEncoder
    fingerprint: dict[str, str]


def played_models(dimension: int) -> PlayedModels:
    return PlayedModels(PlayedEncoder(dimension), MODELS)


class PlayedPlaces:
    """The contract's table of towns."""

    def others_of(self, towns: Collection[Named]) -> dict[Named, tuple[str, ...]]:
        return {town: others for town, others in TOWN_NAMES.items() if town in towns}

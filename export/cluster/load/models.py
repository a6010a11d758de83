"""What a load needs of the models that made shards: which they are, and what embeds the questions of a calibration."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from export.index.photos.places import Named
from runtime.artefacts.model_records import CosineLevels


class TextEncoder(Protocol):
    """A text tower."""

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors, (n, d) of L2 norm 1, of texts, none of which depends on the others."""
        ...


class LoadModels(Protocol):
    """As `Models` of a build, of which a load uses no more: it looks at no picture."""

    @property
    def fingerprint(self) -> Mapping[str, str]:
        """Sha256 by file, as `ModelsManifest.fingerprint` returns it."""
        ...

    @property
    def encoder(self) -> TextEncoder:
        """What embeds texts."""
        ...


class FileLoadModels(LoadModels, Protocol):
    """What a load into files needs beside that: clusters are searched as far as the encoder's cosines ask for."""

    @property
    def levels(self) -> CosineLevels:
        """What cosines of the encoder mean."""
        ...


class TownNames(Protocol):
    """What else towns are called; `PlacesFile` says it by a table."""

    def others_of(self, towns: Collection[Named]) -> Mapping[Named, tuple[str, ...]]:
        """Return the other names of these towns, folded, of those that have any."""
        ...

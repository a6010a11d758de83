"""Release: which index is served, and with which models. Knows their manifests, and opens nothing."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property

from runtime.artefacts.manifest import IndexManifest, ModelsManifest

SHOWN_DIGITS = 12  # of a sha256, enough to tell two exports apart


@dataclass(frozen=True)
class Release:
    """An index and the models that it is searched with."""

    index: IndexManifest
    models: ModelsManifest

    @property
    def generation(self) -> str:
        """The index's generation, such as "g000007"."""
        return self.index.generation

    @cached_property
    def models_name(self) -> str:
        """What the models are called, and the beginning of the sha256 over all their files' sha256."""
        fingerprint = json.dumps(self.models.fingerprint(), sort_keys=True).encode()
        return f"{self.models.clip.title} {hashlib.sha256(fingerprint).hexdigest()[:SHOWN_DIGITS]}"

    def __str__(self) -> str:
        awaited = f", {self.index.awaited:,} more to be embedded" if self.index.awaited else ""
        return f"{self.generation} ({self.index.count:,} pictures{awaited}, models {self.models_name})"

"""Lookwhy itself, through the doors that its own command lines use: an engine that is opened, an index that is built."""

import shutil
from collections.abc import Mapping, Sequence
from functools import cached_property
from io import StringIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.race.contender import Ask, Caption, TokenIds, Work
from benchmarks.race.course import BEAMS, TOP_K, Course
from runtime.artefacts.manifest import read_models_manifest
from runtime.bootstrap import open_engine
from runtime.images import open_image
from runtime.models.blip import BlipCaptioner, Tensors
from runtime.models.clip import ClipEncoder
from runtime.search.words import content_words, without_word
from runtime.settings import Settings


class Remembering(BlipCaptioner):
    """The captioner, which also keeps the token ids of its last captions: their number is held against the others'."""

    token_ids: NDArray[np.int64]

    def decode(self, cross: Tensors, pictures: int) -> NDArray[np.int64]:
        """Return what `BlipCaptioner.decode` does."""
        self.token_ids = super().decode(cross, pictures)
        return self.token_ids


class Ours:
    """The engine, and a captioner whose captions have a given length."""

    def __init__(self, course: Course, *, captions: bool) -> None:
        """Open the engine over the index with captions, and with captions the captioner, too."""
        folders = {"models_dir": course.models, "index_dir": course.our_index}
        settings = Settings.read(**folders, threads=course.threads, groq_api_key="")  # nobody else is asked
        self._course, self._engine = course, open_engine(settings)
        self._manifest = read_models_manifest(course.models)
        self._captioner = self._open_captioner(BEAMS) if captions else None

    def search(self, query: str) -> list[str]:
        """Return the names of the five best pictures; their captions come along from the index."""
        request = self._engine.limits.check_search(query, TOP_K, explain=False)
        return [hit.row.image_path for hit in self._engine.search(request).hits]

    def asks(self) -> Mapping[str, Ask]:
        """Return two kinds of search, and behind each the bare runs of the text tower without which it cannot be."""
        return {
            "search_ms": lambda query: lambda: self.search(query),
            "tower_ms": lambda query: self._tower([query]),
            "explained_ms": lambda query: lambda: self._engine.search(self._engine.limits.check_search(query, TOP_K)),
            "towers_ms": lambda query: self._tower([query], [without_word(query, word) for word in content_words(query)]),
        }

    def captions(self) -> Mapping[str, Caption]:
        """Return the way with the seed's beams, and the greedy way."""
        return {
            "captions_ms": lambda pictures: self._caption(pictures, self._captioner),
            "greedy_ms": lambda pictures: self._caption(pictures, self._greedy),
        }

    def index(self, folder: Path, out: Path, *, captions: bool) -> None:
        """Build the index anew, as `python -m export index` does."""
        from rich.console import Console

        from export.index.build import Models, build_index

        shutil.rmtree(out, ignore_errors=True)
        captioner, workers = self._worker_captioner if captions else None, self._course.threads
        models = Models(
            self._manifest.fingerprint(), self._worker_encoder, (lambda: captioner) if captioner else None, workers
        )
        build_index(folder, out, models=models, console=Console(file=StringIO()))

    @cached_property
    def _worker_encoder(self) -> ClipEncoder:
        """What an index is built with: as many workers as there are threads, and one thread for each."""
        return ClipEncoder(self._course.models, self._manifest.clip)

    @cached_property
    def _worker_captioner(self) -> Remembering:
        return self._open_captioner(BEAMS, threads=1)

    @cached_property
    def _greedy(self) -> Remembering:
        return self._open_captioner(1)

    def _tower(self, *batches: Sequence[str]) -> Work:
        """Return runs of the text tower alone, one a batch, in the engine's own session: its weights lie where they lie."""
        encoder = self._engine._encoder
        token_ids = [encoder.tokenize(batch) for batch in batches]
        return lambda: [encoder.embed_tokens(batch) for batch in token_ids]

    def _open_captioner(self, beams: int, *, threads: int | None = None) -> Remembering:
        assert self._manifest.blip
        record = self._manifest.blip.model_copy(update={"max_tokens": self._course.tokens, "num_beams": beams})
        return Remembering(self._course.models, record, threads or self._course.threads)

    def _caption(self, pictures: Sequence[Path], captioner: Remembering | None) -> TokenIds:
        """Return the token ids that a picture's caption has, padding left out."""
        assert captioner
        captioner.caption_images([open_image(picture, picture.name) for picture in pictures])
        return [
            [int(token_id) for token_id in row if token_id != captioner.record.pad_token_id] for row in captioner.token_ids
        ]


open_contender = Ours

"""Lookwhy itself, through the functions that its own commands call: `open_engine` and `build_index`."""

import shutil
from collections.abc import Mapping, Sequence
from functools import cached_property
from io import StringIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.race.implementation import CaptionPictures, PrepareSearch, Timed, TokenIds
from benchmarks.race.workload import BEAMS, TOP_K, Workload
from runtime.web.server.heap import collect_garbage_later

with collect_garbage_later():  # as the commands do
    from runtime.artefacts.manifest import read_models_manifest
    from runtime.bootstrap import open_engine
    from runtime.images import open_image
    from runtime.models.blip import BlipCaptioner, Tensors
    from runtime.models.clip import ClipEncoder
    from runtime.search.words import content_words, without_word
    from runtime.settings import Settings


class RecordingCaptioner(BlipCaptioner):
    """The captioner, which also keeps the token ids of its last captions, so that their number can be checked."""

    token_ids: NDArray[np.int64]

    def decode(self, cross: Tensors, pictures: int) -> NDArray[np.int64]:
        """Return what `BlipCaptioner.decode` does."""
        self.token_ids = super().decode(cross, pictures)
        return self.token_ids


class Lookwhy:
    """The engine, and a captioner whose captions all have the workload's number of tokens."""

    def __init__(self, workload: Workload, *, captions: bool) -> None:
        """Open the engine over the captioned index; with `captions`, open the captioner as well."""
        folders = {"models_dir": workload.models, "index_dir": workload.lookwhy_index}
        with collect_garbage_later():
            settings = Settings.read(**folders, threads=workload.threads, groq_api_key="")  # no explanation is asked of Groq
            self._workload, self._engine = workload, open_engine(settings)
        self._manifest = read_models_manifest(workload.models)
        self._captioner = self._open_captioner(BEAMS) if captions else None

    def search(self, query: str) -> list[str]:
        """Return the file names of the five best pictures; their captions are read from the index."""
        request = self._engine.limits.check_search(query, TOP_K, explain=False)
        return [hit.row.image_path for hit in self._engine.search(request).hits]

    def search_variants(self) -> Mapping[str, PrepareSearch]:
        """Return search without and with explanations, and for each the text tower runs alone that it needs."""
        return {
            "search_ms": lambda query: lambda: self.search(query),
            "tower_ms": self._embedding,
            "explained_ms": lambda query: lambda: self._engine.search(self._engine.limits.check_search(query, TOP_K)),
            "towers_ms": self._weighing,
        }

    def caption_variants(self) -> Mapping[str, CaptionPictures]:
        """Return captioning with the seed project's beam count, and greedy captioning."""
        return {
            "captions_ms": lambda pictures: self._caption(pictures, self._captioner),
            "greedy_ms": lambda pictures: self._caption(pictures, self._greedy),
        }

    def index(self, folder: Path, out: Path, *, captions: bool) -> None:
        """Build the index from nothing, as `python -m export index` does."""
        from rich.console import Console

        from export.index.build import Models, build_index

        shutil.rmtree(out, ignore_errors=True)
        captioner, workers = self._worker_captioner if captions else None, self._workload.threads
        models = Models(
            self._manifest.fingerprint(), self._worker_encoder, (lambda: captioner) if captioner else None, workers
        )
        build_index(folder, out, models=models, console=Console(file=StringIO()))

    @cached_property
    def _worker_encoder(self) -> ClipEncoder:
        """The encoder that builds indexes: one thread, as there is a worker for each of the workload's threads."""
        return ClipEncoder(self._workload.models, self._manifest.clip)

    @cached_property
    def _worker_captioner(self) -> RecordingCaptioner:
        return self._open_captioner(BEAMS, threads=1)

    @cached_property
    def _greedy(self) -> RecordingCaptioner:
        return self._open_captioner(1)

    def _embedding(self, query: str) -> Timed:
        """Return the run of the text tower alone that a search needs, in the engine's own session."""
        encoder = self._engine.encoder
        token_ids = encoder.tokenize([query])
        return lambda: encoder.embed_tokens(token_ids)

    def _weighing(self, query: str) -> Timed:
        """Return the same with the query's words weighed."""
        encoder = self._engine.encoder
        forms = [without_word(query, word) for word in content_words(query)]
        text, shortened = encoder.tokenize([query]), encoder.tokenize(forms)
        return lambda: encoder.embed_with_shortened(text, shortened)

    def _open_captioner(self, beams: int, *, threads: int | None = None) -> RecordingCaptioner:
        assert self._manifest.blip
        record = self._manifest.blip.model_copy(update={"max_tokens": self._workload.tokens, "num_beams": beams})
        return RecordingCaptioner(self._workload.models, record, threads or self._workload.threads)

    def _caption(self, pictures: Sequence[Path], captioner: RecordingCaptioner | None) -> TokenIds:
        """Return the token ids of each picture's caption, without padding."""
        assert captioner
        captioner.caption_images([open_image(picture, picture.name) for picture in pictures])
        return [
            [int(token_id) for token_id in row if token_id != captioner.record.pad_token_id] for row in captioner.token_ids
        ]


open_implementation = Lookwhy

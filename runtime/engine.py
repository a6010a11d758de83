"""The verbs: search, caption. No HTTP and no environment; every collaborator comes in by the constructor."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from runtime.errors import ImageError, QueryEmpty, QueryTooLong, RequestMalformed, TopKOutOfRange
from runtime.evidence import Evidence
from runtime.explain import Explainer, HitFacts
from runtime.images import open_image
from runtime.library import ImageRow, Library
from runtime.stores import VectorStore

if TYPE_CHECKING:
    from PIL.Image import Image

log = logging.getLogger(__name__)


class TextEncoder(Protocol):
    """What turns a query into a vector; `ClipEncoder` does."""

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (n, d) float32, each row of L2 norm 1."""
        ...


class Captioner(Protocol):
    """What puts pictures into words; `BlipCaptioner` does."""

    def caption_images(self, images: Sequence["Image"]) -> list[str]:
        """Return one caption for each RGB picture."""
        ...


CaptionSource = Literal["index", "live", "none"]


@dataclass(frozen=True)
class Limits:
    """What one request may ask for."""

    top_k_max: int = 100
    query_max_chars: int = 1000


@dataclass(frozen=True)
class Hit:
    """One picture that answers a query. `explanation` is empty where none was asked for."""

    row: ImageRow
    image_url: str
    evidence: Evidence
    caption: str
    caption_source: CaptionSource
    explanation: str = ""
    explanation_source: str = "none"


@dataclass(frozen=True)
class SearchAnswer:
    """The hits, best first, and how long each stage took, in milliseconds."""

    query: str
    top_k: int
    hits: list[Hit]
    timings_ms: dict[str, float] = field(default_factory=dict)


class Engine:
    """One library, its models and its explainer. Searches may run side by side in threads."""

    def __init__(
        self,
        encoder: TextEncoder,
        store: VectorStore,
        library: Library,
        explainer: Explainer,
        *,
        open_captioner: Callable[[], Captioner] | None = None,
        limits: Limits = Limits(),
    ) -> None:
        """Keep the collaborators; the captioner is opened when a picture without a caption is met."""
        self.library, self.limits = library, limits
        self._encoder, self._store, self._explainer = encoder, store, explainer
        self._open_captioner = open_captioner
        self._captioner: Captioner | None = None
        self._captioning = threading.Lock()
        self._live_captions: dict[int, str] = {}  # by id; a caption is made once a process

    @property
    def count(self) -> int:
        """How many pictures the library holds."""
        return self._store.count

    def search_by_text(self, query: str, top_k: int, *, explain: bool = True) -> SearchAnswer:
        """Return the pictures nearest to the query, best first.

        Args:
            query: what the picture should show, in words.
            top_k: how many pictures are wanted; a smaller library gives all it has.
            explain: whether each hit gets its sentence.

        Raises:
            QueryEmpty, QueryTooLong, TopKOutOfRange: the request is outside its limits.
            SessionFailed: a graph refused its input.
        """
        query = self._checked_query(query)
        self._check_top_k(top_k)
        clock = Stopwatch()
        with clock.stage("embed"):
            vector = self._encoder.embed_texts([query])  # (1, d)
        with clock.stage("search"):
            ids, scores = self._store.search(vector, top_k)  # both (1, k)
        with clock.stage("rows"):
            rows = self.library.rows([int(image_id) for image_id in ids[0]])
        with clock.stage("caption"):
            captions = self._captions(rows)
        hits = [
            Hit(row, self.library.image_url(row), Evidence(score=float(score)), *caption)
            for row, score, caption in zip(rows, scores[0], captions, strict=True)
        ]
        if explain:
            with clock.stage("explain"):
                hits = self._explained(query, hits)
        return SearchAnswer(query, top_k, hits, clock.timings_ms)

    def _explained(self, query: str, hits: list[Hit]) -> list[Hit]:
        facts = [HitFacts(hit.row.id, hit.row.image_path, hit.caption or None, hit.evidence.score) for hit in hits]
        explanations = self._explainer.explain(query, facts)
        return [
            replace(hit, explanation=sentence.text, explanation_source=sentence.source)
            for hit, sentence in zip(hits, explanations, strict=True)
        ]

    def _captions(self, rows: Sequence[ImageRow]) -> list[tuple[str, CaptionSource]]:
        """Return each row's caption and where it came from; all that are missing are made in one batch."""
        missing = [row for row in rows if row.caption is None]
        live = self._caption_live(missing) if missing else {}
        return [_caption_of(row, live) for row in rows]

    def _caption_live(self, rows: Sequence[ImageRow]) -> dict[int, str]:
        if self._open_captioner is None:
            return {}
        with self._captioning:  # one batch at a time: two would share the same cores and double the memory
            unseen = [row for row in rows if row.id not in self._live_captions]
            pictures = dict(self._readable(unseen))
            if pictures:
                self._captioner = self._captioner or self._open_captioner()
                captions = self._captioner.caption_images(list(pictures.values()))
                self._live_captions.update(zip(pictures, captions, strict=True))
            return {row.id: self._live_captions[row.id] for row in rows if row.id in self._live_captions}

    def _readable(self, rows: Sequence[ImageRow]) -> Iterator[tuple[int, "Image"]]:
        for row in rows:
            try:
                yield row.id, open_image(self.library.image_file(row.image_path), row.image_path)
            except ImageError as error:  # the picture went away or broke since it was indexed: no caption, still a hit
                log.warning("no caption: %s", error)

    def _checked_query(self, query: str) -> str:
        try:
            query.encode()
        except UnicodeEncodeError as cause:  # half a surrogate pair: JSON can carry it, no tokenizer can
            raise RequestMalformed("The query holds half a character (an unpaired surrogate). Send whole ones.") from cause
        stripped = query.strip()
        if not stripped:
            raise QueryEmpty
        if len(stripped) > self.limits.query_max_chars:
            raise QueryTooLong(len(stripped), self.limits.query_max_chars)
        return stripped

    def _check_top_k(self, top_k: int) -> None:
        if not 1 <= top_k <= self.limits.top_k_max:
            raise TopKOutOfRange(top_k, self.limits.top_k_max)


class Stopwatch:
    """Milliseconds by stage, in the order in which the stages ran."""

    def __init__(self) -> None:
        self.timings_ms: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block under `name`."""
        start = perf_counter()
        try:
            yield
        finally:
            self.timings_ms[name] = round((perf_counter() - start) * 1000, 3)


def _caption_of(row: ImageRow, live: dict[int, str]) -> tuple[str, CaptionSource]:
    if row.caption is not None:
        return row.caption, "index"
    return (live[row.id], "live") if row.id in live else ("", "none")

"""The workload that every implementation is given: folders, threads, tokens, and queries that never repeat.

Knows no implementation. Is passed to a run's process as one line of JSON.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

# Those of `benchmarks/models/checkpoints/tokenizers.py`, which imports transformers; a test holds the two together.
WORDS = ("red", "boat", "house", "sunset", "forest", "castle", "above", "beside", "under", "two", "three")
QUERY_WORDS = 8  # each a token of the stand-ins' vocabulary: with start and end, 10 tokens
BEAMS = 3  # the seed's
TOP_K = 5
PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True)
class Workload:
    """The inputs of a run.

    Attributes:
        clip: the CLIP checkpoint's folder, as transformers reads it.
        blip: the BLIP checkpoint's.
        models: the same two as Lookwhy exported them.
        plain: the same two as plain fp32 graphs.
        pictures: the library's folder.
        few_pictures: a folder with a few of them, as the seed project takes seconds for each caption.
        one_picture: a folder with one of them, to warm up an index build.
        seed_index: the seed's index of the library.
        lookwhy_index: Lookwhy's, with captions.
        threads: how many an implementation may use.
        tokens: how many each caption has.
        queries: how many warm searches are timed.
    """

    clip: Path
    blip: Path
    models: Path
    plain: Path
    pictures: Path
    few_pictures: Path
    one_picture: Path
    seed_index: Path
    lookwhy_index: Path
    threads: int = 1
    tokens: int = 12
    queries: int = 40

    def to_json(self) -> str:
        """Return it as one line."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, line: str) -> Self:
        """Parse what `to_json` wrote."""
        given = json.loads(line)
        parts: dict[str, Any] = {part.name: Path if part.type is Path else int for part in fields(cls)}
        return cls(**{name: kind(given[name]) for name, kind in parts.items()})

    def make_queries(self) -> Iterator[str]:
        """Yield queries without end, no two the same, so that no cache can answer one."""
        draw, seen = random.Random(0), set()
        while True:
            query = " ".join(draw.sample(WORDS, QUERY_WORDS))
            if query not in seen:
                seen.add(query)
                yield query

    def pictures_to_caption(self) -> list[Path]:
        """Return the five pictures that a request captions."""
        return pictures_in(self.pictures)[:TOP_K]


def pictures_in(folder: Path) -> list[Path]:
    """Return the picture files of a folder, in the order of their names."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES)

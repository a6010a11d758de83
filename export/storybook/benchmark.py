"""Measures any encoder and captioner on a folder of drawn scenes.

The models are three functions, so the same code measures torch in fp32 and the quantized, torch-free runtime. Owns the
queries; the callers decide which folders are used and which figures are good enough.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.storybook.captions import PLACE_PHRASES, PLACE_PREPOSITIONS, noun_phrase
from export.storybook.facts import Facts, StatedGroup, encode_facts, truth_table
from export.storybook.folder import Entry, read_folder
from export.storybook.metrics import caption_figures, hit_at_1, recall_at
from export.storybook.queries import Query, partial_query
from export.storybook.scenes import AIR, COLOURS, COUNTS, OBJECTS, PLACES, Scene

_QUERY_SEED = 99
_SEVERAL = {2: "two", 3: "three"}

EmbedTexts = Callable[[Sequence[str]], NDArray[np.float32]]
"""n texts -> (n, d) float32 of L2 norm 1."""

EmbedImages = Callable[[Sequence[bytes]], NDArray[np.float32]]
"""n encoded pictures -> (n, d) float32 of L2 norm 1. Takes the files' bytes: decoding and resizing are measured too."""

CaptionImages = Callable[[Sequence[bytes]], Sequence[str]]
"""n encoded pictures -> n captions."""


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """Drawn scenes on which models are evaluated, with their files' bytes."""

    entries: tuple[Entry, ...]
    files: tuple[bytes, ...]

    @classmethod
    def read(cls, folder: Path, count: int | None = None) -> "EvaluationSet":
        """Read the first `count` scenes of a folder that `draw` wrote; None reads all."""
        entries = tuple(read_folder(folder))[:count]
        return cls(entries, tuple((folder / entry.file).read_bytes() for entry in entries))

    def exact_captions(self) -> list[str]:
        """Return the canonical caption of each picture."""
        return [entry.captions[0] for entry in self.entries]


def search_figures(evaluation_set: EvaluationSet, embed_texts: EmbedTexts, embed_images: EmbedImages) -> dict[str, float]:
    """Return recall@k of exact captions, and hit@1 of partial and of short queries.

    Recall counts only the picture that the caption was made from, so captions should be distinct. hit@1 counts every picture
    that shows what the query states.
    """
    images = embed_images(evaluation_set.files)
    figures = recall_at(embed_texts(evaluation_set.exact_captions()) @ images.T, (1, 5, 10))
    scenes = encode_facts([Facts.of_scene(entry.scene) for entry in evaluation_set.entries])
    for name, queries in query_sets([entry.scene for entry in evaluation_set.entries]).items():
        scores = embed_texts([query.text for query in queries]) @ images.T
        true = truth_table(encode_facts([query.facts for query in queries]), scenes)
        figures[name] = hit_at_1(scores, true)
    return figures


def score_captions(evaluation_set: EvaluationSet, caption_images: CaptionImages) -> dict[str, float]:
    """Return how exact the captions of all pictures are, and their F1."""
    return caption_figures(caption_images(evaluation_set.files), evaluation_set.exact_captions())


def query_sets(scenes: Sequence[Scene]) -> dict[str, list[Query]]:
    """Return the queries of `search_figures` by name: one partial query for each scene, then all short queries."""
    rng = random.Random(_QUERY_SEED)
    return {
        "partial": [partial_query(scene, rng) for scene in scenes],
        "a OBJECT": [_object_query(noun_phrase(1, "", name), name) for name in OBJECTS],
        "OBJECT": [_object_query(name, name) for name in OBJECTS],
        "a COLOUR OBJECT": [
            _object_query(noun_phrase(1, colour, name), name, colour) for name in OBJECTS for colour in COLOURS
        ],
        "two OBJECTS": [_object_query(noun_phrase(count, "", name), name, "", (count,))
                        for name in OBJECTS for count in _SEVERAL],
        "a OBJECT in PLACE": [_place_query(name, place) for name in OBJECTS for place in PLACES],
    }  # fmt: skip


def _object_query(text: str, name: str, colour: str = "", counts: tuple[int, ...] = COUNTS) -> Query:
    return Query(text, Facts((StatedGroup(name, colour, counts),)))


def _place_query(name: str, place: str) -> Query:
    preposition = "above" if name in AIR else PLACE_PREPOSITIONS[place]
    text = f"{noun_phrase(1, '', name)} {preposition} {PLACE_PHRASES[place]}"
    return Query(text, Facts((StatedGroup(name),), place=place))

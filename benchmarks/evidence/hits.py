"""Every single hit: whether the right ones come first and are called a match, by the kind of question.

The mean over all questions hides the worst kind, so each kind has a row. A hit counts by whether its scene shows what the
question states, whichever scene the question was made from.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np

from benchmarks.evidence.scene_library import SceneLibrary
from benchmarks.evidence.verdicts import calibration_error
from export.storybook.captions import PLACE_PHRASES, PLACE_PREPOSITIONS, TIME_PHRASES, noun_phrase
from export.storybook.facts import Facts, StatedGroup
from export.storybook.queries import Query, paraphrase, wording_of_place, wording_of_time
from export.storybook.scenes import COLOURS, COUNTS, OBJECTS, PLACES, TIMES, Scene

TOP_K, FIRST = 10, 5
QUESTIONS = 40  # of each kind and library that some scene matches, and as many that none does


@dataclass
class KindFigures:
    """What was counted of one kind of question."""

    reciprocal_ranks: list[float] = field(default_factory=list)
    precisions: list[float] = field(default_factory=list)
    probabilities: list[float] = field(default_factory=list)
    is_match: list[bool] = field(default_factory=list)
    called: list[bool] = field(default_factory=list)  # strong or weak, of each hit
    told: list[bool] = field(default_factory=list)  # of questions without a match: the search's verdict is none

    def extend(self, other: "KindFigures") -> None:
        """Add what was counted elsewhere."""
        for name, values in vars(self).items():
            values.extend(getattr(other, name))

    def figures(self) -> dict[str, float]:
        """Return the shares and means by name; NaN for what never occurred."""
        is_match, called = np.array(self.is_match, dtype=bool), np.array(self.called, dtype=bool)
        return {
            "first right": _mean([rank == 1.0 for rank in self.reciprocal_ranks]),
            "reciprocal rank": _mean(self.reciprocal_ranks),
            "precision@5": _mean(self.precisions),
            "true hits called a match": _mean(called[is_match]),
            "false hits called a match": _mean(called[~is_match]),
            "nothing there: told": _mean(self.told),
            "ECE": calibration_error(np.array(self.probabilities), is_match.astype(float)) if self.is_match else np.nan,
        }


def hit_figures(libraries: Sequence[SceneLibrary], seed: str, questions: int = QUESTIONS) -> dict[str, dict[str, float]]:
    """Return the figures by kind of question, and of all kinds together under "all"."""
    counted = {kind: KindFigures() for kind in KINDS}
    for number, library in enumerate(libraries):
        for kind, draw in KINDS.items():
            rng = random.Random(f"hits:{seed}:{number}:{kind}")
            present, absent = _questions(library, draw, rng, questions)
            for query in present:
                _count_hits(counted[kind], library, query)
            counted[kind].told += [library.search(query.text, TOP_K).verdict == "none" for query in absent]
    everything = KindFigures()
    for figures in counted.values():
        everything.extend(figures)
    return {kind: figures.figures() for kind, figures in (counted | {"all": everything}).items()}


def markdown_table(figures: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """Yield the lines of a Markdown table, a row for each kind of question."""
    columns = list(next(iter(figures.values())))
    yield f"| question | {' | '.join(columns)} |"
    yield f"|{'---|' * (len(columns) + 1)}"
    for kind, row in figures.items():
        yield f"| {kind} | {' | '.join('' if np.isnan(row[name]) else f'{row[name]:.3f}' for name in columns)} |"


def _questions(
    library: SceneLibrary, draw: Callable[[SceneLibrary, random.Random], Query], rng: random.Random, count: int
) -> tuple[list[Query], list[Query]]:
    """Return up to `count` distinct questions that some scene answers, and as many that none does."""
    drawn = {query.text: query for query in (draw(library, rng) for _ in range(20 * count))}
    is_answered = [bool(row.any()) for row in library.truth(list(drawn.values()))]
    present = (query for query, answered in zip(drawn.values(), is_answered, strict=True) if answered)
    absent = (query for query, answered in zip(drawn.values(), is_answered, strict=True) if not answered)
    return list(islice(present, count)), list(islice(absent, count))


def _count_hits(figures: KindFigures, library: SceneLibrary, query: Query) -> None:
    truth = [bool(shows) for shows in library.truth([query])[0]]
    hits = library.search(query.text, TOP_K).hits
    is_match = [truth[hit.row.id - 1] for hit in hits]
    first = is_match.index(True) + 1 if True in is_match else 0
    figures.reciprocal_ranks.append(1 / first if first else 0.0)
    figures.precisions.append(sum(is_match[:FIRST]) / min(FIRST, sum(truth)))
    figures.is_match += is_match
    figures.probabilities += [hit.evidence.match_probability or 0.0 for hit in hits]
    figures.called += [hit.evidence.verdict in ("strong", "weak") for hit in hits]


def _colour(_: SceneLibrary, rng: random.Random) -> Query:
    name, colour = rng.choice(OBJECTS), rng.choice(COLOURS)
    return Query(noun_phrase(1, colour, name), Facts((StatedGroup(name, colour),)))


def _number(_: SceneLibrary, rng: random.Random) -> Query:
    name, count = rng.choice(OBJECTS), rng.choice((2, 3))
    return Query(noun_phrase(count, "", name), Facts((StatedGroup(name, "", (count,)),)))


def _place_or_time(_: SceneLibrary, rng: random.Random) -> Query:
    """An object at a place or time, as captions name it: "a kite in the rain"."""
    return _object_at(
        rng,
        lambda time: TIME_PHRASES[time],
        lambda place: f"{PLACE_PREPOSITIONS[place]} {PLACE_PHRASES[place]}",
    )


def _pair(_: SceneLibrary, rng: random.Random) -> Query:
    one, other = rng.sample(OBJECTS, 2)
    text = f"{noun_phrase(1, '', one)} and {noun_phrase(1, '', other)}"
    return Query(text, Facts((StatedGroup(one), StatedGroup(other))))


def _synonym(_: SceneLibrary, rng: random.Random) -> Query:
    """An object at a place or time that is named otherwise than in captions: "a boat at dusk"."""
    return _object_at(rng, lambda time: wording_of_time(time, rng), lambda place: wording_of_place(place, rng))


def _object_at(rng: random.Random, say_time: Callable[[str], str], say_place: Callable[[str], str]) -> Query:
    name = rng.choice(OBJECTS)
    if rng.random() < 0.5:
        time = rng.choice(TIMES)
        return Query(f"{noun_phrase(1, '', name)} {say_time(time)}", Facts((StatedGroup(name),), time=time))
    place = rng.choice(PLACES)
    return Query(f"{noun_phrase(1, '', name)} {say_place(place)}", Facts((StatedGroup(name),), place=place))


def _paraphrase(library: SceneLibrary, rng: random.Random) -> Query:
    """A scene of the library in other words; every other one is changed in one thing, so that it may be nowhere.

    As in the other kinds, "a castle" is also shown by three.
    """
    scene: Scene = rng.choice(library.scenes)
    query = paraphrase(library.near_miss_of(scene, rng) if rng.random() < 0.5 else scene, rng)
    groups = tuple(replace(group, counts=COUNTS) if group.counts == (1,) else group for group in query.facts.groups)
    return Query(query.text, replace(query.facts, groups=groups))


KINDS: dict[str, Callable[[SceneLibrary, random.Random], Query]] = {
    "“a green car”": _colour,
    "“two planes”": _number,
    "“a kite in the rain”": _place_or_time,
    "“a cat and a tree”": _pair,
    "“a boat at dusk”: a synonym": _synonym,
    "a whole scene, paraphrased": _paraphrase,
}


def _mean(values: object) -> float:
    array = np.asarray(values, dtype=float)
    return float(array.mean()) if array.size else float("nan")

"""How well minus-words leave pictures out, and how well mixes of a picture and words find what both ask for."""

import random
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.evidence.scene_library import SEED, SceneLibrary
from export.storybook.scenes import Scene

TOP_K = 5
CALLED_OF = 40
DRAWS = 60  # of scenes, in each library
Figures = dict[str, float]


def minus_word_figures(libraries: list[SceneLibrary]) -> Figures:
    """Return which share of the first five hits is right without and with a minus-word, where five right ones exist.

    And of the first `CALLED_OF` hits with one, those called a match: which share of them shows what is unwanted; and which
    share of the right ones, as far as they are among these hits, is called a match.
    """
    plain_shares, minus_shares, unwanted, called_right = [], [], list[bool](), list[bool]()
    for number, library in enumerate(libraries):
        rng = random.Random(f"minus:{SEED}:{number}")
        for _ in range(DRAWS):
            scene = rng.choice(library.scenes)
            group = rng.choice(scene.groups)
            word, shows_word = rng.choice(_words_to_leave_out(scene, group.colour))
            is_right = [_holds(other, group.object) and not shows_word(other) for other in library.scenes]
            if sum(is_right) >= TOP_K:
                plain_shares.append(_share_right(library, f"a {group.object}", is_right))
                minus = f"a {group.object} -{word}"
                minus_shares.append(_share_right(library, minus, is_right))
                for hit in library.search(minus, CALLED_OF).hits:
                    is_called = hit.evidence.verdict != "none"
                    if is_called:
                        unwanted.append(shows_word(library.scenes[hit.row.id - 1]))
                    if is_right[hit.row.id - 1]:
                        called_right.append(is_called)
    return {
        "first five of “a boat” that are boats and not at sunset": float(np.mean(plain_shares)),
        "the same of “a boat -sunset”": float(np.mean(minus_shares)),
        "“a boat -sunset”, of those called a match: with a sunset": float(np.mean(unwanted)),
        "“a boat -sunset”, of boats without a sunset: called a match": float(np.mean(called_right)),
    }


def mix_figures(libraries: list[SceneLibrary]) -> Figures:
    """Return how often a picture and “at night” find the same objects at night first, where the library has such a scene."""
    names = {0.0: "words alone", 0.5: "half and half", 1.0: "picture alone"}
    is_right: dict[float, list[bool]] = {weight: [] for weight in names}
    for number, library in enumerate(libraries):
        for index, wanted in _scenes_that_exist_at_night(library, random.Random(f"mix:{SEED}:{number}")):
            for weight, results in is_right.items():
                request = library.engine.limits.check_search(
                    "at night", 1, like=index + 1, picture_weight=weight, explain=False
                )
                answer = library.engine.search(request)
                results.append(wanted[answer.hits[0].row.id - 1])
    return {
        f"a picture and “at night”, first hit right, {names[weight]}": float(np.mean(results))
        for weight, results in is_right.items()
    }


def _words_to_leave_out(scene: Scene, colour: str) -> list[tuple[str, Callable[[Scene], bool]]]:
    """Return words that describe a scene, each with the test whether another scene shows it."""
    return [
        ({"day": "sunny", "rain": "rain"}.get(scene.time, scene.time), lambda other: other.time == scene.time),
        (scene.place, lambda other: other.place == scene.place),
        (colour, lambda other: any(group.colour == colour for group in other.groups)),
    ]


def _holds(scene: Scene, object_name: str) -> bool:
    return any(group.object == object_name for group in scene.groups)


def _share_right(library: SceneLibrary, query: str, is_right: list[bool]) -> float:
    hits = library.search(query, TOP_K).hits
    return float(np.mean([is_right[hit.row.id - 1] for hit in hits]))


def _scenes_that_exist_at_night(library: SceneLibrary, rng: random.Random) -> Iterator[tuple[int, list[bool]]]:
    """Yield drawn scenes by day whose objects some scene shows at night: the index, and which scenes those are."""
    for index in rng.sample(range(len(library.scenes)), DRAWS):
        scene = library.scenes[index]
        objects = {group.object for group in scene.groups}
        wanted = [other.time == "night" and objects <= {group.object for group in other.groups} for other in library.scenes]
        if scene.time != "night" and any(wanted):
            yield index, wanted

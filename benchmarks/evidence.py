"""Is the evidence true? python -m benchmarks.evidence [MODELS]

On storybook worlds where the truth is known, by the product's own way: verdicts over questions with and without a match, the
pointing game and the occlusion check over heatmaps, minus-words and mixes, and what each costs beside the bare search.
"""

import random
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.worlds import (
    KINDS,
    SEED,
    World,
    choose_absent,
    make_world,
    matching_queries,
    missing_queries,
    scenes_without,
)
from export.index.match_calibration import auroc
from export.storybook.captions import noun_phrase
from export.storybook.scenes import Scene
from runtime.search.evidence import Answer
from runtime.terminal import told_errors

WORLDS, SCENES, ABSENT = 5, 300, 4
QUESTIONS = 500  # of each sort
TOP_K = 5
BINS = 10
Figures = dict[str, float]


def main(
    models: Annotated[Path, typer.Argument(help="A folder that `python -m export models` wrote.")] = Path("sample/models"),
) -> None:
    """Print every figure, one a line."""
    with told_errors(), TemporaryDirectory() as scratch:
        worlds = [_make(Path(scratch) / str(number), models, number) for number in range(WORLDS)]
        figures = verdict_figures(worlds) | unwanted_figures(worlds) | mix_figures(worlds)
        figures |= heatmap_figures(Path(scratch) / "heatmaps", models)
        console = Console(highlight=False)
        for name, value in figures.items():
            console.print(f"| {name} | {value:.3f} |", soft_wrap=True, markup=False)


def verdict_figures(worlds: list[World]) -> Figures:
    """Return how well the verdicts tell questions with a match from those without, beside the best flat cosine cut-off."""
    present: list[Answer] = []
    absent: list[tuple[str, Answer]] = []
    chances: list[float] = []
    shown: list[bool] = []
    first_by_score, first = [], []
    for number, world in enumerate(worlds):
        rng = random.Random(f"questions:{SEED}:{number}")
        queries = matching_queries(world, rng, QUESTIONS // WORLDS)
        missing = missing_queries(world, rng, QUESTIONS // WORLDS)
        answers = [_ask(world, query.text) for query in queries]
        present += answers
        absent += [(kind, _ask(world, query.text)) for kind, query in missing]
        truth = world.truth(queries)
        for answer, row in zip(answers, truth, strict=True):
            first.append(row[answer.hits[0].row.id - 1])
            first_by_score.append(row[max(answer.hits, key=lambda hit: hit.evidence.score).row.id - 1])
            chances += [hit.evidence.match_probability or 0.0 for hit in answer.hits]
            shown += [bool(row[hit.row.id - 1]) for hit in answer.hits]
    true, false = _probabilities(present), _probabilities([answer for _, answer in absent])
    best, nearest = (np.array([max(hit.evidence.score for hit in answer.hits) for answer in answers])
                     for answers in (present, [answer for _, answer in absent]))  # fmt: skip
    cut = float(np.quantile(best, 0.05))
    figures = {
        "with a match: the top hit is strong or weak": _share(a.hits[0].evidence.verdict != "none" for a in present),
        "with a match: the top hit is strong": _share(a.hits[0].evidence.verdict == "strong" for a in present),
        "without: the search verdict is none": _share(answer.verdict == "none" for _, answer in absent),
        "without: the search verdict is strong": _share(answer.verdict == "strong" for _, answer in absent),
    }
    figures |= {
        f"without, an absent {kind}: none": _share(answer.verdict == "none" for of, answer in absent if of == kind)
        for kind in KINDS
    }
    return figures | {
        "AUROC of the search verdict's probability": auroc(true, false),
        "its calibration error (ECE, 10 bins)": calibration_error(
            np.concatenate([true, false]), np.repeat([1.0, 0.0], [len(true), len(false)])
        ),
        "calibration error of single hits": calibration_error(np.array(chances), np.array(shown, dtype=float)),
        "AUROC of the best cosine": auroc(best, nearest),
        "flat cosine cut-off that keeps 95 % of the matches, chosen on these very questions": cut,
        "without: below that cut-off": float((nearest < cut).mean()),
        "with a match: the first hit shows it, by probability": float(np.mean(first)),
        "with a match: the first hit shows it, by cosine": float(np.mean(first_by_score)),
    }


def unwanted_figures(worlds: list[World]) -> Figures:
    """Return which share of the first five hits is right with and without a minus-word, where five right ones exist."""
    right: dict[str, list[float]] = {"": [], "minus": []}
    for number, world in enumerate(worlds):
        rng = random.Random(f"minus:{SEED}:{number}")
        for _ in range(60):
            scene = rng.choice(world.scenes)
            group = rng.choice(scene.groups)
            word, shows = rng.choice(_traits(scene, group.colour))
            wanted = [any(other.object == group.object for other in one.groups) and not shows(one) for one in world.scenes]
            if sum(wanted) < TOP_K:
                continue
            for form, query in (("", f"a {group.object}"), ("minus", f"a {group.object} -{word}")):
                hits = _ask(world, query).hits
                right[form].append(_share(wanted[hit.row.id - 1] for hit in hits))
    return {
        "first five of “a boat” that are boats and not at sunset": float(np.mean(right[""])),
        "the same of “a boat -sunset”": float(np.mean(right["minus"])),
    }


def mix_figures(worlds: list[World]) -> Figures:
    """Return how often a picture and “at night” find the same object at night first, where the library has one."""
    right: dict[float, list[bool]] = {0.0: [], 0.5: [], 1.0: []}
    for number, world in enumerate(worlds):
        rng = random.Random(f"mix:{SEED}:{number}")
        for at in rng.sample(range(SCENES), 60):
            objects = {group.object for group in world.scenes[at].groups}
            fits = [one.time == "night" and objects <= {group.object for group in one.groups} for one in world.scenes]
            if world.scenes[at].time == "night" or not any(fits):
                continue
            for weight, found in right.items():
                request = world.engine.limits.check_search("at night", 1, like=at + 1, picture_weight=weight, explain=False)
                answer = world.engine.search(request)
                found.append(fits[answer.hits[0].row.id - 1])
    names = {0.0: "words alone", 0.5: "half and half", 1.0: "picture alone"}
    return {f"a picture and “at night”, first hit right, {names[weight]}": float(np.mean(f)) for weight, f in right.items()}


def heatmap_figures(folder: Path, models: Path) -> Figures:
    """Return the pointing game and the occlusion check on scenes of one or two single objects, one of them asked for."""
    rng = random.Random(f"heatmaps:{SEED}")
    single = (scene for scene in scenes_without((), rng) if all(group.count == 1 for group in scene.groups))
    world = make_world(folder, models, list(islice(single, QUESTIONS)), f"heatmaps:{SEED}")
    pointed, share, holds, drops = [], [], [], []
    for at, (scene, boxes) in enumerate(zip(world.scenes, world.boxes, strict=True)):
        group = rng.choice(scene.groups)
        query = noun_phrase(1, group.colour, group.object)
        request = world.engine.limits.check_explain(query, [at + 1], heatmap=True, explain=False)
        [hit] = world.engine.explain(request).hits
        heatmap, occlusion = hit.evidence.heatmap, hit.evidence.occlusion
        assert heatmap
        assert occlusion
        contributions, (x0, y0, x1, y1) = heatmap.contributions, heatmap.box
        row, column = divmod(int(contributions.argmax()), len(contributions))
        x = x0 + (column + 0.5) / len(contributions) * (x1 - x0)
        y = y0 + (row + 0.5) / len(contributions) * (y1 - y0)
        named = [box for box in boxes if (box.object, box.colour) == (group.object, group.colour)]
        pointed.append(any(box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1 for box in named))
        share.append(sum((box.x1 - box.x0) * (box.y1 - box.y0) for box in named))
        holds.append(occlusion.holds)
        drops.append((occlusion.hottest_drop, occlusion.random_drop))
    hottest, others = np.mean(drops, axis=0)
    return {
        "pointing game: the centre of the hottest patch lies in the object's box": float(np.mean(pointed)),
        "chance, the box's share of the picture": float(np.mean(share)),
        "occlusion: the hottest patches cost more than random ones": float(np.mean(holds)),
        "mean drop of the score, hottest patches": float(hottest),
        "mean drop of the score, random patches": float(others),
    }


def calibration_error(chances: NDArray[np.float64], holds: NDArray[np.float64]) -> float:
    """Return the expected calibration error over `BINS` equal bins of probability (Naeini et al., AAAI 2015)."""
    bins = np.minimum((chances * BINS).astype(int), BINS - 1)
    gaps = [
        (bins == at).mean() * abs(chances[bins == at].mean() - holds[bins == at].mean())
        for at in range(BINS)
        if (bins == at).any()
    ]
    return float(sum(gaps))


def _make(folder: Path, models: Path, number: int) -> World:
    rng = random.Random(f"world:{SEED}:{number}")
    absent = choose_absent(rng, ABSENT)
    return make_world(folder, models, list(islice(scenes_without(absent, rng), SCENES)), f"world:{SEED}:{number}", absent)


def _ask(world: World, query: str) -> Answer:
    return world.engine.search(world.engine.limits.check_search(query, TOP_K, explain=False))


def _probabilities(answers: list[Answer]) -> NDArray[np.float64]:
    return np.array([answer.match_probability or 0.0 for answer in answers])


def _traits(scene: Scene, colour: str) -> list[tuple[str, Callable[[Scene], bool]]]:
    """Return the words that could be left out of a scene, and what shows each."""
    return [
        ({"day": "sunny", "rain": "rain"}.get(scene.time, scene.time), lambda one: one.time == scene.time),
        (scene.place, lambda one: one.place == scene.place),
        (colour, lambda one: any(group.colour == colour for group in one.groups)),
    ]


def _share(holds: Iterable[bool]) -> float:
    return float(np.mean(list(holds)))


if __name__ == "__main__":
    typer.run(main)

"""Whether heatmaps point at the object that the query names: the pointing game, and the check by occlusion."""

import random
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks.evidence.scene_library import SEED, make_library, scenes_without
from export.storybook.captions import noun_phrase
from export.storybook.scenes import Box
from runtime.search.heatmap import Heatmap

SCENES = 500


def heatmap_figures(folder: Path, models: Path) -> dict[str, float]:
    """Return the figures over scenes of one or two single objects, one of which the query names."""
    rng = random.Random(f"heatmaps:{SEED}")
    single = (scene for scene in scenes_without((), rng) if all(group.count == 1 for group in scene.groups))
    library = make_library(folder, models, list(islice(single, SCENES)), f"heatmaps:{SEED}")
    points_at_object, object_areas, holds, drops = [], [], [], []
    for index, (scene, boxes) in enumerate(zip(library.scenes, library.boxes, strict=True)):
        group = rng.choice(scene.groups)
        query = noun_phrase(1, group.colour, group.object)
        request = library.engine.limits.check_explain(query, [index + 1], heatmap=True, explain=False)
        [hit] = library.engine.explain(request).hits
        heatmap, occlusion = hit.evidence.heatmap, hit.evidence.occlusion
        assert heatmap
        assert occlusion
        named = [box for box in boxes if (box.object, box.colour) == (group.object, group.colour)]
        x, y = _hottest_point(heatmap)
        points_at_object.append(any(box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1 for box in named))
        object_areas.append(sum(map(_area, named)))
        holds.append(occlusion.holds)
        drops.append((occlusion.hottest_drop, occlusion.random_drop))
    hottest_drop, random_drop = np.mean(drops, axis=0)
    return {
        "pointing game: the centre of the hottest patch lies in the object's box": float(np.mean(points_at_object)),
        "chance, the box's share of the picture": float(np.mean(object_areas)),
        "occlusion: the hottest patches cost more than random ones": float(np.mean(holds)),
        "mean drop of the score, hottest patches": float(hottest_drop),
        "mean drop of the score, random patches": float(random_drop),
    }


def _hottest_point(heatmap: Heatmap) -> tuple[float, float]:
    """Return the centre of the patch that contributes most, as fractions of the picture's width and height."""
    grid, (x0, y0, x1, y1) = len(heatmap.contributions), heatmap.box
    row, column = divmod(int(heatmap.contributions.argmax()), grid)
    return x0 + (column + 0.5) / grid * (x1 - x0), y0 + (row + 0.5) / grid * (y1 - y0)


def _area(box: Box) -> float:
    return (box.x1 - box.x0) * (box.y1 - box.y0)

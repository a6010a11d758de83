"""Caption quality and time at smaller picture sizes: python -m benchmarks.captions.caption_sizes [MODELS] --size N ...

Interpolates the position embeddings inside the vision graph of exported models, as `export models --caption-size` does in
the checkpoint, so no checkpoint is needed. Caption quality is meaningful for the sample models only; for models with random
weights measure the times alone (`--scenes 0`).
"""

from collections.abc import Callable, Sequence
from functools import partial
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import onnx
import torch
import typer
from numpy.typing import NDArray
from onnx import numpy_helper
from rich.console import Console

from benchmarks.measure.timing import median_ms
from benchmarks.models.sample_models import ALBUM_SEED
from export.models.blip_positions import interpolate_positions
from export.storybook.benchmark import EvaluationSet
from export.storybook.folder import DrawingOptions, draw_folder
from export.storybook.metrics import caption_figures
from runtime.artefacts.file_record import GraphRecord
from runtime.artefacts.manifest import read_models_manifest
from runtime.artefacts.model_records import BlipRecord
from runtime.images import decode_image
from runtime.models.blip import BlipCaptioner
from runtime.terminal import told_errors

POSITIONS = "vision_model.embeddings.position_embedding"
ROUNDS = 7


def main(
    models: Annotated[Path, typer.Argument(help="A folder that `python -m export models` wrote.")] = Path("sample/models"),
    size: Annotated[list[int] | None, typer.Option(help="Side of the picture in pixels; may be repeated.")] = None,
    scenes: Annotated[int, typer.Option(min=0, help="Scenes to caption; 0 measures times only.")] = 500,
) -> None:
    """Print a Markdown table with a line for each size, the models' own size first."""
    with told_errors(), TemporaryDirectory() as scratch:
        record = read_models_manifest(models).blip
        if record is None:
            raise typer.BadParameter(f"{models} holds no captioner")
        sizes = [record.preprocessing.size, *(size or ())]
        captioners = [resized(models, record, side, Path(scratch) / str(side)) for side in sizes]
        times_ms = time_sizes(captioners, sizes)
        figures = caption_scenes(captioners, Path(scratch) / "scenes", scenes) if scenes else [{} for _ in sizes]
        Console(highlight=False).print(_table(sizes, times_ms, figures), soft_wrap=True, markup=False)


def resized(models: Path, record: BlipRecord, side: int, folder: Path) -> BlipCaptioner:
    """Return the captioner of `models` with `side` pixels as picture size; writes its vision graph into `folder`."""
    graph = onnx.load(models / record.vision.path)
    [positions] = [tensor for tensor in graph.graph.initializer if tensor.name == POSITIONS]
    patches = round((record.image_tokens - 1) ** 0.5) * side // record.preprocessing.size  # along one edge
    known = torch.from_numpy(numpy_helper.to_array(positions).copy())
    resized_positions = known if side == record.preprocessing.size else interpolate_positions(known, patches)
    positions.CopyFrom(numpy_helper.from_array(resized_positions.numpy(), POSITIONS))
    for entry in graph.graph.input:
        for axis in (2, 3):
            entry.type.tensor_type.shape.dim[axis].Clear()
    del graph.graph.value_info[:]
    for part in (record.vision, record.decoder, record.tokenizer):
        (folder / part.path).parent.mkdir(parents=True, exist_ok=True)
    onnx.save(graph, folder / record.vision.path)
    for part in (*record.decoder.files(), record.tokenizer):
        (folder / part.path).symlink_to((models / part.path).resolve())
    preprocessing = record.preprocessing.model_copy(update={"size": side})
    vision = GraphRecord(path=record.vision.path, bytes=0, sha256="")
    return BlipCaptioner(folder, record.model_copy(update={"vision": vision, "preprocessing": preprocessing}))


def time_sizes(captioners: Sequence[BlipCaptioner], sizes: Sequence[int]) -> NDArray[np.float64]:
    """Return (2, n) ms for one picture on one thread: medians of the vision tower alone, and of a whole caption."""
    rng = np.random.default_rng(0)
    calls: dict[tuple[int, int], Callable[[], object]] = {}  # by part (vision tower, whole caption) and size
    for at, (captioner, side) in enumerate(zip(captioners, sizes, strict=True)):
        picture = rng.standard_normal((1, 3, side, side)).astype(np.float32)
        calls[0, at] = partial(captioner.see, picture)
        calls[1, at] = partial(captioner.caption_pixels, picture)
    times_ms = median_ms(calls, ROUNDS)
    return np.array([[times_ms[part, at] for at in range(len(sizes))] for part in range(2)])


def caption_scenes(captioners: Sequence[BlipCaptioner], folder: Path, count: int) -> list[dict[str, float]]:
    """Return each captioner's F1 and exactness on fresh scenes, and the share of captions that equal the first one's."""
    draw_folder(folder, DrawingOptions(count, ALBUM_SEED), workers=2, on_drawn=lambda _: None)
    album = EvaluationSet.read(folder)
    pictures = [decode_image(file, "scene") for file in album.files]
    given = [[captioner.caption_images([picture])[0] for picture in pictures] for captioner in captioners]
    figures = [caption_figures(captions, album.exact_captions()) for captions in given]
    return [
        {"F1": scores["f1"], "exact": scores["exact"], "same": float(np.mean(np.array(given[0]) == np.array(captions)))}
        for scores, captions in zip(figures, given, strict=True)
    ]


def _table(sizes: Sequence[int], times_ms: NDArray[np.float64], figures: Sequence[dict[str, float]]) -> str:
    text, columns = StringIO(), list(figures[0])
    print(
        "| pixels | vision, ms | to its own size | caption, ms | to its own size |",
        *(f" {name} |" for name in columns),
        file=text,
    )
    print("|---" * (5 + len(columns)), "|", sep="", file=text)
    for side, (vision, caption), row in zip(sizes, times_ms.T, figures, strict=True):
        shares = (vision / times_ms[0, 0], caption / times_ms[1, 0])
        cells = [f"{side}", f"{vision:.1f}", f"{shares[0]:.2f}", f"{caption:.1f}", f"{shares[1]:.2f}"]
        print("|", " | ".join([*cells, *(f"{row[name]:.3f}" for name in columns)]), "|", file=text)
    return text.getvalue()


if __name__ == "__main__":
    typer.run(main)

"""Search and caption quality of exported sample models: python -m benchmarks.models.sample_models MODELS [MODELS ...]

Draws two albums of scenes that training never saw, one of them with held-out combinations only, and measures each folder of
models through the torch-free runtime as the product uses it: JPEG files, decoded, resized, embedded, captioned.
"""

import platform
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from export.storybook.benchmark import EvaluationSet, score_captions, search_figures
from export.storybook.folder import DrawingOptions, draw_folder
from export.storybook.scenes import HeldOut
from runtime.artefacts.manifest import read_models_manifest
from runtime.images import decode_image
from runtime.models.blip import BlipCaptioner
from runtime.models.clip import ClipEncoder
from runtime.terminal import told_errors

ALBUMS = {"fresh scenes": HeldOut.NEVER, "held-out combinations": HeldOut.ONLY}
ALBUM_SEED = 2_000_003  # used neither by training nor by its own album (1,000,003)


class RuntimeModels:
    """The three functions that `export.storybook.benchmark` measures, from one exported folder."""

    def __init__(self, models_dir: Path, threads: int) -> None:
        """Open both models of the folder; it must hold a captioner."""
        manifest = read_models_manifest(models_dir)
        if manifest.blip is None:
            raise typer.BadParameter(f"{models_dir} holds no captioner")
        self.precision = manifest.precision
        self._encoder = ClipEncoder(models_dir, manifest.clip, threads)
        self._captioner = BlipCaptioner(models_dir, manifest.blip, threads)

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (n, d) float32 of L2 norm 1."""
        return self._encoder.embed_texts(texts)

    def embed_images(self, files: Sequence[bytes]) -> NDArray[np.float32]:
        """Return (n, d) float32 of L2 norm 1."""
        return np.concatenate([self._encoder.embed_images([decode_image(file, "scene")]) for file in files])

    def caption_images(self, files: Sequence[bytes]) -> list[str]:
        """Return n captions, each picture captioned by itself, as the index step does."""
        return [self._captioner.caption_images([decode_image(file, "scene")])[0] for file in files]

    def measure(self, album: EvaluationSet, *, captions: bool = True) -> dict[str, float]:
        """Return every figure of an album, by name; those of captions only where they are asked for."""
        scores = score_captions(album, self.caption_images) if captions else {}
        return search_figures(album, self.embed_texts, self.embed_images) | {
            f"caption {name}": value for name, value in scores.items()
        }


def main(
    models: Annotated[list[Path], typer.Argument(help="Folders that `python -m export models` wrote.")],
    scenes: Annotated[int, typer.Option(min=10, help="Scenes in each album.")] = 1000,
    threads: Annotated[int, typer.Option(min=1, help="Threads of onnxruntime.")] = 1,
    captions: Annotated[bool, typer.Option(help="Judge captions, too.")] = True,
) -> None:
    """Measure each folder on fresh and on held-out scenes, and print a Markdown table."""
    with told_errors(), TemporaryDirectory() as scratch:
        albums = {name: _draw(Path(scratch) / name, held_out, scenes) for name, held_out in ALBUMS.items()}
        columns = {}
        for folder in models:
            opened = RuntimeModels(folder, threads)
            for name, album in albums.items():
                columns[f"{folder}, {opened.precision}, {name}"] = opened.measure(album, captions=captions)
        Console().print(_table(columns), soft_wrap=True, markup=False, highlight=False)


def _draw(folder: Path, held_out: HeldOut, count: int) -> EvaluationSet:
    draw_folder(folder, DrawingOptions(count, ALBUM_SEED, held_out=held_out), workers=2, on_drawn=lambda _: None)
    return EvaluationSet.read(folder)


def _table(columns: dict[str, dict[str, float]]) -> str:
    text = StringIO()
    print(f"| {platform.machine()}, Python {platform.python_version()} |", " | ".join(columns), "|", file=text)
    print("|---|" + "---|" * len(columns), file=text)
    for name in next(iter(columns.values())):
        print(f"| {name} |", " | ".join(f"{figures[name]:.4f}" for figures in columns.values()), "|", file=text)
    return text.getvalue()


if __name__ == "__main__":
    typer.run(main)

"""Whether quantized graphs give the same outputs on a CPU without VNNI: python -m benchmarks.models.avx2 MODELS

Runs the models once on this machine and once under user-mode emulation of a Haswell (AVX2, no VNNI, no AVX-512: the least
that AWS Lambda promises), and compares the outputs. Needs qemu-x86_64 (Debian's qemu-user). Times are not measured.
"""

import random
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from export.storybook.captions import exact_caption
from export.storybook.drawing import draw_scene
from export.storybook.folder import DrawingOptions
from runtime.artefacts.manifest import read_models_manifest
from runtime.models.blip import BlipCaptioner
from runtime.models.clip import ClipEncoder
from runtime.terminal import told_errors

EMULATOR = ("qemu-x86_64", "-cpu", "Haswell")
SEED = 4_000_037
Outputs = dict[str, NDArray[np.generic]]


def find_emulator() -> str | None:
    """Return the path of the emulator, or None."""
    return shutil.which(EMULATOR[0])


def run_models(models_dir: Path, scenes: int, *, captions: bool) -> Outputs:
    """Return the vectors of drawn scenes and of their true captions, and the captions that the captioner gives them."""
    manifest, drawn = read_models_manifest(models_dir), DrawingOptions(scenes, SEED).scenes()
    images = [draw_scene(scene, random.Random(number)).image for number, scene in enumerate(drawn)]
    encoder = ClipEncoder(models_dir, manifest.clip)
    texts = encoder.embed_texts([exact_caption(scene) for scene in drawn])
    answers: Outputs = {"texts": texts, "images": encoder.embed_images(images)}
    if manifest.blip and captions:
        captioner = BlipCaptioner(models_dir, manifest.blip)
        answers["captions"] = np.array([captioner.caption_images([image])[0] for image in images])
    return answers


def run_models_emulated(models_dir: Path, scenes: int, *, captions: bool) -> Outputs:
    """Return what `run_models` returns in a process whose CPU has no VNNI."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "answers.npz"
        wanted = ["--scenes", str(scenes), "--captions" if captions else "--no-captions", "--answers", str(path)]
        command = [*EMULATOR, sys.executable, "-m", "benchmarks.models.avx2", str(models_dir), *wanted]
        subprocess.run(command, check=True, capture_output=True)
        with np.load(path) as answers:
            return dict(answers)


def main(
    models: Annotated[Path, typer.Argument(help="A folder that `python -m export models` wrote.")],
    scenes: Annotated[int, typer.Option(min=1, help="Drawn scenes to run on.")] = 3,
    captions: Annotated[
        bool, typer.Option(help="Caption them, too; emulated, full-size captions take many minutes.")
    ] = True,
    answers: Annotated[Path | None, typer.Option(help="Write the outputs to this file, and compare nothing.")] = None,
) -> None:
    """Compare the native outputs with the emulated ones, and print a Markdown table."""
    with told_errors():
        native = run_models(models, scenes, captions=captions)
        if answers:
            np.savez(answers, allow_pickle=False, **native)
            return
        if not find_emulator():
            raise typer.BadParameter(f"{EMULATOR[0]} is not installed (Debian: apt-get install qemu-user)")
        emulated = run_models_emulated(models, scenes, captions=captions)
        console = Console()
        console.print("| answers | compared | worst cosine | largest difference |\n|---|---|---|---|", markup=False)
        for name, given in native.items():
            console.print(_row(name, given, emulated[name]), markup=False, highlight=False)


def _row(name: str, native: NDArray[np.generic], emulated: NDArray[np.generic]) -> str:
    if native.dtype.kind == "U":
        return f"| {name} | {len(native)} | {int((native == emulated).sum())} equal | |"
    one, other = native.astype(np.float64), emulated.astype(np.float64)
    return f"| {name} | {len(native)} | {(one * other).sum(axis=1).min():.8f} | {np.abs(one - other).max():.1e} |"


if __name__ == "__main__":
    typer.run(main)

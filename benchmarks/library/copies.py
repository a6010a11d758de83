"""Which changed photos count as copies, and which others; the time for a million: python -m benchmarks.library.copies.

`photos FOLDER` changes photos in twenty ways, and counts which are found, by the hash alone and by the whole rule, and how
many pairs of different photos are taken for copies. `pages` draws pages of text with one layout and other words. `others
FOLDER` compares all pictures of a folder, none of which is a copy of another. `million` plants copies among synthetic
vectors, and groups them on one thread.
"""

import io
import os
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageOps
from rich.console import Console

from benchmarks.library.large_index.synthetic_vectors import DIMENSION, make_synthetic_vectors
from benchmarks.measure.memory import status_bytes
from export.index.photos.copies import DETAILS_MIN, HASH_BITS_MAX, group_contents, near_among_pairs
from export.index.photos.neighbours import neighbour_pairs
from export.index.vectors.clusters import write_ivf
from runtime.images import open_image
from runtime.images.phash import GREY_EDGE, HASH_BITS, details, perceptual_hash, shrink_to_greys
from runtime.stores.faiss_ivf import MappedIvf
from runtime.stores.vector_file import write_vectors

app = typer.Typer(add_completion=False)
Change = Callable[[Image.Image], Image.Image]
Folder = Annotated[Path, typer.Argument(help="JPEGs.")]
WORDS = ["one", "two", "three", "boat", "house", "river", "letter", "paper", "light", "winter", "garden", "the", "of", "and"]
GREYS = GREY_EDGE**2
rng = np.random.default_rng(0)


@dataclass(frozen=True)
class Signed:
    """Hashes, (n, HASH_BITS) of -1 and 1, and details, (n, GREYS), of n pictures."""

    bits: NDArray[np.float32]
    fine: NDArray[np.float32]

    def is_near(self, other: "Signed") -> NDArray[np.bool_]:
        """Return (n, m): whether two hashes differ in few bits."""
        near: NDArray[np.bool_] = self.bits @ other.bits.T >= HASH_BITS - 2 * HASH_BITS_MAX
        return near

    def are_copies(self, other: "Signed") -> NDArray[np.bool_]:
        """Return (n, m): whether two pictures are copies of each other."""
        copies: NDArray[np.bool_] = self.is_near(other) & (self.fine @ other.fine.T >= DETAILS_MIN)
        return copies


def sign(pictures: Iterable[Image.Image]) -> Signed:
    """Return what pictures are compared by."""
    greys = [shrink_to_greys(picture) for picture in pictures]
    bits = np.unpackbits(np.frombuffer(b"".join(map(perceptual_hash, greys)), np.uint8)).reshape(-1, HASH_BITS)
    fine = details(np.frombuffer(b"".join(greys), np.uint8).reshape(-1, GREYS))
    return Signed(bits.astype(np.float32) * 2 - 1, fine)


def save_again(image: Image.Image, quality: int, shrunk: int = 1) -> Image.Image:
    """Return a picture as it comes out of a JPEG, its edges divided by `shrunk`."""
    jpeg = io.BytesIO()
    image.resize((image.width // shrunk, image.height // shrunk)).save(jpeg, "JPEG", quality=quality)
    return Image.open(jpeg).convert("RGB")


def cut(image: Image.Image, share: float, x: float = 0.5, y: float = 0.5) -> Image.Image:
    """Return a picture without a share of its width and height; `x` and `y` say on which sides, 0 for right and bottom."""
    width, height = int(image.width * (1 - share)), int(image.height * (1 - share))
    left, top = int((image.width - width) * x), int((image.height - height) * y)
    return image.crop((left, top, left + width, top + height))


def mark(image: Image.Image) -> Image.Image:
    """Return a picture with a line of text in its corner."""
    marked = image.copy()
    ImageDraw.Draw(marked).text((10, image.height - 30), "(c) someone 2026", fill="white", font_size=24)
    return marked


def shoot_again(image: Image.Image, moved: float) -> Image.Image:
    """Return a picture as the next of a burst might be: moved, turned and scaled a little, with other noise and exposure."""
    shaken = cut(image, 2 * moved, rng.uniform(), rng.uniform()).rotate(rng.normal(0, 20 * moved), Image.Resampling.BICUBIC)
    exposed = ImageEnhance.Brightness(cut(shaken, rng.uniform(0.6, 1) * moved)).enhance(rng.uniform(0.95, 1.05))
    pixels = np.asarray(exposed, np.float32)
    return save_again(Image.fromarray((pixels + rng.normal(0, 5, pixels.shape)).clip(0, 255).astype(np.uint8)), 88)


def save_as(quality: int) -> Change:
    """Return a change that saves a picture as a JPEG."""
    return lambda image: save_again(image, quality)


def brighten(by: float) -> Change:
    """Return a change of brightness; below 1 makes darker."""
    return lambda image: ImageEnhance.Brightness(image).enhance(by)


def move(share: float) -> Change:
    """Return a change that shoots a picture again, moved by a share of its edges."""
    return lambda image: shoot_again(image, share)


CHANGES: dict[str, Change] = {
    **{f"JPEG {quality}": save_as(quality) for quality in (85, 60, 30)},
    "half size": lambda image: save_again(image, 75, 2),
    "quarter size": lambda image: save_again(image, 75, 4),
    **{f"brightness {by}": brighten(by) for by in (1.3, 0.6)},
    "contrast 1.4": lambda image: ImageEnhance.Contrast(image).enhance(1.4),
    "grey": lambda image: ImageOps.grayscale(image).convert("RGB"),
    "watermark": mark,
    "border 4 %": lambda image: ImageOps.expand(image, int(0.04 * image.width), "white"),
    "cut by 5 %": lambda image: cut(image, 0.05, 0, 1),
    "cut by 10 %": lambda image: cut(image, 0.1, 1, 0),
    "cut by 20 %": lambda image: cut(image, 0.2, 0, 0),
    "turned by 2 degrees": lambda image: cut(image.rotate(2, Image.Resampling.BICUBIC), 0.05),
    "mirrored": ImageOps.mirror,
    "turned by 90 degrees": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    **{f"burst, moved {share:.0%}": move(share) for share in (0.01, 0.03, 0.06)},
}


@app.command()
def photos(folder: Folder) -> None:
    """Print a Markdown table: of each change, which share of the photos is found, by the hash alone and by the rule."""
    images = [open_image(path) for path in sorted(folder.glob("*.jpg"))]
    signed, strangers = sign(images), ~np.eye(len(images), dtype=bool)
    pairs = near_pairs = false_pairs = 0
    print("| change | hash alone | copy |\n|---|---|---|")
    for name, change in CHANGES.items():
        changed = sign(map(change, images))
        near, copies = signed.is_near(changed), signed.are_copies(changed)
        print(f"| {name} | {np.diag(near).mean():.2f} | {np.diag(copies).mean():.2f} |")
        pairs += int(strangers.sum())
        near_pairs += int(near[strangers].sum())
        false_pairs += int(copies[strangers].sum())
    print(f"\nOf {pairs:,} pairs of different photos, {near_pairs} have hashes like copies, {false_pairs} count as copies.")


@app.command()
def pages(count: Annotated[int, typer.Option(min=2, help="How many pages.")] = 200) -> None:
    """Print how many pairs of pages of text with one layout are taken for copies, and whether their own copies are found."""
    drawn = [_page(random.Random(seed)) for seed in range(count)]
    signed = sign(drawn)
    _print_others(signed)
    again = signed.are_copies(sign(save_again(page, 60, 2) for page in drawn))
    print(f"Of the same in half size, JPEG 60, {np.diag(again).mean():.2f} are found.")


@app.command()
def others(folder: Folder) -> None:
    """Print how many pairs are taken for copies among pictures of which none is a copy."""
    _print_others(sign(open_image(path) for path in sorted(folder.glob("*.jpg"))))


@app.command()
def million(
    count: Annotated[int, typer.Option(min=1_000, help="How many pictures.")] = 1_000_000,
    planted: Annotated[float, typer.Option(min=0, max=0.5, help="Share of copies.")] = 0.02,
) -> None:
    """Print how many planted copies are found, and the CPU seconds of one thread, clusters and neighbours apart.

    Set OMP_NUM_THREADS=1, or numpy has threads of its own.
    """
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # a build takes as many threads as it finds cores
    copies = int(count * planted)
    with TemporaryDirectory() as folder:
        library = make_synthetic_vectors(1)
        originals = np.sort(rng.choice(count - copies, copies, replace=False))
        ids, kept = 0, []

        def batches() -> Iterable[tuple[range, NDArray[np.float32]]]:
            nonlocal ids
            for vectors in library.pictures(count - copies):
                here = originals[(originals >= ids) & (originals < ids + len(vectors))]
                kept.append(_moved(vectors[here - ids]))
                yield range(ids, ids + len(vectors)), vectors
                ids += len(vectors)
            moved = np.concatenate(kept)
            yield range(ids, ids + len(moved)), moved

        vectors = write_vectors(Path(folder) / "vectors", DIMENSION, batches())
        began_s = time.process_time()
        write_ivf(Path(folder) / "clusters", vectors, Console(stderr=True))
        index = MappedIvf.open(Path(folder) / "clusters", DIMENSION, vectors.count, threads=1)
        hashes = rng.integers(0, 2**64, vectors.count, dtype=np.uint64)
        hashes[count - copies :] = hashes[originals] ^ _few_bits(copies)
        clustered_s = time.process_time()
        pairs = neighbour_pairs(index, vectors, Console(stderr=True))
        near_s = time.process_time()
        greys = np.random.default_rng(1).integers(0, 256, (256, GREYS), dtype=np.uint8)
        near = near_among_pairs(hashes, pairs)
        firsts = group_contents(near, [None] * vectors.count, lambda numbers: np.repeat(greys[:1], len(numbers), axis=0))
        ended_s = time.process_time()
    found = (firsts[count - copies :] == originals).mean()
    false = int((firsts[: count - copies] != np.arange(count - copies)).sum())
    peak_gb = status_bytes("VmHWM") / 1e9
    parts = f"{clustered_s - began_s:.0f} of them for clusters, {near_s - clustered_s:.0f} for neighbours"
    print(f"{count:,} pictures: {ended_s - began_s:.0f} s of CPU, {parts}; {peak_gb:.1f} GB at most.")
    print(f"Of {copies:,} planted copies, {found:.4f} are found; {false} others are taken for copies.")


def _print_others(signed: Signed) -> None:
    above = np.triu(np.ones((len(signed.bits), len(signed.bits)), dtype=bool), 1)
    near, copies = signed.is_near(signed) & above, signed.are_copies(signed) & above
    print(f"Of {above.sum():,} pairs, {near.sum():,} have hashes like copies, {copies.sum():,} count as copies.")
    if near.any():
        print(f"Of the former, details agree by {(signed.fine @ signed.fine.T)[near].max():.2f} at most.")


def _page(words: random.Random) -> Image.Image:
    page = Image.new("RGB", (620, 877), "white")
    for top in range(60, 817, 20):
        ImageDraw.Draw(page).text((60, top), " ".join(words.choices(WORDS, k=18))[:70], fill="black", font_size=14)
    return page


def _moved(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return vectors whose cosines with the given ones are .972 to .995."""
    cosines = rng.uniform(0.972, 0.995, (len(vectors), 1)).astype(np.float32)
    noise = rng.standard_normal(vectors.shape, np.float32)
    noise -= (noise * vectors).sum(axis=1, keepdims=True) * vectors
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    moved = cosines * vectors + np.sqrt(1 - cosines**2) * noise
    return moved.astype(np.float32)


def _few_bits(count: int) -> NDArray[np.uint64]:
    """Return numbers in which up to six bits are set."""
    bits = np.uint64(1) << rng.integers(0, HASH_BITS, (count, 6), dtype=np.uint64)
    numbers: NDArray[np.uint64] = np.bitwise_or.reduce(bits, axis=1)
    return numbers


if __name__ == "__main__":
    app()

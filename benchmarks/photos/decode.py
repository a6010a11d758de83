"""One decode a picture: JPEGs decoded whole and scaled, in turns, on one thread; how far pixels and vectors are off.

    OMP_NUM_THREADS=1 python -m benchmarks.photos.decode --photos ../shared/photos

Pictures of 12 megapixels are made of the photos (without them, of drawn scenes): 20 enlarged, with noise as a sensor has it,
and 4 mosaics of real pixels. CLIP's pixels are those of 224, cropped; BLIP's those of 384, stretched.
"""

import argparse
import io
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from time import process_time

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from export.storybook.folder import DrawingOptions, draw_folder
from runtime.artefacts.manifest import read_models_manifest
from runtime.artefacts.model_records import Preprocessing
from runtime.artefacts.package_data import sample_models_dir
from runtime.artefacts.picture_decoding import DecodeRule
from runtime.images import encode_previews, opened_bytes, preprocess
from runtime.models.clip import ClipEncoder

WIDTH, HEIGHT = 4032, 3024
ENLARGED, MOSAICS = 20, 4
NOISE_LEVELS = 4.0  # standard deviation
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
CLIP = Preprocessing(size=224, fit="crop", resample="bicubic", mean=MEAN, std=STD)
BLIP = CLIP.model_copy(update={"size": 384, "fit": "stretch"})
LEVELS = np.array(STD)[:, None, None] * 255
Pixels = NDArray[np.float32]
Pass = Callable[[bytes], Sequence[Pixels]]


def large_pictures(photos: Sequence[Path]) -> list[bytes]:
    """Return 24 JPEGs of 12 megapixels: 20 photos enlarged, and 4 mosaics of them, which have detail in every pixel."""
    rng = np.random.default_rng(0)
    given = [Image.open(path).convert("RGB") for path in photos]
    made = [picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS) for picture in islice(cycle(given), ENLARGED)]
    for number in range(MOSAICS):
        mosaic, tiles = Image.new("RGB", (WIDTH, HEIGHT)), islice(cycle(given), number, None)
        for top in range(0, HEIGHT, 378):
            for left in range(0, WIDTH, 504):
                mosaic.paste(ImageOps.fit(next(tiles), (504, 378)), (left, top))
        made.append(mosaic)
    return [_as_jpeg(_with_noise(picture, rng)) for picture in made]


def _with_noise(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    noise = rng.normal(0, NOISE_LEVELS, (HEIGHT, WIDTH, 1)).astype(np.float32)
    return Image.fromarray((np.asarray(picture) + noise).clip(0, 255).astype(np.uint8))


def _as_jpeg(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    return file.getvalue()


def with_copies(content: bytes) -> Sequence[Pixels]:
    """Return both models' pixels as until 6707198: the whole picture was copied twice where nothing was to be changed."""
    with Image.open(io.BytesIO(content)) as opened:
        image = (ImageOps.exif_transpose(opened) or opened).convert("RGB")
    return preprocess(image, CLIP), preprocess(image, BLIP)


def by_rule(content: bytes, rule: DecodeRule, *, previews: bool = False) -> Sequence[Pixels]:
    """Return both models' pixels of one decode, perhaps with the previews made and thrown away."""
    with opened_bytes(content, "it", rule=rule) as opened:
        if previews:
            encode_previews(opened.image)
        return tuple(preprocess(opened.image, form, opened.scaled_from) for form in (CLIP, BLIP))


def of_preview(preview: bytes) -> Sequence[Pixels]:
    """Return both models' pixels of the larger preview, as live captions, heatmaps and the captioning pass see a picture."""
    with opened_bytes(preview, "it") as opened:
        return tuple(preprocess(opened.image, form, (WIDTH, HEIGHT)) for form in (CLIP, BLIP))


COPIES = "exact, with two copies"
WAYS: Mapping[str, Pass] = {
    COPIES: with_copies,
    "exact": partial(by_rule, rule="exact"),
    "scaled": partial(by_rule, rule="scaled"),
    "scaled, both previews": partial(by_rule, rule="scaled", previews=True),
}


def cpu_ms(calls: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the least CPU time of each call over some rounds, in turns: what others do on the machine adds to it, only."""
    best = dict.fromkeys(calls, np.inf)
    for _ in range(rounds):
        for name, call in calls.items():
            start = process_time()
            call()
            best[name] = min(best[name], (process_time() - start) * 1e3)
    return best


def compare(pictures: Sequence[bytes], rounds: int) -> None:
    """Print a line for each way, with its time and its share of the exact way's, then how far pixels and vectors are off."""
    made = [_previews_of(content) for content in pictures]
    times = []
    for content, previews in zip(pictures, made, strict=True):
        calls = {name: partial(way, content) for name, way in WAYS.items()}
        times.append(cpu_ms(calls | {"preview read": partial(of_preview, previews[1600])}, rounds))
    mean = {name: float(np.mean([one[name] for one in times])) for name in times[0]}
    for name, ms in mean.items():
        shares = f"{ms / mean['exact']:.2f} of exact   {ms / mean[COPIES]:.2f} of exact with two copies"
        print(f"{name:24} {ms:6.1f} ms   {shares}")
    print("grey levels off: mean of the pictures' means (worst), 99th percentile (worst), most")
    exact = [by_rule(content, "exact") for content in pictures]
    others = {
        "scaled": [by_rule(content, "scaled") for content in pictures],
        "preview": [of_preview(previews[1600]) for previews in made],
    }
    for name, found in others.items():
        for at, form in enumerate((CLIP, BLIP)):
            off = [np.abs(one[at] - other[at]) * LEVELS for one, other in zip(exact, found, strict=True)]
            means, tails = [one.mean() for one in off], [np.percentile(one, 99) for one in off]
            most = max(one.max() for one in off)
            tail = f"{np.mean(tails):.1f} ({max(tails):.1f})"
            print(f"{name:8} {form.size}: {np.mean(means):.2f} ({max(means):.2f}), {tail}, {most:.0f}")
    cosines = _sample_cosines(pictures)
    print(f"cosine by the sample CLIP: mean {np.mean(cosines):.6f}, worst {min(cosines):.6f}")
    sizes = {edge: np.mean([len(previews[edge]) for previews in made]) / 1e3 for edge in made[0]}
    print("previews:", ", ".join(f"{edge} px {size:.0f} kB" for edge, size in sizes.items()))


def _previews_of(content: bytes) -> Mapping[int, bytes]:
    with opened_bytes(content, "it", rule="scaled") as opened:
        return encode_previews(opened.image)


def _sample_cosines(pictures: Sequence[bytes]) -> list[float]:
    folder = sample_models_dir()
    encoder = ClipEncoder(folder, read_models_manifest(folder).clip)
    vectors: dict[DecodeRule, list[NDArray[np.float32]]] = {"exact": [], "scaled": []}
    for content in pictures:
        for rule, found in vectors.items():
            with opened_bytes(content, "it", rule=rule) as opened:
                found.append(encoder.embed_pixels(encoder.prepare(opened.image, opened.scaled_from)[None])[0])
    return [float(one @ other) for one, other in zip(vectors["exact"], vectors["scaled"], strict=True)]


def main() -> None:
    """Make the pictures and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, default=Path("../shared/photos"), help="a folder of JPEGs")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        photos = sorted(given.photos.glob("*.jpg"))
        if not photos:
            draw_folder(Path(scratch) / "scenes", DrawingOptions(count=ENLARGED, seed=0))
            photos = sorted(Path(scratch).glob("scenes/*.jpg"))
        print(f"{len(photos)} pictures to make others of, from {given.photos if given.photos.is_dir() else 'the storybook'}")
        pictures = large_pictures(photos)
    compare(pictures, given.rounds)


if __name__ == "__main__":
    main()

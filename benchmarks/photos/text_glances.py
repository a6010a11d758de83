"""Small signs in photos: how many a glance sees, with the exact graph and the quick one, and how many photos pass without.

    python -m benchmarks.photos.text_glances PHOTOS [--fonts FOLDER] [--half 0|1]

A sign of one to three words on every second photo, at each height of its letters, seen in a preview of 1600 pixels. The
thresholds of the quick graph were chosen on half 0.
"""

import argparse
import importlib.util
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from export.index.text.models import find_text_reader
from runtime.images.previews import PREVIEW_EDGES, encode_preview

EDGE = max(PREVIEW_EDGES)
HEIGHTS = (12, 14, 17, 20, 26, 40)  # pixels of 1600; two and a half times as many of 4032
WORDS = ["Harbour", "Exit", "Museum", "Bakery", "Closed", "Parking", "Station", "Market", "Garden", "Library", "Castle"]
FACES = ("DejaVuSans-", "DejaVuSerif-", "Liberation")
LEANS = (0, 0, 5, -8)  # degrees


def preview_of(path: Path) -> Image.Image:
    """Return a photo as large as a preview."""
    with Image.open(path) as photo:
        scale = EDGE / max(photo.size)
        return photo.convert("RGB").resize(
            (round(photo.width * scale), round(photo.height * scale)), Image.Resampling.BICUBIC
        )


def with_signs(photos: list[Path], height: int, faces: list[Path], chance: np.random.Generator) -> Iterator[Image.Image]:
    """Yield each photo with a sign whose letters are so high."""
    for path in photos:
        picture = preview_of(path)
        font = ImageFont.truetype(faces[chance.integers(len(faces))], height)
        text = " ".join(chance.choice(WORDS, int(chance.integers(1, 4))))
        ground = tuple(int(part) for part in chance.integers(0, 256, 3))
        board = Image.new("RGB", (int(font.getlength(text)) + 16, int(height * 1.6)), ground)
        ink = "white" if sum(ground) < 384 else "black"
        ImageDraw.Draw(board).text((8, height * 0.2), text, font=font, fill=ink)
        board = board.rotate(float(chance.choice(LEANS)), Image.Resampling.BICUBIC)
        left, top = chance.integers(picture.width - board.width), chance.integers(picture.height - 60)
        picture.paste(board, (int(left), int(top)))
        yield picture


def main() -> None:
    """Draw, look, and print the shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, help="a folder of JPEGs")
    parser.add_argument("--fonts", type=Path, help="a folder of TrueType files; matplotlib's if not said")
    parser.add_argument("--half", type=int, default=1, choices=(0, 1), help="photos at even or at odd places")
    given = parser.parse_args()
    spec = importlib.util.find_spec("matplotlib")
    fonts = given.fonts or Path(str(spec and spec.origin)).parent / "mpl-data/fonts/ttf"
    faces = sorted(
        path for path in fonts.glob("*.ttf") if path.name.startswith(("DejaVuSans-", "DejaVuSerif", "Liberation"))
    )
    photos = sorted(given.photos.glob("*.jpg"))[given.half :: 2]
    with tempfile.TemporaryDirectory() as folder:
        readers = [find_text_reader(place)() for place in (None, Path(folder))]
    chance = np.random.default_rng(given.half)
    for height in (0, *HEIGHTS):
        pictures = with_signs(photos, height, faces, chance) if height else map(preview_of, photos)
        seen = []
        for picture in pictures:
            with Image.open(io.BytesIO(encode_preview(picture, EDGE))) as preview:
                shown = preview.convert("RGB")
            seen.append([bool(reader.glance(shown)) for reader in readers])
        exact, quick = np.array(seen).T
        kind = f"signs of {height} px" if height else "photos as they are"
        lost = int((exact & ~quick).sum())
        print(f"{kind}: of {len(seen)}, exact {exact.sum()}, quick {quick.sum()}, by the exact alone {lost}", flush=True)


if __name__ == "__main__":
    main()

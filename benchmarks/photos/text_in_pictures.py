"""Words found in drawn pictures of known text, and CPU time with and without: what `lookwhy index --text now` does.

    python -m benchmarks.photos.text_in_pictures PHOTOS [--fonts FOLDER] [--cjk FONT] [--exact-glance]

Signs, memes, slides, receipts and letters in 12 megapixels, over photos, turned and leaning, each read from its preview. The
fonts are matplotlib's DejaVu, or Liberation's in a folder. A word counts as found where it is read as a word of its own.
"""

import argparse
import importlib.util
import io
import re
import resource
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from export.index.text.models import find_text_reader
from export.index.text.reader import GLANCE_EDGE, TextReader
from runtime.images.previews import PREVIEW_EDGES, encode_preview

SIZE = (4032, 3024)
WIDE, UPRIGHT, PREVIEW_EDGE = SIZE, SIZE[::-1], max(PREVIEW_EDGES)
FACES = {  # DejaVu's and Liberation's files
    "sans": ("DejaVuSans.ttf", "LiberationSans-Regular.ttf"),
    "bold": ("DejaVuSans-Bold.ttf", "LiberationSans-Bold.ttf"),
    "serif": ("DejaVuSerif.ttf", "LiberationSerif-Regular.ttf"),
    "mono": ("DejaVuSansMono.ttf", "LiberationMono-Regular.ttf"),
}
LETTER = [
    "Liebe Frau Größler,",
    "vielen Dank für Ihren Brief vom zwölften März.",
    "Die Schlüssel der Wohnung liegen im Büro bereit.",
    "Bitte läuten Sie zweimal, der Türöffner hängt.",
    "Für Rückfragen erreichen Sie uns täglich bis sechs.",
    "Herzliche Grüße, Käthe Weißhäupl",
]
RECEIPTS = (
    "BÄCKEREI ÖTTL|Kümmelbrot 1 Stk    3,40 EUR|Käsekuchen 2 Stk    6,80 EUR|SUMME              10,20 EUR",
    "GREEN GROCER LTD|2 x Oranges         1.90|1 x Pumpkin         4.25|TOTAL GBP           6.15|Thank you, come again",
)


@dataclass(frozen=True)
class Drawn:
    """A picture and the lines of text in it."""

    kind: str
    image: Image.Image
    lines: Sequence[str]


class Artist:
    """Draws text over photos, with noise as of a camera."""

    def __init__(self, photos: Sequence[Path], fonts: Path, cjk: Path | None) -> None:
        """Keep where photos and fonts lie."""
        self._photos, self._fonts, self._cjk = photos, fonts, cjk
        self._rng = np.random.default_rng(15)

    def pictures(self) -> Iterator[Drawn]:
        """Yield all pictures."""
        signs = [
            ("sign", "bold", 150, 0.0, ["Bahnhofstraße 27", "Übergang gesperrt"]),
            ("sign", "bold", 110, 0.0, ["Platform 4", "Trains to London Victoria"]),
            ("leaning sign", "bold", 130, 0.12, ["NO ENTRY", "EXCEPT BICYCLES"]),
            ("leaning sign", "serif", 120, 0.10, ["Musée de la Forêt", "Entrée libre dès midi"]),
            ("small sign", "sans", 56, 0.0, ["Junction 18 Harbour Road", "Gasthof Lindenhof 450 m"]),
        ]
        for number, (kind, face, height, lean, lines) in enumerate(signs):
            yield self._sign(kind, lines, self._font(face, height), number, lean)
        if self._cjk:
            for number, lines in enumerate((["上海博物馆", "禁止拍照"], ["東京ラーメン", "本日休業"])):
                yield self._sign("Chinese, Japanese", lines, ImageFont.truetype(self._cjk, 150), 5 + number, 0.05)
        yield self._meme(["NOBODY EXPECTS", "THE SECOND MONDAY"], 7)
        yield self._meme(["WENN DER WECKER", "SCHON WIEDER LÄUTET"], 8)
        yield self._slide(
            "Harvest report 2025", ["Apples rose by 17 % to 42 tons", "Two storms in early August", "Next meeting: 9 March"]
        )
        yield self._slide(
            "Maßnahmen für Nutzer",
            ["Kürzere Wege zu häufigen Zielen", "Prüfung größerer Anträge", "Höhere Beträge ab Jänner"],
        )
        yield self._receipt(RECEIPTS[0].split("|"), 62, 4)
        yield self._receipt(RECEIPTS[1].split("|"), 48, -7)
        page = self._page(LETTER, self._font("serif", 120), 300)
        yield Drawn("page", page, LETTER)
        for degrees in (30, 90, 180, 270):
            turned = page.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor="#888888")
            yield Drawn(f"turned {degrees}°", turned, LETTER)
        dense = [
            f"Entry {number + 1}: seven lazy wizards juggle black boxes quickly {number * 41 + 13}" for number in range(30)
        ]
        yield Drawn("dense page", self._page(dense, self._font("serif", 56), 90), dense)

    def _font(self, face: str, height: int) -> ImageFont.FreeTypeFont:
        path = next(path for name in FACES[face] if (path := self._fonts / name).is_file())
        return ImageFont.truetype(path, height)

    def _ground(self, number: int) -> Image.Image:
        with Image.open(self._photos[number % len(self._photos)]) as photo:
            return photo.convert("RGB").resize(WIDE, Image.Resampling.BICUBIC)

    def _noisy(self, image: Image.Image) -> Image.Image:
        noise = self._rng.normal(0, 4, (image.height, image.width, 1))
        return Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))

    def _sign(self, kind: str, lines: Sequence[str], font: ImageFont.FreeTypeFont, number: int, lean: float) -> Drawn:
        """A board over a photo; one that leans is seen from the side, its right edge shorter by `lean` at top and bottom."""
        step = int(font.size * 1.5)
        width = int(max(font.getlength(text) for text in lines)) + 160
        board = Image.new("RGBA", (width, step * len(lines) + 80), ("#14532d", "#ffffff", "#1e3a8a")[number % 3])
        pen = ImageDraw.Draw(board)
        for at, text in enumerate(lines):
            pen.text((80, 40 + at * step), text, font=font, fill="#991b1b" if number % 3 == 1 else "white")
        if lean:
            board = board.transform(
                board.size, Image.Transform.PERSPECTIVE, seen_from_the_side(board.size, lean), Image.Resampling.BICUBIC
            )
        picture = self._ground(number)
        picture.paste(board, (400 + 150 * number, 500 + 120 * number), board)
        return Drawn(kind, self._noisy(picture), lines)

    def _meme(self, lines: Sequence[str], number: int) -> Drawn:
        picture, font = self._ground(number), self._font("bold", 240)
        pen = ImageDraw.Draw(picture)
        for text, top in zip(lines, (100, picture.height - 400), strict=True):
            left = (picture.width - font.getlength(text)) / 2
            pen.text((left, top), text, font=font, fill="white", stroke_width=14, stroke_fill="black")
        return Drawn("meme", self._noisy(picture), lines)

    def _slide(self, title: str, points: Sequence[str]) -> Drawn:
        picture = Image.new("RGB", WIDE, "#f7f7f5")
        pen = ImageDraw.Draw(picture)
        pen.rectangle((0, 0, WIDE[0], 480), fill="#7c2d12")
        pen.text((180, 140), title, font=self._font("bold", 190), fill="white")
        for at, text in enumerate(points):
            pen.text((260, 800 + at * 400), f"• {text}", font=self._font("sans", 130), fill="#222222")
        leaning = picture.rotate(1.5, Image.Resampling.BICUBIC, fillcolor="#333333")
        return Drawn("slide", self._noisy(leaning), [title, *points])

    def _receipt(self, lines: Sequence[str], height: int, degrees: float) -> Drawn:
        paper = self._page(
            lines, self._font("mono", height), int(height * 1.5), (1500, 140 + int(height * 1.5) * len(lines)), 70
        )
        paper = paper.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor="#4b3b2b")
        picture = Image.new("RGB", UPRIGHT, "#4b3b2b")
        picture.paste(paper.filter(ImageFilter.GaussianBlur(1.2)), (600, 700))
        return Drawn("receipt", self._noisy(picture), lines)

    def _page(
        self, lines: Sequence[str], font: ImageFont.FreeTypeFont, step: int, size: tuple[int, int] = WIDE, left: int = 300
    ) -> Image.Image:
        picture = Image.new("RGB", size, "#fbfaf5")
        pen = ImageDraw.Draw(picture)
        for at, text in enumerate(lines):
            pen.text((left, left * 2 // 3 + at * step), text, font=font, fill="#161616")
        return picture


def seen_from_the_side(size: tuple[int, int], lean: float) -> list[float]:
    """Return the eight coefficients with which Pillow shows a board whose right edge is farther away."""
    width, height = size
    inset = height * lean
    here = [(0, 0), (width, 0), (width, height), (0, height)]
    there = [(0, 0), (width, inset), (width, height - inset), (0, height)]
    rows = []
    for (x, y), (u, v) in zip(there, here, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    solved: list[float] = np.linalg.solve(np.array(rows, float), np.array(here, float).ravel()).tolist()
    return solved


def words_of(text: str) -> list[str]:
    """Return words of three letters and more, and runs of Chinese or Japanese, without case."""
    found = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold())
    return [word for word in found if len(word) > 2 or any("\u3040" <= letter <= "\u9fff" for letter in word)]


def from_preview(reader: TextReader, image: Image.Image) -> "np.typing.NDArray[np.uint8]":
    """Return a picture as a build reads it: from its preview."""
    with Image.open(io.BytesIO(encode_preview(image, PREVIEW_EDGE))) as preview:
        return reader.prepare(preview.convert("RGB"))


def cpu_ms(call: Callable[[], object], rounds: int = 3) -> float:
    """Return the CPU time of a call, the best of some."""
    spent = []
    for _ in range(rounds):
        start = time.process_time()
        call()
        spent.append((time.process_time() - start) * 1e3)
    return min(spent)


def main() -> None:
    """Draw, read, and print words found and CPU times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, help="a folder of JPEGs: grounds, and pictures without text")
    parser.add_argument("--fonts", type=Path, help="a folder with Liberation's or DejaVu's files")
    parser.add_argument("--cjk", type=Path, help="a font of Chinese and Japanese; without it there are no such pictures")
    parser.add_argument("--exact-glance", action="store_true", help="as it is where the package onnx is not installed")
    given = parser.parse_args()
    spec = importlib.util.find_spec("matplotlib")
    fonts = given.fonts or Path(str(spec and spec.origin)).parent / "mpl-data/fonts/ttf"
    photos = sorted(given.photos.glob("*.jpg"))
    with tempfile.TemporaryDirectory() as folder:
        reader = find_text_reader(None if given.exact_glance else Path(folder))()
    shares, costs = [], []
    for drawn in Artist(photos, fonts, given.cjk).pictures():
        pixels = from_preview(reader, drawn.image)
        found = [one for word in reader.read(pixels) for one in words_of(word.text)]
        wanted = [word for line in drawn.lines for word in words_of(line)]
        shares.append(sum(word in found for word in wanted) / len(wanted))
        costs.append(cpu_ms(partial(reader.read, pixels), 1))
        missed = [word for word in wanted if word not in found]
        found_of = f"{drawn.kind}: {shares[-1]:.3f} of {len(wanted)} words, {costs[-1]:.0f} ms"
        print(f"{found_of}, missed {missed}" if missed else found_of, flush=True)
    print(f"{len(shares)} pictures with text: words found {np.mean(shares):.3f}, least {min(shares):.3f}")
    print(f"CPU ms of these: median {median(costs):.0f}")
    plain: dict[str, list[float]] = {"nothing seen at a glance": [], "looked at closely": []}
    said = 0
    for path in photos:
        with Image.open(path) as photo:
            pixels = from_preview(reader, photo.convert("RGB").resize(SIZE if photo.width > photo.height else UPRIGHT))
        glanced = reader.glance(Image.fromarray(pixels))
        said += bool(reader.read(pixels))
        cost = cpu_ms(partial(reader.read, pixels))
        plain["looked at closely" if glanced else "nothing seen at a glance"].append(cost)
    for name, spent in plain.items():
        print(f"photos, {name} ({GLANCE_EDGE} px): {len(spent)}, CPU ms {[round(one) for one in sorted(spent)]}")
    print(f"photos in which something is read: {said} of {len(photos)}")
    print(f"peak memory of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB")


if __name__ == "__main__":
    main()

"""The graphs at work on pictures of letters: what is read, and where. Skipped where the graphs are not installed."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from export.errors import TextModelsMissing
from export.index.text.models import find_text_reader
from export.index.text.reader import READ_EDGE, TextReader


@pytest.fixture(scope="module")
def reader() -> TextReader:
    try:
        return find_text_reader()()
    except TextModelsMissing as missing:
        pytest.skip(str(missing))


def sign(*lines: str, font: Path | None = None) -> Image.Image:
    """White lines of text on a dark ground; Pillow's own font has no accents."""
    picture = Image.new("RGB", (640, 480), "#335577")
    draw = ImageDraw.Draw(picture)
    letters = ImageFont.truetype(font, 44) if font else ImageFont.load_default(44)
    for number, text in enumerate(lines):
        draw.text((128, 160 + 70 * number), text, font=letters, fill="white")
    return picture


def said(reader: TextReader, picture: Image.Image) -> list[str]:
    return [word.text for word in reader.read(reader.prepare(picture))]


def test_words_are_read_in_their_order_each_where_it_stands(reader: TextReader) -> None:
    words = reader.read(reader.prepare(sign("Platform 4", "Exit to street")))
    assert [word.text for word in words] == ["Platform", "4", "Exit", "to", "street"]
    boxes = np.array([word.box for word in words])
    assert (boxes[:, :2] < boxes[:, 2:]).all()
    assert boxes[0] == pytest.approx([0.2, 0.34, 0.49, 0.45], abs=0.05)
    assert boxes[1][0] >= boxes[0][2] - 0.01


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_turned_text_is_read_and_marked_where_it_stands(reader: TextReader, degrees: int) -> None:
    upright = sign("Platform 4", "Exit to street")
    words = reader.read(reader.prepare(upright.rotate(degrees, expand=True)))
    assert [word.text for word in words] == ["Platform", "4", "Exit", "to", "street"]
    left, top, right, bottom = words[0].box
    middle = ((left + right) / 2, (top + bottom) / 2)
    expected = {90: (0.4, 0.65), 180: (0.65, 0.6), 270: (0.6, 0.35)}[degrees]
    assert middle == pytest.approx(expected, abs=0.05)


def test_a_picture_without_text_has_no_words(reader: TextReader) -> None:
    hills = Image.new("RGB", (300, 200), "skyblue")
    ImageDraw.Draw(hills).polygon([(0, 200), (90, 80), (170, 150), (240, 60), (300, 200)], fill="green")
    for picture in (hills, Image.new("RGB", (1, 1)), Image.new("RGB", (900, 3))):
        assert said(reader, picture) == []


def test_a_picture_larger_than_a_preview_is_read_from_one_of_that_size(reader: TextReader) -> None:
    large = sign("Platform 4").resize((3200, 2400))
    assert max(reader.prepare(large).shape) == READ_EDGE
    assert said(reader, large) == ["Platform", "4"]
    assert large.size == (3200, 2400)


def test_letters_beyond_ascii_are_read(reader: TextReader) -> None:
    spec = importlib.util.find_spec("matplotlib")
    if spec is None or spec.origin is None:
        pytest.skip("matplotlib, which has a font with accents, is not installed")
    font = Path(spec.origin).parent / "mpl-data/fonts/ttf/DejaVuSans.ttf"
    assert said(reader, sign("Größe über Öl", font=font)) == ["Größe", "über", "Öl"]

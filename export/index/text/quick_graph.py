"""The detector's graph in numbers of 8 bits, for the glance: it sees as much, in under a third of the time.

Made once of the wheel's graph, where the package onnx is installed, and kept beside the index. What each number in it may be
is learnt from pictures that are drawn here, so it is the same graph everywhere, and no picture of anyone's is needed.
"""

import importlib.util
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from export.errors import unwritable_refused
from export.index.text.detector import to_graph
from runtime.artefacts.file_record import sha256_of
from runtime.artefacts.whole_file import whole_file
from runtime.models.onnx_session import import_onnxruntime

if TYPE_CHECKING:
    from PIL.Image import Image

RULE = 1  # to be counted up when the graph is to be made otherwise, so that older ones are used no more
OPSET = 13  # of ONNX, from which on each channel of a weight may have a scale of its own
SCENES, SIZE = 8, (480, 352)  # drawn pictures; pixels of those that lie, the others stand
TEXT = "Platform 4 to the harbour"
DIGITS = 12  # of a sha256 in a name


def find_quick_graph(exact: Path, kept_in: Path) -> Path | None:
    """Return the file of the quick graph of an exact one, made now if it is not there; None where it cannot be made.

    Args:
        exact: the detector's graph.
        kept_in: the folder where it lies, or will.

    Raises:
        OutputUnwritable: it cannot be kept there.
    """
    name = f"text-glance-{sha256_of(exact)[:DIGITS]}-{RULE}"
    for path in kept_in.glob(f"{name}-*.onnx"):
        if path.stem.endswith(f"-{sha256_of(path)[:DIGITS]}"):
            return path
        path.unlink(missing_ok=True)  # cut short, or changed
    if importlib.util.find_spec("onnx") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        made = _make(exact, Path(folder))
        path = kept_in / f"{name}-{sha256_of(made)[:DIGITS]}.onnx"
        with unwritable_refused(kept_in):
            kept_in.mkdir(parents=True, exist_ok=True)
            with whole_file(path) as file:
                file.write(made.read_bytes())
    return path


def _make(exact: Path, folder: Path) -> Path:
    """Return the file, in a folder, of a graph that runs on numbers of 8 bits as far as onnxruntime can."""
    import_onnxruntime()  # with its telemetry off
    import onnx
    from onnx.version_converter import convert_version
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    inputs = ({"x": to_graph(np.asarray(scene))[None]} for scene in islice(draw_scenes(), SCENES))
    scenes = type("Scenes", (CalibrationDataReader,), {"get_next": lambda _: next(inputs, None)})()
    converted, fused, made = (folder / name for name in ("converted.onnx", "fused.onnx", "made.onnx"))
    with _quiet():
        onnx.save(convert_version(onnx.load(exact), OPSET), converted)
        quant_pre_process(converted, fused, skip_symbolic_shape=True)
        quantize_static(
            fused,
            made,
            scenes,
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
        )
    return made


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep off the terminal what onnxruntime advises its own developers of."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def draw_scenes() -> Iterator["Image"]:
    """Yield pictures without end: coloured grounds with shapes, sharp and blurred, with noise, and lines of text."""
    from PIL import Image, ImageDraw, ImageFilter

    chance = np.random.default_rng(15)
    while True:
        for width, height in (SIZE, SIZE[::-1]):
            ground = Image.fromarray(chance.integers(0, 256, (4, 5, 3), dtype=np.uint8))
            picture = ground.resize((width, height), Image.Resampling.BICUBIC)
            pen = ImageDraw.Draw(picture)
            for number in range(30):
                left, top, side = (int(chance.integers(limit)) for limit in (width, height, 80))
                shape = pen.ellipse if number % 2 else pen.rectangle
                shape((left, top, left + 5 + side, top + 5 + side * 2 // 3), fill=_colour(chance))
            noise = chance.normal(0, chance.choice([4, 20, 50]), (height, width, 1))
            picture = Image.fromarray((np.asarray(picture) + noise).clip(0, 255).astype(np.uint8))
            picture = picture.filter(ImageFilter.GaussianBlur(float(chance.choice([0, 0.7, 1.5]))))
            for number in range(6):
                _write(picture, chance, on_a_board=number % 2 == 1)
            yield picture


def _write(picture: "Image", chance: np.random.Generator, *, on_a_board: bool) -> None:
    from PIL import ImageDraw, ImageFont

    pen, size = ImageDraw.Draw(picture), int(chance.choice([8, 10, 14, 20, 32, 60]))
    font: Any = ImageFont.load_default(size)
    text = TEXT[: int(chance.integers(6, len(TEXT)))]
    left, top = int(chance.integers(picture.width // 2)), int(chance.integers(picture.height - size))
    if on_a_board:
        pen.rectangle((left - 4, top - 4, left + font.getlength(text) + 4, top + size + 6), fill=_colour(chance))
    pen.text((left, top), text, font=font, fill=_colour(chance))


def _colour(chance: np.random.Generator) -> tuple[int, ...]:
    return tuple(int(part) for part in chance.integers(0, 256, 3))

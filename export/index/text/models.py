"""Where the graphs that read text are, whether they are the right ones, and a reader of them."""

import importlib.util
from collections.abc import Callable
from functools import partial
from pathlib import Path

from export.errors import TextModelsMissing
from export.index.text.detector import Detector
from export.index.text.quick_graph import find_quick_graph
from export.index.text.reader import TextReader
from export.index.text.recognizer import Recognizer
from runtime.artefacts.file_record import sha256_of
from runtime.models.onnx_session import Session

READER = "PP-OCRv6-small"  # what an index says that its texts were read with; another one reads every picture again
WHEEL = "rapidocr"  # the package whose wheel has the graphs; it is never imported
DETECTOR, TURNS, LETTERS = (
    "PP-OCRv6_det_small.onnx",
    "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
    "PP-OCRv6_rec_small.onnx",
)
# How likely the quick graph must hold a pixel, and a region, for text: less than the exact one, which looks again anyway.
GLANCE_FROM = (0.2, 0.3)
SHA256 = {
    DETECTOR: "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    TURNS: "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c",
    LETTERS: "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
}


def find_text_reader(index_dir: Path | None = None) -> Callable[[], TextReader]:
    """Return what opens a reader of the installed graphs, once there is something to read.

    With an index's folder, its glance is quick, if it can be: see `quick_graph.py`.

    Raises:
        TextModelsMissing: they are not installed, or are others.
    """
    return partial(open_text_reader, text_models_folder(), index_dir)


def text_models_folder() -> Path:
    """Return the folder that has the graphs, checked by sha256.

    Raises:
        TextModelsMissing: they are not installed, or are others.
    """
    spec = importlib.util.find_spec(WHEEL)
    places = spec.submodule_search_locations if spec else None
    if not places:
        raise TextModelsMissing("they are not installed")
    folder = Path(next(iter(places))) / "models"
    for name, expected in SHA256.items():
        if not (folder / name).is_file():
            raise TextModelsMissing(f"{folder} has no {name}")
        if sha256_of(folder / name) != expected:
            raise TextModelsMissing(f"{folder / name} is another file than the one that Lookwhy reads text with")
    return folder


def open_text_reader(folder: Path, index_dir: Path | None = None) -> TextReader:
    """Return a reader of the graphs in a folder; each of its runs is on one thread.

    Raises:
        SessionFailed: onnxruntime cannot open one.
        OutputUnwritable: the quick graph cannot be kept in the index's folder.
    """
    detector, turns, letters = (Session(folder / name, 1) for name in (DETECTOR, TURNS, LETTERS))
    quick = find_quick_graph(folder / DETECTOR, index_dir) if index_dir else None
    glancing = Detector(Session(quick, 1), pixel_from=GLANCE_FROM[0], region_from=GLANCE_FROM[1]) if quick else None
    return TextReader(Detector(detector), Recognizer(turns, letters), glancing)

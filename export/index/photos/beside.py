"""The files beside a picture that say something of it: its XMP sidecar, its JSON of Google Takeout. Found by their names."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from export.index.folder.scan import FoundImage
from export.index.photos.takeout import JSON_BYTES_MAX, json_names, read_takeout, unedited
from runtime.artefacts.file_record import open_file

XMP, JSON = ".xmp", ".json"
CUT_NAME = 40  # names of pictures are cut, too, a little later
UNCLAIMED_MAX = 5000  # of one folder, to be read for their titles


@dataclass(frozen=True, slots=True)
class Beside:
    """A picture's sidecar and its JSON, where it has them."""

    sidecar: FoundImage | None = None
    takeout: FoundImage | None = None

    @property
    def files(self) -> tuple[FoundImage, ...]:
        """Those that are there."""
        return tuple(file for file in (self.sidecar, self.takeout) if file)


NOTHING = Beside()


def find_beside(folder: Path, images: Iterable[FoundImage], files: Iterable[FoundImage]) -> dict[str, Beside]:
    """Return what lies beside the pictures, by the picture's path; pictures that are alone are left out.

    `a.jpg.xmp` is preferred to `a.xmp`, and the same letters to others that differ in case alone.

    Args:
        folder: where all of them lie.
        images: the pictures.
        files: sidecars and JSON in the same folders, as `scan.py` finds them.
    """
    listed: defaultdict[str, dict[str, FoundImage]] = defaultdict(dict)
    for file in files:
        place, _, name = file.image_path.rpartition("/")
        listed[place].setdefault(_key(name), file)
        listed[place][name] = file
    if not listed:
        return {}
    found: dict[str, Beside] = {}
    alone: defaultdict[str, list[FoundImage]] = defaultdict(list)
    for image in images:
        place, _, name = image.image_path.rpartition("/")
        there = listed.get(place)
        if there is None:
            continue
        stem = name.rpartition(".")[0]
        one = Beside(_first(there, (name + XMP, stem + XMP)), _first(there, json_names(name)))
        if one.takeout is None:
            alone[place].append(image)
        if one.files:
            found[image.image_path] = one
    claimed = {one.takeout.image_path for one in found.values() if one.takeout}
    for place, images_alone in alone.items():
        unclaimed = {file.image_path: file for file in listed[place].values() if _is_unclaimed(file, claimed)}
        titled = _by_title(folder, list(unclaimed.values())[:UNCLAIMED_MAX])
        for image in images_alone if titled else ():
            if json := _titled(titled, image.image_path.rpartition("/")[2]):
                found[image.image_path] = Beside(found.get(image.image_path, NOTHING).sidecar, json)
    return found


def read_file(folder: Path, file: FoundImage | None, max_bytes: int) -> bytes:
    """Return the content of one; empty where it cannot be read, or is longer than allowed."""
    if file is None or file.bytes > max_bytes:
        return b""
    try:
        with open_file(folder / file.image_path) as opened:
            content = opened.read(max_bytes + 1)
    except OSError:
        return b""
    return content if len(content) <= max_bytes else b""


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _first(there: Mapping[str, FoundImage], names: Iterable[str]) -> FoundImage | None:
    names = [*names]
    exact = next((there[name] for name in names if name in there), None)
    return exact or next((there[key] for key in map(_key, names) if key in there), None)


def _is_unclaimed(file: FoundImage, claimed: set[str]) -> bool:
    is_json = file.image_path.lower().endswith(JSON)
    return is_json and file.image_path not in claimed and file.bytes <= JSON_BYTES_MAX


def _titled(titled: Mapping[str, FoundImage], name: str) -> FoundImage | None:
    """Return the JSON whose title is a picture's name: whole, that of its original, or longer, where the name was cut."""
    for key in map(_key, (name, unedited(name))):
        if key in titled:
            return titled[key]
    stem, _, suffix = _key(name).rpartition(".")
    cut = (title for title in titled if title.startswith(stem) and title.endswith(f".{suffix}"))
    return titled[title] if len(stem) >= CUT_NAME and (title := next(cut, None)) else None


def _by_title(folder: Path, files: Iterable[FoundImage]) -> dict[str, FoundImage]:
    titled: dict[str, FoundImage] = {}
    for file in files:
        told = read_takeout(read_file(folder, file, JSON_BYTES_MAX))
        if told and told.title:
            titled.setdefault(_key(told.title), file)
    return titled

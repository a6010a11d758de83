"""The facts of one build's photos: taken over from the last generation where nothing that they were read from has changed.

A changed sidecar is noticed though its picture did not change, and so is a table of towns that was not there before.
Facts are not in the journal: a resumed build hashes every new file again, and its metadata is read right then.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from rich.console import Console

from export.console import progress_bar
from export.index.folder.scan import RACY_NS, FoundImage, Scan
from export.index.photos.beside import NOTHING, Beside, find_beside
from export.index.photos.places import Named, PlacesFile
from export.index.photos.reading import read_facts
from runtime.library.photos.photo_facts import NO_FACTS, PhotoFacts

NO_PLACES = "-"
READER = "2"  # to be counted up when the rules change, so that all facts are read again


@dataclass(frozen=True, slots=True)
class KnownFacts:
    """A photo's facts, and what they were read from: none where the file could not be opened, so that it is tried again."""

    facts: PhotoFacts = NO_FACTS
    read_from: str = ""


@dataclass(frozen=True, slots=True)
class KnownPhoto:
    """A picture as the last generation knew it: what its file was, and its facts."""

    sha256: str
    mtime_ns: int
    known: KnownFacts


class FolderFacts:
    """The facts of the pictures of one folder, by path."""

    def __init__(self, scan: Scan, *, last: Mapping[str, KnownPhoto], places: PlacesFile | None = None) -> None:
        """Find what lies beside which picture; no picture is opened yet.

        Args:
            scan: the look at the folder.
            last: what the last generation knew of this folder, by path.
            places: the table of towns, if there is one.
        """
        self._folder, self._last, self._places = scan.folder, last, places
        self._settled_ns = scan.began_ns - RACY_NS
        self._beside = find_beside(scan.folder, scan.images, scan.beside)
        self._known: dict[str, KnownFacts] = {}

    @property
    def used_files(self) -> int:
        """How many files beside the pictures tell something of them."""
        return len({file.image_path for beside in self._beside.values() for file in beside.files})

    @property
    def unnamed(self) -> int:
        """How many photos have a position, for want of a table without a name."""
        return 0 if self._places else sum(_is_unnamed(one.facts) for one in self._known.values())

    def read(self, image: FoundImage) -> None:
        """Read a photo's facts; best right after it was hashed, as its beginning need not come from the disk then."""
        beside = self._beside.get(image.image_path, NOTHING)
        try:
            facts = read_facts(self._folder, image, beside, self._places)
        except OSError:  # it went away, or may not be read: what was known of it stays
            last = self._last.get(image.image_path)
            self._known[image.image_path] = KnownFacts(last.known.facts if last else NO_FACTS)
            return
        self._known[image.image_path] = KnownFacts(facts, self._read_from(beside, facts))

    def complete(self, pictures: Iterable[tuple[FoundImage, str]], kept: Iterable[str], console: Console) -> None:
        """Take over or read the facts of all pictures that were not read yet.

        Args:
            pictures: every picture with its sha256.
            kept: paths of those that cannot be looked at now.
            console: where progress is shown.
        """
        for path in kept:
            if last := self._last.get(path):
                self._known[path] = last.known
        to_read = []
        for image, sha256 in pictures:
            last = self._last.get(image.image_path)
            if image.image_path in self._known:
                self._keep_earliest(image.image_path, sha256, last)
            elif last and self._is_current(image, sha256, last):
                self._known[image.image_path] = last.known
            else:
                to_read.append((image, sha256, last))
        with progress_bar(console, "Dates and places", len(to_read)) as advance:
            for image, sha256, last in to_read:
                self.read(image)
                self._keep_earliest(image.image_path, sha256, last)
                advance(1)

    def of(self, path: str) -> KnownFacts:
        """Return what is known of the picture at a path."""
        return self._known.get(path, KnownFacts())

    def town_names(self, last: Mapping[Named, tuple[str, ...]]) -> dict[Named, tuple[str, ...]]:
        """Return what else the towns of the pictures are called, by the table of places and by the last generation.

        Raises:
            PlacesUnusable: the table is none.
        """
        facts = (one.facts for one in self._known.values())
        towns = {(fact.place, fact.country) for fact in facts if fact.place and fact.country}
        told = self._places.others_of(towns) if self._places else {}
        return {town: names for town in towns if (names := told.get(town) or last.get(town, ()))}

    def _keep_earliest(self, path: str, sha256: str, last: KnownPhoto | None) -> None:
        """Keep the earlier of two times of the same file: copying or touching it made it no newer photo."""
        known = self._known[path]
        if last is None or last.sha256 != sha256 or known.facts.taken_source != last.known.facts.taken_source:
            return
        earlier = last.known.facts.taken
        if known.facts.taken_source == "mtime" and known.facts.taken and earlier and earlier < known.facts.taken:
            self._known[path] = replace(known, facts=replace(known.facts, taken=earlier))

    def _is_current(self, image: FoundImage, sha256: str, last: KnownPhoto) -> bool:
        if last.sha256 != sha256 or last.mtime_ns != image.mtime_ns or not last.known.read_from:
            return False
        beside = self._beside.get(image.image_path, NOTHING)
        places = self._version_for(last.known.facts)
        if self._places is None:  # names that a table gave before stay
            places = last.known.read_from.partition(" ")[2].partition(" ")[0]
        return last.known.read_from == _written(beside, places)

    def _read_from(self, beside: Beside, facts: PhotoFacts) -> str:
        """Return what facts were read from; nothing where that may change unnoticed, or could not be read at all."""
        is_settled = all(file.mtime_ns < self._settled_ns for file in beside.files)
        if not is_settled or not all(os.access(self._folder / file.image_path, os.R_OK) for file in beside.files):
            return ""
        return _written(beside, self._version_for(facts))

    def _version_for(self, facts: PhotoFacts) -> str:
        return self._places.version if self._places and facts.latitude is not None else NO_PLACES


def _written(beside: Beside, places: str) -> str:
    return " ".join([READER, places, *(f"{file.image_path}:{file.bytes}:{file.mtime_ns}" for file in beside.files)])


def _is_unnamed(facts: PhotoFacts) -> bool:
    return facts.latitude is not None and facts.place is None and facts.country is None

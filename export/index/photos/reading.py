"""One photo's facts: what its file, the files beside it and its name say, each fact from the best that has it.

The file is opened to read its metadata alone. Whatever is damaged or hostile in it costs its own fact, never the picture.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from export.index.folder.scan import FoundImage
from export.index.photos.beside import NOTHING, Beside, read_file
from export.index.photos.blocks import Blocks, find_blocks
from export.index.photos.exif import ExifFacts, Position, read_exif
from export.index.photos.file_names import date_in_name
from export.index.photos.iptc import IptcFacts, read_iptc
from export.index.photos.moments import Moment, moment_of_instant
from export.index.photos.places import Places, PlacesFile
from export.index.photos.takeout import JSON_BYTES_MAX, TakeoutFacts, read_takeout
from export.index.photos.texts import clean_all
from export.index.photos.tiff import ReadAt
from export.index.photos.xmp import XMP_BYTES_MAX, XmpFacts, read_xmp
from runtime.artefacts.file_record import open_file
from runtime.library.photos.photo_facts import PhotoFacts

HEAD_BYTES = 65_536  # read at once; most files have all their metadata there


@dataclass(frozen=True, slots=True)
class PhotoSources:
    """What each place says of one photo."""

    name: str
    mtime_ns: int
    exif: ExifFacts
    xmp: XmpFacts
    iptc: IptcFacts
    sidecar: XmpFacts
    takeout: TakeoutFacts

    def moments(self) -> Iterator[tuple[str, Moment | None]]:
        """Yield when it was taken, as each place says, the most believed first."""
        yield "sidecar", self.sidecar.moment
        yield "exif", self.exif.original
        yield "exif_digitized", self.exif.digitized
        yield "xmp", self.xmp.moment
        yield "iptc", self.iptc.moment
        yield "takeout", self.takeout.moment
        yield "name", date_in_name(self.name)
        yield "exif_modified", self.exif.modified
        yield "mtime", moment_of_instant(self.mtime_ns // 10**9)

    def position(self) -> Position | None:
        """Return where it was taken."""
        return self.sidecar.position or self.exif.position or self.xmp.position or self.takeout.position

    def rating(self) -> int | None:
        """Return its stars."""
        ratings = (self.sidecar.rating, self.xmp.rating, self.exif.rating)
        return next((rating for rating in ratings if rating is not None), None)

    def keywords(self) -> tuple[str, ...]:
        """Return its keywords. A sidecar that has some has them all, so that one can be taken away there."""
        own = self.sidecar.keywords or (*self.xmp.keywords, *self.iptc.keywords, *self.exif.keywords)
        return clean_all((*own, *self.takeout.people))


def read_facts(
    folder: Path, image: FoundImage, beside: Beside = NOTHING, places: Places | PlacesFile | None = None
) -> PhotoFacts:
    """Return all that is known of a photo. Without `places`, its position has no name.

    Raises:
        OSError: the picture's file cannot be opened.
    """
    blocks = _read_blocks(folder / image.image_path)
    exif = read_exif(blocks.first, blocks.exif, blocks.gps) if blocks.first else ExifFacts()
    sources = PhotoSources(
        name=image.image_path.rpartition("/")[2],
        mtime_ns=image.mtime_ns,
        exif=exif,
        xmp=read_xmp(blocks.xmp or exif.xmp),
        iptc=read_iptc(blocks.iptc or exif.iptc),
        sidecar=read_xmp(read_file(folder, beside.sidecar, XMP_BYTES_MAX)),
        takeout=read_takeout(read_file(folder, beside.takeout, JSON_BYTES_MAX)) or TakeoutFacts(),
    )
    source, moment = next(((name, moment) for name, moment in sources.moments() if moment), (None, None))
    latitude, longitude = sources.position() or (None, None)
    place, country = None, None
    if places is not None and latitude is not None and longitude is not None:
        place, country = places.name(latitude, longitude)
    return PhotoFacts(
        taken=moment.taken if moment else None,
        taken_source=source,
        offset_minutes=moment.offset_minutes if moment else None,
        camera=exif.camera,
        latitude=latitude,
        longitude=longitude,
        place=place,
        country=country,
        keywords=sources.keywords(),
        rating=sources.rating(),
    )


def _read_blocks(path: Path) -> Blocks:
    with open_file(path) as file:
        number, size = file.fileno(), os.fstat(file.fileno()).st_size
        return find_blocks(_reader(number), size)


def _reader(number: int) -> ReadAt:
    """Return how to read an open file, the beginning of which is read once."""
    head = os.pread(number, HEAD_BYTES, 0)

    def read(at: int, length: int) -> bytes:
        if at + length <= len(head):
            return head[at : at + length]
        if at >= 2**63 - length:
            return b""
        try:
            return os.pread(number, length, at)
        except OSError:  # a drive that fails: as if the file ended here
            return b""

    return read

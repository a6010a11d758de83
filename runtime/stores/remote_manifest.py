"""The manifest that stands beside a library in an engine: what it was made with, and which generation is in force.

One JSON of the form `lookwhy-store/1`. Where it is kept, and how one generation takes the place of another, each engine
decides. It also carries the small tables of a catalogue that do not grow with the pictures, as an SQLite file: words of
captions, counts of months, places, cameras and folders, examples of queries.
"""

import base64
import binascii
import zlib
from typing import Literal

from pydantic import Field

from runtime.artefacts.file_record import Document
from runtime.artefacts.match_calibration import MatchCalibration
from runtime.artefacts.picture_decoding import DecodeRule
from runtime.errors import ArtefactCorrupt

SAMPLED_MAX = 2_000
TABLES_MAX_BYTES = 256 << 20  # unpacked; words and counts of the largest libraries have a few MB
RELOAD = "Load it again: lookwhy load SHARDS --store STORE."


class RemoteManifest(Document):
    """What one generation of a library in an engine is.

    `generation` names the collection or the index that holds the pictures. `count` is how many they are, `captioned` how
    many have a caption's vector. `pictures_dir` is where the pictures lay when they were indexed. `models` is the models'
    fingerprint; `calibration` is absent where too few pictures have captions. `ef` is how many rows a search compares
    (HNSW), and `recall_at_10` what that finds; both are None where the engine leaves no choice, or it was not measured.
    `sample` are ids of at most `SAMPLED_MAX` pictures from all over the library, ascending.
    `tables` is an SQLite file, compressed (zlib), in base64.
    """

    format: Literal["lookwhy-store/1"] = "lookwhy-store/1"
    generation: str = Field(min_length=1)
    count: int = Field(ge=0)
    captioned: int = Field(ge=0)
    dimension: int = Field(gt=0)
    pictures_dir: str
    models: dict[str, str]
    calibration: MatchCalibration | None = None
    ef: int | None = Field(default=None, gt=0)
    recall_at_10: float | None = None
    decode: DecodeRule = "exact"
    sample: tuple[int, ...] = ()
    tables: str

    def sample_of(self, count: int) -> list[int]:
        """Return about `count` ids of `sample`, evenly spread; all of them where there are fewer."""
        return list(self.sample[:: max(1, len(self.sample) // count)])

    def unpacked_tables(self, name: str) -> bytes:
        """Return the SQLite file in `tables`; raises ArtefactCorrupt, which calls the manifest's owner `name`."""
        try:
            inflate = zlib.decompressobj()
            content = inflate.decompress(base64.b64decode(self.tables, validate=True), TABLES_MAX_BYTES)
        except (binascii.Error, zlib.error) as cause:
            raise ArtefactCorrupt(name, f"the tables in its manifest are damaged ({cause})", RELOAD) from cause
        if not inflate.eof:
            raise ArtefactCorrupt(name, "the tables in its manifest are cut short, or too large", RELOAD)
        return content


def packed_tables(content: bytes) -> str:
    """Return what `RemoteManifest.tables` holds of an SQLite file."""
    return base64.b64encode(zlib.compress(content, 9)).decode()

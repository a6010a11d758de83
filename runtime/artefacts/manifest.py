"""What an artefact folder holds: models, or an index that they made. The only thing export and runtime share.

Owns the two `manifest.json` forms and their checks; `model_records.py` owns what they say of a model, `file_record.py` how a
file is recorded. Opens no file of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field

from runtime.artefacts.cluster_search import ClusterSearchParams
from runtime.artefacts.file_record import Document, FileRecord, GraphRecord
from runtime.artefacts.fingerprint import Part, differing_entries, entries_of, fingerprint_of
from runtime.artefacts.match_calibration import MatchCalibration
from runtime.artefacts.model_records import BlipRecord, EncoderRecord
from runtime.artefacts.picture_decoding import DecodeRule
from runtime.errors import ArtefactCorrupt, ArtefactMissing, ModelsDiffer

MANIFEST_NAME = "manifest.json"
ENCODED: tuple[Part, ...] = ("pictures", "texts")  # by the encoder, which every model has

M = TypeVar("M", bound=Document)  # Python 3.11 has no type parameters


class ModelsManifest(Document):
    """`models/manifest.json`. `blip` is absent where only search was exported. `made_by` names versions and the command."""

    format: Literal["lookwhy-models/1"] = "lookwhy-models/1"
    made_by: dict[str, str] = Field(default_factory=dict)
    precision: str
    clip: EncoderRecord
    blip: BlipRecord | None = None

    def graphs(self) -> list[GraphRecord]:
        """Return the records of all graphs."""
        return [self.clip.text, self.clip.image, *([self.blip.vision, self.blip.decoder] if self.blip else [])]

    def files(self) -> list[FileRecord]:
        """Return the records of all files: graphs, their weights, tokenizers."""
        return [*self.clip.files(), *(self.blip.files() if self.blip else [])]

    def fingerprint(self) -> dict[str, str]:
        """Return what decides what an index holds, part by part (`fingerprint.py`)."""
        return fingerprint_of(self.clip, self.blip)


class IndexManifest(Document):
    """`index/manifest.json`: replacing this file switches the index to its next generation.

    `generation` names the folder below the index's that holds the files. `images_dir` is where the pictures lay when it was
    built; IMAGES_DIR overrides it. `models` is the models' fingerprint. `captions`, the store of the captions' vectors, is
    absent where no picture has one; `calibration`, where too few have. A large index has `probing` and `vectors`, the
    pictures' vectors themselves, and `captions` in that form. `decode` is how pictures are decoded, those asked with, too.
    `awaited` is how many pictures were still to be embedded: a build publishes what it has while it goes on.
    """

    format: Literal["lookwhy-index/1"] = "lookwhy-index/1"
    generation: str
    images_dir: str
    count: int
    dimension: int
    models: dict[str, str]
    store: FileRecord
    catalog: FileRecord
    metadata: FileRecord
    captions: FileRecord | None = None
    calibration: MatchCalibration | None = None
    # Each is left out where it says nothing, so that programs from before it can still read every other index.
    probing: ClusterSearchParams | None = Field(default=None, exclude_if=lambda given: given is None)
    vectors: FileRecord | None = Field(default=None, exclude_if=lambda given: given is None)
    decode: DecodeRule = Field(default="exact", exclude_if=lambda given: given == "exact")
    awaited: int = Field(default=0, exclude_if=lambda given: given == 0)

    def files(self) -> list[FileRecord]:
        """Return the records of every file of the generation."""
        return [*self.searched_files(), self.metadata]

    def searched_files(self) -> list[FileRecord]:
        """Return the records of the files that are read at run time."""
        return [file for file in (self.store, self.catalog, self.captions, self.vectors) if file]


def read_models_manifest(models_dir: Path) -> ModelsManifest:
    """Return the manifest of `models_dir`, every file it names checked to be there at its length.

    Raises:
        ArtefactMissing: the folder, its manifest or a named file is not there.
        ArtefactCorrupt: the manifest is not of this form, or a file has another length.
    """
    remedy = "Export the models: lookwhy models, or name another folder with --models (MODELS_DIR)."
    _check_holds(models_dir, "are no models", remedy, slip_for="sample")
    manifest = _read(models_dir / MANIFEST_NAME, ModelsManifest, remedy)
    for part in manifest.files():
        check_length(models_dir, part, remedy)
    return manifest


def read_index_manifest(index_dir: Path) -> IndexManifest:
    """Return the manifest of `index_dir`, every file it names checked to be there. Raises as `read_models_manifest`."""
    remedy = "Build the index: lookwhy index FOLDER, or name another with --index (INDEX_DIR)."
    elsewhere = "If you made one in another folder, go there, or name it with --index FOLDER (INDEX_DIR)."
    _check_holds(index_dir, "is no index", f"{elsewhere} Else make one: lookwhy index FOLDER.")
    manifest = _read(index_dir / MANIFEST_NAME, IndexManifest, remedy)
    for part in manifest.files():
        check_length(index_dir, part, remedy)
    return manifest


def parse_index_manifest(path: Path) -> IndexManifest:
    """Return the index's manifest in a file; the files that it names are not looked at. Raises as `read_index_manifest`."""
    return _read(path, IndexManifest, "Build the index again: lookwhy index FOLDER.")


def check_models_match(index_dir: Path, index: IndexManifest, models_dir: Path, models: ModelsManifest) -> None:
    """Refuse an index whose vectors or captions were made by other models.

    Models without a captioner serve an index whose captions one has made: nothing of theirs differs.

    Raises:
        ModelsDiffer: at least one file of the models has another sha256 than the index names.
    """
    given = models.fingerprint()
    differing = {path for path, sha256 in given.items() if index.models.get(path, sha256) != sha256}
    for part in ENCODED:  # a tower of another family has files of other names
        if entries_of(part, index.models):
            differing |= set(differing_entries(part, index.models, given))
    if differing:
        raise ModelsDiffer(index_dir, models_dir, tuple(sorted(differing)))


def check_length(folder: Path, record: FileRecord, remedy: str) -> None:
    """Refuse a file that is absent or has another length than its record; its sha256 is not looked at, which takes long.

    Raises:
        ArtefactMissing: the file is not there.
        ArtefactCorrupt: it has another length, so it was cut short or exchanged.
    """
    path = folder / record.path
    with _named_refusals(folder):
        if not path.is_file():
            raise ArtefactMissing(path, remedy)
    given_bytes = path.stat().st_size
    if given_bytes != record.bytes:
        reason = f"it has {given_bytes:,} bytes where the manifest says {record.bytes:,}"
        raise ArtefactCorrupt(path, reason, remedy)


def _check_holds(folder: Path, lacking: str, remedy: str, slip_for: str | None = None) -> None:
    """Refuse a folder without a manifest, by its whole path, as it may be another than the one that was meant.

    `slip_for` is what `--models` takes in place of a folder; where the folder's name is near it, that is asked for.
    """
    with _named_refusals(folder):
        if (folder / MANIFEST_NAME).is_file():
            return
    from difflib import get_close_matches  # no start that succeeds needs it

    meant = get_close_matches(folder.name.lower(), [slip_for]) if slip_for else []
    hint = f"Did you mean --models {meant[0]}? " if meant else ""
    said = f"There {lacking} in {folder.absolute()} ({MANIFEST_NAME} is not there)."
    raise ArtefactMissing(folder / MANIFEST_NAME, hint + remedy, said)


def _read(path: Path, form: type[M], remedy: str) -> M:
    with _named_refusals(path.parent):
        if not path.is_file():
            raise ArtefactMissing(path, remedy)
        content = path.read_bytes()
    return form.parse(content, path, remedy)


@contextmanager
def _named_refusals(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as cause:  # a folder that belongs to someone else
        raise ArtefactCorrupt(folder, f"it cannot be read ({cause.strerror})", "Let this user read it.") from cause

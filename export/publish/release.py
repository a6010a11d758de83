"""A release: models, index and pictures sent to S3, then put into force by one write. Until then, nothing there changes.

Whatever ends it early, what was in force stays so; run again, it sends what is missing.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from export.publish.errors import PublishedModelsDiffer, ReleaseAbsent
from export.publish.picture_keys import PictureKeys, kept_pictures
from export.publish.pictures import OriginalsForm, send_originals, send_previews
from export.publish.positions import without_positions
from export.publish.release_state import ReleaseState, now, read_state, switch
from export.publish.s3 import S3Folder
from export.publish.sending import send_files
from runtime.artefacts.file_record import record_file
from runtime.artefacts.manifest import (
    MANIFEST_NAME,
    IndexManifest,
    ModelsManifest,
    check_models_match,
    read_index_manifest,
    read_models_manifest,
)
from runtime.artefacts.releases.release_file import ReleaseRecord
from runtime.artefacts.remote.remote_faults import RemoteAbsent
from runtime.errors import ModelsDiffer
from runtime.library.catalog import Library
from runtime.library.previews.kept_previews import Previews

PICTURES_NAME = "pictures.json.gz"


@dataclass(frozen=True)
class ReleaseAddresses:
    """Where a stack keeps what a release is made of."""

    index: S3Folder
    models: S3Folder
    previews: S3Folder
    images: S3Folder


@dataclass(frozen=True)
class ReleaseContents:
    """What is to be published.

    Without `models_dir`, the models stay that are there. Without `originals`, no pictures are sent but for their previews;
    None means those as before: pictures if the release in force has them.
    """

    index_dir: Path
    models_dir: Path | None = None
    originals: bool | None = None
    originals_form: OriginalsForm = field(default_factory=OriginalsForm)
    with_positions: bool = False


@dataclass(frozen=True)
class PublishedCounts:
    """What was sent for a release, in files."""

    release: ReleaseRecord
    files: int
    previews: int
    originals: int


def publish_release(
    contents: ReleaseContents, there: ReleaseAddresses, console: Console | None = None
) -> tuple[ReleaseState, PublishedCounts]:
    """Send what does not lie there yet, and put it into force; what is there of releases before stays.

    Raises:
        ArtefactMissing, ArtefactCorrupt: index or models cannot be read.
        ModelsDiffer: the index was made with other models than those that are to go with it.
        PublishedModelsDiffer: it was made with others than those that are there.
        ReleaseOvertaken: somebody else has published meanwhile.
        ChangedMeanwhile: a file is no longer what was indexed or checked.
        ImageNotFound, ImageUnreadable, ImageTooLarge: a picture cannot be sent.
        RemoteRefused: AWS did not take something.
    """
    console = console or Console(quiet=True)
    index = read_index_manifest(contents.index_dir)
    own = contents.models_dir and read_models_manifest(contents.models_dir)
    state = read_state(there.index)
    models = own or (state.current.models if state.current else None)
    _check_models(contents, index, models, there.models)
    originals = contents.originals if contents.originals is not None else bool(state.current and state.current.originals)

    named = kept_pictures(state, there.index)
    library = Library.open(contents.index_dir, index)
    library.previews = Previews(contents.index_dir)
    previews, previews_sent = send_previews(library, there.previews, named.previews, console)
    pictures, pictures_sent = frozenset[str](), 0
    if originals:
        form = contents.originals_form
        pictures, pictures_sent = send_originals(library, form, there.images, named.originals, console)

    brought_by, models_sent = dict[str, int](), 0
    if contents.models_dir and own:
        brought_by, models_sent = send_files(contents.models_dir, own.files(), there.models, state, console)
    elif models:
        brought_by = {file.sha256: state.brought_by[file.sha256] for file in models.files()}
    with _published_index(contents, index) as (folder, published), TemporaryDirectory() as made:
        (Path(made) / PICTURES_NAME).write_bytes(PictureKeys(previews, pictures).to_bytes())
        listed = record_file(Path(made), PICTURES_NAME)
        of_index, index_sent = send_files(folder, published.files(), there.index, state, console)
        of_list, list_sent = send_files(Path(made), [listed], there.index, state, console)
    release = ReleaseRecord(
        number=state.number + 1,
        published=now(),
        index=published,
        models=models,
        pictures=listed,
        originals=originals,
        brought_by=brought_by | of_index | of_list,
    )
    state = switch(there.index, state, release)
    return state, PublishedCounts(release, models_sent + index_sent + list_sent, previews_sent, pictures_sent)


def roll_back(there: ReleaseAddresses, to: int | None = None) -> ReleaseState:
    """Put a release that is kept into force again, under a new number; the one before where `to` names none.

    Raises:
        ReleaseAbsent: there is none.
        ReleaseOvertaken: somebody else has published meanwhile.
        RemoteRefused: AWS did not take it.
    """
    state = read_state(there.index)
    found = next((one for one in state.before if to in (None, one.number)), None)
    if found is None:
        raise ReleaseAbsent(there.index.url, to, [one.number for one in state.before])
    again = {"number": state.number + 1, "repeats": found.repeats or found.number, "published": now()}
    return switch(there.index, state, found.model_copy(update=again))


def _check_models(contents: ReleaseContents, index: IndexManifest, models: ModelsManifest | None, there: S3Folder) -> None:
    """Refuse an index that the models do not fit which it will be searched with, as far as they are known here."""
    models = models or _models_of_before(there)
    if models is None:
        return
    try:
        check_models_match(contents.index_dir, index, contents.models_dir or Path(), models)
    except ModelsDiffer as error:
        if contents.models_dir:
            raise
        raise PublishedModelsDiffer(contents.index_dir, there.url, error.differing) from None


def _models_of_before(there: S3Folder) -> ModelsManifest | None:
    """Return the models that a version before releases published; functions use those as long as no release has some."""
    try:
        return ModelsManifest.model_validate_json(there.read(MANIFEST_NAME))
    except (RemoteAbsent, ValueError):  # ValueError: of a version that nobody here knows; who fetches them says so
        return None


def _published_index(contents: ReleaseContents, index: IndexManifest) -> AbstractContextManager[tuple[Path, IndexManifest]]:
    """Return the folder and the manifest of the index as it goes: with positions only if that is wanted."""
    folder = contents.index_dir
    return nullcontext((folder, index)) if contents.with_positions else without_positions(folder, index)

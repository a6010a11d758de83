"""From settings to a ready engine: artefacts are found, checked against each other, and opened. A bad one stops it here.

The one file that knows every package behind the engine.
"""

from collections.abc import Callable, Hashable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.artefacts.damage_check import changed_length, find_damage, manifest_is_damaged
from runtime.artefacts.file_record import FileRecord
from runtime.artefacts.folder import Folder, LocalFolder, stamp_of
from runtime.artefacts.manifest import MANIFEST_NAME, IndexManifest, ModelsManifest, check_models_match
from runtime.artefacts.package_data import are_sample_models
from runtime.artefacts.releases.release import Release
from runtime.artefacts.releases.release_folders import pictures_folder, release_folders
from runtime.artefacts.remote.fetch_dir import own_folder
from runtime.engine import Engine
from runtime.errors import ImageNotFound, LookwhyError
from runtime.explain.explainer import Explainer
from runtime.explain.opening import open_explainer
from runtime.explain.options import GroqOptions
from runtime.images import limit_decoding, upload_limits
from runtime.library.caption_file import CaptionFile
from runtime.library.captions import Captions
from runtime.library.catalog import Library
from runtime.library.previews.kept_previews import Previews
from runtime.models.cpu_cores import usable_cores
from runtime.models.opened_models import OpenedModels
from runtime.models.usable_memory import index_memory_bytes
from runtime.search.evidence import Hit
from runtime.search.query import RequestLimits
from runtime.search.ranking import Ranker
from runtime.settings import Settings
from runtime.stores.opening import open_engine_folder, open_stores

if TYPE_CHECKING:
    from runtime.images.upload_process import DecodeProcess
    from runtime.stores.manifest_folder import ManifestFolder
    from runtime.stores.protocols import LibraryStore

SHOWN_EDGE_PIXELS, SHOWN_MAX_BYTES = 512, 400_000  # of a picture that a language model is shown
ATTEMPTS = 3  # to open a release that nobody replaces meanwhile
SERVING_THREADS = 1  # searches side by side use the other cores; one query's text tower gains little from more


def open_engine(settings: Settings) -> Engine:
    """Return an engine over the artefacts that the settings name.

    Raises:
        SettingInvalid: FETCH_DIR cannot be used.
        ArtefactMissing, ArtefactCorrupt: an artefact is absent, cut short or of another form.
        ModelsDiffer: the index was made with other models.
        StorageTooSmall: what is fetched from S3 does not fit.
        RemoteRefused: S3 did not give it.
        SessionFailed: a graph cannot be opened.
    """
    return EngineSource(settings).open()


class EngineSource:
    """Opens engines over what the settings name, one release after the other. For one thread at a time, but for its checks.

    Models that two releases have in common are opened once, as is what asks a language model.
    """

    def __init__(self, settings: Settings) -> None:
        """Keep the settings; which index they name is decided now, and stays.

        Raises:
            SettingInvalid: FETCH_DIR cannot be used.
        """
        limit_decoding(settings.decode_memory_mb, settings.picture_max_pixels)
        urls = (settings.models_url, settings.index_url, settings.images_url, settings.previews_url, settings.store)
        fetch_dir = own_folder(settings.fetch_dir) if any(urls) else settings.fetch_dir
        index_dir = settings.artefact_dirs()[1]
        self._settings = settings.model_copy(update={"index_dir": index_dir, "fetch_dir": fetch_dir})
        self.is_remote = bool(settings.models_url or settings.index_url or settings.store)
        self._engine_folder: ManifestFolder | None = None  # one connection for all releases
        self.opened_stamp: Hashable = None
        self._models: OpenedModels | None = None
        self._library: Library | None = None
        self._explainer: Explainer | None = None
        self._files: list[tuple[Folder, list[FileRecord]]] = []
        self._generation = ""

    def stamp(self) -> Hashable:
        """Return what tells the release that lies there now from another one, None where a manifest is gone.

        Raises:
            RemoteRefused: S3 did not say.
        """
        return _stamp(*self._folders(), lambda folder: folder.stamp())

    def files_stamp(self) -> Hashable:
        """Return what tells the files of the release that lies there now from others; None where they are not all there."""
        if self.is_remote:
            return None
        models, index = self._folders()
        try:
            found = [(models, models.read_models().files()), (index, index.read_index().files())]
        except LookwhyError:
            return None
        return tuple(stamp_of(folder.path / record.path) for folder, records in found for record in records)

    def open(self, *, warm: bool = False) -> Engine:
        """Return an engine over the release that lies there now; raises as `open_engine` does.

        With `warm`, it has searched once, so that a damaged one is refused, and the first request waits for nothing.
        """
        for _ in range(ATTEMPTS):
            models, index = self._folders()
            engine = self._open(models, index, warm=warm)
            # what was opened in a folder of this machine is one release if nobody put another there meanwhile
            if all(folder.stamp() == folder.read_stamp for folder in (models, index) if isinstance(folder, LocalFolder)):
                break
        self.opened_stamp = _stamp(models, index, lambda folder: folder.read_stamp)
        return engine

    def open_library(self) -> Library:
        """Return the library of the index that lies there now, without models; raises as `open_engine` does."""
        _, folder = self._folders()
        index = folder.read_index()
        folder.fetch(index.catalog)
        store = self._engine_folder.open_store() if self._engine_folder else None
        return _open_library(folder, index, self._settings, store)

    def drop_others(self) -> None:
        """Remove what was fetched for other releases than the one that was opened last."""
        for folder, records in self._files:
            folder.keep_only(records)

    def find_damage(self, rest: Callable[[float], bool]) -> list[Path] | None:
        """Return the files of this machine that are not what the release that was opened last records, by sha256.

        What comes from S3 was compared when it was fetched. `rest` is called with seconds; None is returned once it says so.
        """
        found: list[Path] = []
        for folder, records in list(self._files):
            damaged = find_damage(folder.path, records, rest) if isinstance(folder, LocalFolder) else []
            if damaged is None:
                return None
            found += damaged
        _, (index, _) = self._files
        if isinstance(index, LocalFolder) and manifest_is_damaged(index.path, self._generation):
            found.append(index.path / MANIFEST_NAME)
        return found

    def changed_files(self) -> list[Path]:
        """Return the files of the release that was opened last that have another length by now."""
        return [path for folder, records in self._files for path in changed_length(folder.path, records)]

    def _open(self, models_folder: Folder, index_folder: Folder, *, warm: bool) -> Engine:
        settings, threads = self._settings, self._settings.threads or SERVING_THREADS
        index, models = index_folder.read_index(), models_folder.read_models()
        check_models_match(index_folder.path, index, models_folder.path, models)
        index_folder.fetch(*index.searched_files())
        known = self._models
        opened = known if known and known.manifest == models else _open_models(models_folder, models, settings)
        store = self._engine_folder.open_store() if self._engine_folder else None
        library = _open_library(index_folder, index, settings, store)
        self._explainer = self._explainer or _open_explainer(settings, self._read_picture)
        kept_bytes = index_memory_bytes(settings.index_memory_mb)
        stores = (store, store.captions) if store else open_stores(index_folder.path, index, threads, kept_bytes=kept_bytes)
        texts_of = library.texts.of_pictures if library.texts.are_known else None
        engine = Engine(
            opened.encoder,
            Ranker(*stores, index.calibration, encoder=models.clip, some_ids=library.some_ids, texts_of=texts_of),
            library,
            self._explainer,
            captions=_open_captions(library, index_folder.path, opened),
            limits=RequestLimits(settings.top_k_max, settings.query_max_chars),
        )
        engine.sample_models, engine.release = are_sample_models(models), Release(index, models)
        if warm:
            engine.warm()
        self._models, self._library, self._generation = opened, library, index.generation
        self._files = [(models_folder, models.files()), (index_folder, index.files())]
        return engine

    def _folders(self) -> tuple[Folder, Folder]:
        """Return the folders of models and index; an engine goes before an address on S3, and that before a folder here."""
        settings = self._settings
        models, index = release_folders(
            settings.artefact_dirs(), settings.models_url, settings.index_url, settings.fetch_dir
        )
        if not settings.store:
            return models, index
        if self._engine_folder is None:
            self._engine_folder = open_engine_folder(settings.store, settings.milvus_token, settings.fetch_dir)
        return models, self._engine_folder

    def _read_picture(self, hit: Hit) -> bytes:
        """Return a hit's picture for a language model, from the library that was opened last, if it has it still."""
        library = self._library
        if library is None or library.row_by_path(hit.row.image_path).sha256 != hit.row.sha256:
            raise ImageNotFound(hit.row.image_path)
        return library.small_picture(hit.row, SHOWN_EDGE_PIXELS, SHOWN_MAX_BYTES)


def _open_models(folder: Folder, manifest: ModelsManifest, settings: Settings) -> OpenedModels:
    threads = settings.threads or SERVING_THREADS
    workers = max(1, usable_cores() // threads)
    return OpenedModels(folder, manifest, threads=threads, workers=workers, cache_size=settings.query_cache_size)


def _stamp(models: Folder, index: Folder, stamp_of_folder: Callable[[Folder], Hashable]) -> Hashable:
    stamps = stamp_of_folder(models), stamp_of_folder(index)
    return None if None in stamps else (isinstance(models, LocalFolder) and models.path, *stamps)


def open_upload_reader(settings: Settings) -> "DecodeProcess":
    """Return what decodes uploaded pictures in a process of its own, which starts with the first of them."""
    from runtime.images.upload_process import DecodeProcess  # not on Lambda, which decodes in its own

    return DecodeProcess(upload_limits(settings.upload_max_pixels, settings.decode_memory_mb))


def _open_library(folder: Folder, index: IndexManifest, settings: Settings, store: "LibraryStore | None") -> Library:
    url, by_content = settings.images_url, folder.originals_by_content
    images = pictures_folder(url, settings.fetch_dir, by_content=by_content) if url else settings.images_dir
    if store:  # then alone, as nothing of it is needed where an index in files is searched
        from runtime.library.remote.library import RemoteLibrary
    opened = partial(RemoteLibrary.open_over, store.rows) if store else Library.open
    library = opened(folder.path, index, images=images, image_base_url=settings.image_base_url)
    library.urls_by_content = by_content and settings.image_base_url is not None
    own = None if settings.index_url or store else folder.path  # what is fetched is no place to keep anything
    library.previews = Previews.open(own, settings.fetch_dir, settings.previews_url, base_url=settings.shown_previews_url)
    return library


def _open_captions(library: Library, index_dir: Path, models: OpenedModels) -> Captions:
    blip = models.manifest.blip
    if blip is None:
        return Captions(library, None)
    kept = CaptionFile(index_dir, models.manifest.fingerprint())
    return Captions(library, partial(models.captioner, blip), kept)


def _open_explainer(settings: Settings, read_picture: Callable[[Hit], bytes]) -> Explainer:
    options = GroqOptions(
        settings.groq_model,
        settings.groq_max_tokens,
        settings.groq_timeout_s,
        settings.groq_base_url,
        settings.groq_cache_size,
    )
    key = settings.groq_api_key.get_secret_value() if settings.groq_api_key else None
    return open_explainer(key, settings.groq_secret_id, options, read_picture if settings.explain_with_pictures else None)

"""From settings to a ready engine: artefacts are found, checked against each other, and opened.

The one file that knows every package behind the engine. A bad artefact stops the start here.
"""

from pathlib import Path

from runtime.artefacts.aws import read_secret
from runtime.artefacts.embedded import are_sample_models
from runtime.artefacts.folder import Folder, LocalFolder, RemoteFolder
from runtime.artefacts.manifest import IndexManifest, ModelsManifest, check_models_match
from runtime.engine import Engine
from runtime.explain.explainer import Explainer
from runtime.explain.sentences import EvidenceExplainer
from runtime.library.caption_file import CaptionFile
from runtime.library.captions import Captions
from runtime.library.catalog import Library
from runtime.models.batching import BatchingEncoder
from runtime.models.blip import BlipCaptioner
from runtime.models.clip import ClipEncoder
from runtime.models.cpu_cores import usable_cores
from runtime.search.evidence import Hit
from runtime.search.query import RequestLimits
from runtime.search.ranking import Ranker
from runtime.settings import Settings
from runtime.stores.opening import open_stores

SHOWN_EDGE_PIXELS, SHOWN_MAX_BYTES = 512, 400_000  # of a picture that a language model is shown
SERVING_THREADS = 1  # searches side by side use the other cores; one query's text tower gains little from more


def open_engine(settings: Settings) -> Engine:
    """Return an engine over the artefacts that the settings name.

    Raises:
        ArtefactMissing, ArtefactCorrupt: an artefact is absent, cut short or of another form.
        ModelsDiffer: the index was made with other models.
        StorageTooSmall: what is fetched from S3 does not fit.
        RemoteRefused: S3 did not give it.
        SessionFailed: a graph cannot be opened.
    """
    models_folder, index_folder = _folders(settings)
    models, index = models_folder.read_models(), index_folder.read_index()
    check_models_match(index_folder.path, index, models_folder.path, models)
    index_folder.fetch(*index.searched_files())
    threads = settings.threads or SERVING_THREADS
    library = _open_library(index_folder.path, index, settings)
    engine = Engine(
        BatchingEncoder(
            ClipEncoder(models_folder, models.clip, threads),
            cache_size=settings.query_cache_size,
            workers=max(1, usable_cores() // threads),
        ),
        _open_ranker(index_folder.path, index, library, threads),
        library,
        _open_explainer(settings, library),
        captions=_open_captions(library, index_folder.path, models_folder, models, threads=threads),
        limits=RequestLimits(settings.top_k_max, settings.query_max_chars),
    )
    engine.sample_models = are_sample_models(models)
    return engine


def _folders(settings: Settings) -> tuple[Folder, Folder]:
    """Return the folders of models and index; an address on S3 goes before a folder here."""
    models_dir, index_dir = settings.artefact_dirs()
    models, index = settings.models_url, settings.index_url
    return (
        RemoteFolder(models, settings.fetch_dir / "models", "MODELS_URL") if models else LocalFolder(models_dir),
        RemoteFolder(index, settings.fetch_dir / "index", "INDEX_URL") if index else LocalFolder(index_dir),
    )


def _open_library(index_dir: Path, index: IndexManifest, settings: Settings) -> Library:
    url = settings.images_url
    images = RemoteFolder(url, settings.fetch_dir / "images", "IMAGES_URL") if url else settings.images_dir
    return Library.open(index_dir, index, images=images, image_base_url=settings.image_base_url)


def _open_captions(
    library: Library, index_dir: Path, models_folder: Folder, models: ModelsManifest, *, threads: int
) -> Captions:
    blip = models.blip
    if blip is None:
        return Captions(library, None)
    kept = CaptionFile(index_dir, models.fingerprint())
    return Captions(library, lambda: BlipCaptioner(models_folder, blip, threads), kept)


def _open_explainer(settings: Settings, library: Library) -> Explainer:
    """Return the explainer with the key that is set, with the one that Secrets Manager keeps, or without one."""
    key, secret_id = settings.groq_api_key, settings.groq_secret_id
    if not (key or secret_id):
        return EvidenceExplainer()
    # a start without a key does not pay for the check of a language model's sentences
    from runtime.explain.groq.explainer import open_explainer
    from runtime.explain.groq.secret import SecretExplainer

    def read_picture(hit: Hit) -> bytes:
        return library.small_picture(hit.row, SHOWN_EDGE_PIXELS, SHOWN_MAX_BYTES)

    def open_with(api_key: str | None) -> Explainer:
        return open_explainer(
            api_key,
            model=settings.groq_model,
            max_tokens=settings.groq_max_tokens,
            timeout_s=settings.groq_timeout_s,
            base_url=settings.groq_base_url,
            cache_size=settings.groq_cache_size,
            read_picture=read_picture if settings.explain_with_pictures else None,
        )

    if secret_id and not key:
        return SecretExplainer(lambda: read_secret(secret_id), open_with)
    return open_with(key.get_secret_value() if key else None)


def _open_ranker(index_dir: Path, index: IndexManifest, library: Library, threads: int) -> Ranker:
    pictures, captions = open_stores(index_dir, index, threads)
    return Ranker(pictures, captions, index.calibration, some_ids=library.some_ids)

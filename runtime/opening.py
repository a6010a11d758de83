"""Opening: settings to a ready engine. Where artefacts are found, checked against each other, and opened.

The one place that knows all the rooms behind the engine; what is wrong with an artefact stops the start here.
"""

from pathlib import Path

from runtime.asking import Limits
from runtime.blip import BlipCaptioner
from runtime.captions import Captions
from runtime.clip import ClipEncoder
from runtime.engine import Engine
from runtime.groq_explainer import open_explainer
from runtime.library import Library
from runtime.manifest import IndexManifest, check_models_match, read_index_manifest, read_models_manifest
from runtime.matcher import Matcher
from runtime.settings import Settings
from runtime.stores.faiss_store import FaissStore

SERVING_THREADS = 1  # searches side by side use the other cores; one query's text tower gains little from more


def open_engine(settings: Settings) -> Engine:
    """Return an engine over the artefacts that the settings name.

    Raises:
        ArtefactMissing, ArtefactCorrupt: an artefact is absent, cut short or of another form.
        ModelsDiffer: the index was made with other models.
        SessionFailed: a graph cannot be opened.
    """
    models_dir, index_dir = settings.artefact_dirs()
    models, index = read_models_manifest(models_dir), read_index_manifest(index_dir)
    check_models_match(index_dir, index, models_dir, models)
    blip, groq_key = models.blip, settings.groq_api_key
    threads = settings.threads or SERVING_THREADS
    library = Library.open(index_dir, index, images_dir=settings.images_dir, image_base_url=settings.image_base_url)
    return Engine(
        ClipEncoder(models_dir, models.clip, threads),
        _open_matcher(index_dir, index, library, threads),
        library,
        open_explainer(
            groq_key.get_secret_value() if groq_key else None,
            model=settings.groq_model,
            max_tokens=settings.groq_max_tokens,
            timeout_s=settings.groq_timeout_s,
            base_url=settings.groq_base_url,
            cache_size=settings.groq_cache_size,
        ),
        captions=Captions(library, (lambda: BlipCaptioner(models_dir, blip, threads)) if blip else None),
        limits=Limits(settings.top_k_max, settings.query_max_chars),
    )


def _open_matcher(index_dir: Path, index: IndexManifest, library: Library, threads: int) -> Matcher:
    pictures = FaissStore.open(index_dir / index.store.path, index.dimension, threads)
    captions = FaissStore.open(index_dir / index.captions.path, index.dimension, threads) if index.captions else None
    return Matcher(pictures, captions, index.calibration, some_ids=library.some_ids)

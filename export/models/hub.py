"""Fetches checkpoints from the Hugging Face hub; the only file that talks to it. Every failure becomes one sentence.

Settings are the hub's own variables (HF_ENDPOINT for a mirror, HF_HUB_CACHE, HF_HUB_OFFLINE). Fetched files are not read
here.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from export.errors import CheckpointUnusable
from export.models.checkpoint_family import refuse_open_clip

DEFAULT_CLIP = "laion/CLIP-ViT-B-32-laion2B-s34B-b79K@1a25a446712ba5ee05982a381eed697ef9b435cf"
DEFAULT_BLIP = "Salesforce/blip-image-captioning-base@82a37760796d32b1411fe092ab5d4e227313294b"

HUB_ID = re.compile(r"(?P<id>[\w.-]+(/[\w.-]+)?)(@(?P<revision>[\w./-]+))?")
SMALL_FILES = ["*.json", "*.txt"]
# In order of preference; both default models are published in the second form.
WEIGHTS = (["model*.safetensors"], ["pytorch_model*.bin"])
NO_FOLDER_NO_ID = "there is no such folder, and it has not the form of a hub id"
REMEDY = (
    "Two ways out: give the folder of a checkpoint that you already have (save_pretrained() writes one), "
    "or help the hub: set HF_ENDPOINT to a mirror, or HF_HUB_CACHE to a cache that holds the model."
)


def fetch_snapshot(
    given: str,
    *,
    endpoint: str | None = None,
    check: Callable[[Path], None] | None = None,
    beside: Sequence[str] = (),
) -> Path:
    """Return the local snapshot of `owner/name` or `owner/name@revision`; its folder's name is the commit.

    Only one form of the weights is fetched: safetensors, or torch's own where there are none.

    Args:
        given: the hub id.
        endpoint: the hub's address; None is HF_ENDPOINT, or huggingface.co.
        beside: patterns of files in folders below that are fetched with the weights.
        check: called with the snapshot once its small files are there, so that what it refuses costs no download of weights.

    Raises:
        CheckpointUnusable: no hub id, no such model or revision, a gated one, or a hub that cannot be reached.
    """
    match = HUB_ID.fullmatch(given)
    if not match:
        raise CheckpointUnusable(given, NO_FOLDER_NO_ID, REMEDY)
    snapshot = _fetch(match, patterns=SMALL_FILES, endpoint=endpoint)
    refuse_open_clip(given, snapshot)
    if check and (snapshot / "config.json").is_file():  # a cache that is not whole is named as such below
        check(snapshot)
    for weights in WEIGHTS:
        snapshot = _fetch(match, patterns=[*SMALL_FILES, *weights, *beside], endpoint=endpoint)
        if any(snapshot.glob(weights[0])):
            return snapshot
    raise CheckpointUnusable(given, "the hub has no weights of it, or this machine's cache of it is not whole", REMEDY)


def _fetch(match: re.Match[str], *, patterns: list[str], endpoint: str | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError, RevisionNotFoundError

    given, revision = match.group(), match["revision"]
    try:
        return Path(snapshot_download(match["id"], revision=revision, allow_patterns=patterns, endpoint=endpoint))
    except HFValidationError as cause:
        raise CheckpointUnusable(given, NO_FOLDER_NO_ID, REMEDY) from cause
    except GatedRepoError as cause:  # before its base class, RepositoryNotFoundError
        raise CheckpointUnusable(given, "the hub gives it only to those who accepted its terms", REMEDY) from cause
    except RepositoryNotFoundError as cause:
        raise CheckpointUnusable(given, "there is no such folder, and the hub has no such model", REMEDY) from cause
    except RevisionNotFoundError as cause:
        raise CheckpointUnusable(given, f"the hub has no revision {revision} of it", REMEDY) from cause
    except OSError as cause:  # requests' and the hub's own errors are all kinds of OSError
        raise CheckpointUnusable(given, _say_why(cause), REMEDY) from cause


def _say_why(cause: OSError) -> str:
    from huggingface_hub.errors import HfHubHTTPError

    if cause.errno is not None and not isinstance(cause, ConnectionError | TimeoutError):  # the disk's, not the network's
        return f"what the hub gives cannot be stored in its cache ({cause.strerror})"
    for error in (cause, cause.__cause__):
        if isinstance(error, HfHubHTTPError) and error.response is not None:
            return f"the hub answers with an error (status {error.response.status_code})"
    return "there is no such folder, and the hub cannot be reached or is switched off by HF_HUB_OFFLINE"

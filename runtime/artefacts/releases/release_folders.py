"""Where models, index and pictures come from: folders of this machine, or S3, which goes before them.

Without S3, what reads from it is not imported: the form of releases takes a few milliseconds of a start.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from runtime.artefacts.folder import Folder, LocalFolder

if TYPE_CHECKING:
    from runtime.artefacts.remote.remote_folder import RemoteFolder


def release_folders(
    dirs: tuple[Path, Path], models_url: str | None, index_url: str | None, fetch_dir: Path
) -> tuple[Folder, Folder]:
    """Return the folders of models and index. Where both are on S3, they are read from the same release.

    Args:
        dirs: the folders of models and index of this machine, used where there is no address.
        models_url: the models' address on S3.
        index_url: the index's.
        fetch_dir: where they are mirrored.
    """
    models: Folder = LocalFolder(dirs[0])
    index: Folder = LocalFolder(dirs[1])
    published = None
    if index_url:
        from runtime.artefacts.releases.published_release import PublishedRelease

        index = there = _remote_folder(index_url, fetch_dir / "index", "INDEX_URL")
        there.published = published = PublishedRelease(there.bucket)
    if models_url:
        models = there = _remote_folder(models_url, fetch_dir / "models", "MODELS_URL")
        there.published = published
    return models, index


def pictures_folder(url: str, fetch_dir: Path, *, by_content: bool) -> Folder:
    """Return the folder of the pictures on S3; `by_content` as the index's folder says of them."""
    pictures = _remote_folder(url, fetch_dir / "images", "IMAGES_URL")
    pictures.by_content = by_content
    return pictures


def _remote_folder(url: str, path: Path, setting: str) -> "RemoteFolder":
    from runtime.artefacts.remote.remote_folder import RemoteFolder

    return RemoteFolder(url, path, setting)

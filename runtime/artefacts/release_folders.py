"""Where models, index and pictures come from: folders of this machine, or S3, which goes before them."""

from pathlib import Path

from runtime.artefacts.folder import Folder, LocalFolder
from runtime.artefacts.published_release import PublishedRelease
from runtime.artefacts.remote_folder import RemoteFolder


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
    published: PublishedRelease | None = None
    if index_url:
        index = there = RemoteFolder(index_url, fetch_dir / "index", "INDEX_URL")
        there.published = published = PublishedRelease(there.bucket)
    if models_url:
        models = there = RemoteFolder(models_url, fetch_dir / "models", "MODELS_URL")
        there.published = published
    return models, index


def pictures_folder(url: str, fetch_dir: Path, *, by_content: bool) -> Folder:
    """Return the folder of the pictures on S3; `by_content` as the index's folder says of them."""
    pictures = RemoteFolder(url, fetch_dir / "images", "IMAGES_URL")
    pictures.by_content = by_content
    return pictures

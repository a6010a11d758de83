"""The sample library in a bucket, as `python -m export.publish` puts it there."""

from dataclasses import dataclass
from pathlib import Path

from export.publish.__main__ import publish_artefact
from export.publish.pictures import publish_originals
from export.publish.s3 import S3Folder
from runtime.artefacts.manifest import read_index_manifest, read_models_manifest
from runtime.library.catalog import Library
from tests.deploy.cloud import Cloud
from tests.sample_library import MODELS, SampleLibrary


@dataclass(frozen=True)
class Published:
    """Where everything is, and the environment of a function that has nothing of it in its image."""

    cloud: Cloud
    library: SampleLibrary
    bucket: str

    def environment(self, fetch_dir: Path) -> dict[str, str]:
        """Return a whole environment; folders in it would be used if addresses were not."""
        urls = {"MODELS_URL": "models", "INDEX_URL": "index", "IMAGES_URL": "images"}
        bare = {name: value for name, value in self.library.environment.items() if not name.endswith("_DIR")}
        on_s3 = {setting: f"s3://{self.bucket}/{prefix}" for setting, prefix in urls.items()}
        return bare | self.cloud.environment | on_s3 | {"FETCH_DIR": str(fetch_dir)}


def publish_sample(cloud: Cloud, sample: SampleLibrary, bucket: str) -> Published:
    """Make a bucket and publish models, index and pictures into it."""
    cloud.make_bucket(bucket)
    publish_artefact(MODELS, read_models_manifest(MODELS), folder_of(cloud, bucket, "models"))
    publish_artefact(sample.index, read_index_manifest(sample.index), folder_of(cloud, bucket, "index"))
    library = Library.open(sample.index, read_index_manifest(sample.index))
    publish_originals(library, folder_of(cloud, bucket, "images"))
    return Published(cloud, sample, bucket)


def folder_of(cloud: Cloud, bucket: str, prefix: str) -> S3Folder:
    return S3Folder(f"s3://{bucket}/{prefix}", cloud.client("s3"))

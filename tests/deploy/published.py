"""The sample library in a bucket, as `python -m export.publish` puts it there, and as versions before releases did."""

from dataclasses import dataclass
from pathlib import Path

from export.publish.release import ReleaseAddresses, ReleaseContents, publish_release
from export.publish.s3 import S3Folder
from runtime.artefacts.manifest import (
    MANIFEST_NAME,
    IndexManifest,
    ModelsManifest,
    read_index_manifest,
    read_models_manifest,
)
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
    publish_release(ReleaseContents(sample.index, MODELS, originals=True), addresses_in(cloud, bucket))
    return Published(cloud, sample, bucket)


def publish_sample_as_before(cloud: Cloud, sample: SampleLibrary, bucket: str) -> Published:
    """Make a bucket and put models, index and pictures there as versions before releases did."""
    cloud.make_bucket(bucket)
    write_layout_before(MODELS, read_models_manifest(MODELS), folder_of(cloud, bucket, "models"))
    write_layout_before(sample.index, read_index_manifest(sample.index), folder_of(cloud, bucket, "index"))
    images = folder_of(cloud, bucket, "images")
    for picture in sample.images.glob("*.jpg"):
        images.write(picture.name, picture, cache="no-cache")
    return Published(cloud, sample, bucket)


def write_layout_before(folder: Path, manifest: ModelsManifest | IndexManifest, there: S3Folder) -> None:
    """Write an artefact's files under their own names, then its manifest, which switches."""
    for path in (*(file.path for file in manifest.files()), MANIFEST_NAME):
        there.write(path, folder / path, cache="no-cache")


def addresses_in(cloud: Cloud, bucket: str) -> ReleaseAddresses:
    """Return the addresses of a stack whose buckets are this one."""
    return ReleaseAddresses(*(folder_of(cloud, bucket, prefix) for prefix in ("index", "models", "previews", "images")))


def folder_of(cloud: Cloud, bucket: str, prefix: str) -> S3Folder:
    return S3Folder(f"s3://{bucket}/{prefix}", cloud.client("s3"))

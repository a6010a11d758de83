"""PublishedRelease: the release in force on S3, read once, for those who need models and index of the same one."""

from runtime.artefacts.releases.release_file import RELEASE_NAME, ReleaseFile, ReleaseRecord
from runtime.artefacts.remote.aws import Bucket
from runtime.artefacts.remote.remote_faults import RemoteUnreachable
from runtime.errors import RemoteRefused

REMEDY = "Publish it again: lookwhy publish release."


class PublishedRelease:
    """What `release.json` at the index's address says. Versions before it wrote none; then there is no release.

    Where S3 gives none for another reason than a fault that may pass, there is none either: S3 answers 403 for what is not
    there to those who may not list the bucket, and who reads the manifests instead is told of a right that is missing.
    """

    def __init__(self, bucket: Bucket) -> None:
        """Keep the bucket; no request is made yet."""
        self._bucket = bucket
        self._record: ReleaseRecord | None = None
        self._is_read = False

    def read(self) -> ReleaseRecord | None:
        """Return the release, as it stood there at the first call; None where there is none.

        Raises:
            RemoteUnreachable: S3 did not answer, or broke off.
            ArtefactCorrupt: it is not of this form.
        """
        if not self._is_read:
            self._record, self._is_read = self._read(), True
        return self._record

    @property
    def read_tag(self) -> str | None:
        """What tells the release that was read from another one."""
        return self._bucket.tags.get(RELEASE_NAME)

    def tag(self) -> str | None:
        """Return what tells the release that stands there now from another one, None where there is none.

        Raises:
            RemoteUnreachable: S3 did not answer.
        """
        try:
            return self._bucket.tag(RELEASE_NAME)
        except RemoteUnreachable:
            raise
        except RemoteRefused:
            return None

    def _read(self) -> ReleaseRecord | None:
        try:
            content = b"".join(self._bucket.chunks(RELEASE_NAME))
        except RemoteUnreachable:
            raise
        except RemoteRefused:
            return None
        return ReleaseFile.parse(content, f"{self._bucket.url}/{RELEASE_NAME}", REMEDY).current

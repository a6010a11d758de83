"""Brings the files of some pictures to the node that works on them, for as long as it does."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from export.cluster.sources import S3, split_s3
from export.index.folder.found import FoundImage
from runtime.artefacts.remote.aws import named_failures, open_client
from runtime.errors import RemoteRefused

FETCHED_AT_ONCE = 8
REMEDY = "Check that its objects may be read."


@contextmanager
def files_at_hand(address: str, images: Iterable[FoundImage]) -> Iterator[Path]:
    """Yield a folder below which the files lie by their paths. What could not be fetched is not there.

    Args:
        address: a folder, which is yielded as it is, or an s3:// address, from which they are fetched.
        images: the files.
    """
    if not address.startswith(S3):
        yield Path(address)
        return
    bucket, prefix = split_s3(address)
    with TemporaryDirectory(prefix="lookwhy-") as name, ThreadPoolExecutor(FETCHED_AT_ONCE) as threads:
        folder, client = Path(name), open_client("s3")
        list(threads.map(lambda image: _fetch(client, bucket, prefix, image, folder), images))
        yield folder


def _fetch(client: Any, bucket: str, prefix: str, image: FoundImage, folder: Path) -> None:  # noqa: ANN401 (boto3's)
    """Fetch one file; its time is the object's, by which it is told from another that takes its place."""
    path, key = folder / image.image_path, f"{prefix}/{image.image_path}" if prefix else image.image_path
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with named_failures(f"{S3}{bucket}/{key}", REMEDY):
            answer = client.get_object(Bucket=bucket, Key=key)
            with path.open("wb") as file:
                for chunk in answer["Body"].iter_chunks(1 << 20):
                    file.write(chunk)
    except RemoteRefused:
        path.unlink(missing_ok=True)  # it is then said to have gone, and tried again by the next build
        return
    time_ns = int(answer["LastModified"].timestamp()) * 10**9
    os.utime(path, ns=(time_ns, time_ns))

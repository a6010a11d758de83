"""Publishing where something is wrong: odd names, files that change meanwhile, buckets, credentials and stacks that fail."""

from export.publish.s3 import S3Folder
from tests.deploy.cloud import Cloud
from tests.deploy.writes import bucket, writes

__all__ = ["bucket", "writes"]  # fixtures


def test_a_name_that_no_list_can_hold_is_removed_with_the_others(cloud: Cloud, bucket: str) -> None:
    there = S3Folder(f"s3://{bucket}/images", cloud.client("s3"))
    for name in ("a\x01b.jpg", "c.jpg", "d\r\te.jpg", "<f>&.jpg", "g\uffff.jpg"):
        there.write(name, b"content", cache="no-cache")
    assert there.remove(there.paths()) == 5
    assert there.paths() == {}

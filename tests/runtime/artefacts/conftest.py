"""The mirror is tried against the same played S3 as the function."""

from tests.deploy.conftest import cloud, published, published_before

__all__ = ["cloud", "published", "published_before"]

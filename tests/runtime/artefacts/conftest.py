"""The mirror is tried against the same played S3 as the function."""

from tests.deploy.conftest import cloud, published

__all__ = ["cloud", "published"]

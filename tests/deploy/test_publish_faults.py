"""Publishing that is killed, that two do at once, and that a cold start meets: one whole release is in force."""

from pathlib import Path

import pytest

from export.publish.errors import ReleaseOvertaken
from export.publish.release import ReleaseContents, roll_back
from tests.deploy.cloud import Cloud
from tests.deploy.writes import bucket
from tests.fuzz.release_kills import addresses, assert_whole, publish, publish_killed, publish_two, start_cold
from tests.fuzz.written_releases import write_release
from tests.sample_library import SampleLibrary

__all__ = ["bucket"]  # a fixture


@pytest.fixture
def two_releases(sample_library: SampleLibrary, tmp_path: Path) -> list[ReleaseContents]:
    """Two that differ in models, index and one picture."""
    return [write_release(sample_library, tmp_path / f"release {number}", number) for number in (1, 2)]


def test_wherever_a_publisher_is_killed_one_whole_release_is_in_force(
    two_releases: list[ReleaseContents], cloud: Cloud, bucket: str
) -> None:
    """At some of its requests; `python -m tests.fuzz.releases` takes every one."""
    first, second = two_releases
    there = addresses(cloud.client("s3"), bucket)
    publish(first, there)
    for allowed in range(3, 1000, 7):
        is_done = publish_killed(cloud, bucket, second, allowed)
        number = assert_whole(there).number
        assert number in (1, 2)
        if number == 2:
            break
    assert is_done or number == 2
    publish(second, there)
    assert_whole(there)


def test_of_two_publishers_one_wins_and_the_other_says_so(
    two_releases: list[ReleaseContents], cloud: Cloud, bucket: str
) -> None:
    there = addresses(cloud.client("s3"), bucket)
    for before in range(2):
        ends = publish_two(cloud, bucket, (two_releases[0], two_releases[1]))
        assert sorted(map(type, ends), key=str) == [ReleaseOvertaken, int]
        assert before + 1 in ends
        assert assert_whole(there).number == before + 1


def test_models_and_index_change_together(
    two_releases: list[ReleaseContents], cloud: Cloud, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    there = addresses(cloud.client("s3"), bucket)
    for at, contents in enumerate(two_releases, start=1):
        publish(contents, there)
        assert str(start_cold(cloud, bucket, tmp_path / "fetched")).endswith(f", release {at}")
    roll_back(there)
    assert str(start_cold(cloud, bucket, tmp_path / "fetched")).endswith(", release 1")

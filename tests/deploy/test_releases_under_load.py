"""Releases under load on the function's handler, a few of them; `python -m tests.fuzz.releases` has twenty."""

from pathlib import Path

import pytest

from tests.deploy.cloud import Cloud
from tests.fuzz.release_load import run_under_load
from tests.sample_library import SampleLibrary


def test_while_releases_follow_each_other_no_request_fails_and_no_picture_is_missing(
    cloud: Cloud, sample_library: SampleLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    figures = run_under_load(cloud, sample_library, tmp_path, releases=3, threads=2)
    assert figures["wrong"] == []
    assert set(figures["requests"]) == {200}
    assert figures["releases_met"] == 3
    assert figures["pictures_fetched"] > 2 * 60

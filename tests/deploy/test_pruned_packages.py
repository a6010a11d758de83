"""The packages of the image, pruned as they are deployed, do all that the function does."""

import os
import re
import shutil
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from deploy.prune import prune
from tests.conftest import ROOT
from tests.deploy.emulator import emulated, post
from tests.deploy.events import form_with_picture, url_event
from tests.sample_library import SampleLibrary

LOCKED = re.compile(r"^([\w.-]+)==", re.MULTILINE)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the Dockerfile makes it, of what is installed here: files are linked where they can be."""
    folder = tmp_path_factory.mktemp("image") / "packages"
    for lock in ("requirements.lock", "deploy/requirements-lambda.lock"):
        for name in LOCKED.findall((ROOT / lock).read_text("utf-8")):
            installed = distribution(name)
            for file in installed.files or ():
                source, target = Path(str(installed.locate_file(file))), folder / file
                if ".." not in file.parts and source.is_file() and not target.exists():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    link_or_copy(source, target)
    prune(folder)
    return folder


def link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy(source, target)


def test_pruned_packages_search_explain_and_see_pictures(sample_library: SampleLibrary, packages: Path, log: Path) -> None:
    environment = sample_library.environment | {"PYTHONPATH": os.pathsep.join((str(packages), str(ROOT)))}
    function = (sys.executable, "-S", "-m", "awslambdaric", "handler.handler")  # -S: of what is installed here, nothing
    body, headers = form_with_picture(next(sample_library.images.glob("*.jpg")).read_bytes(), top_k="1")
    with emulated(environment, log, function=function) as image:
        searched = post(image, "/search", {"query": "a red boat at sunset"})
        assert searched.status == 200, image.log
        hit = searched.json()["results"][0]
        explained = post(image, "/explain", {"query": "a boat", "ids": [hit["id"]], "heatmap": True})
        assert explained.status == 200, image.log
        assert image.ask(url_event("POST", "/search/image", headers=headers, body=body)).status == 200, image.log
        assert image.ask(url_event(path=hit["image_url"])).status == 200, image.log
        assert image.ask(url_event(path="/metrics")).status == 200, image.log

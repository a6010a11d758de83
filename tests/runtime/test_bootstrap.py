"""The engine as the settings make it: what a language model is shown of the pictures found."""

import base64
import io
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from runtime import bootstrap
from runtime.bootstrap import open_engine
from runtime.models.usable_memory import usable_memory_bytes
from runtime.settings import Settings
from runtime.stores.opening import open_stores
from tests.conftest import ROOT
from tests.runtime.explain.groq.groq_server import KEY, explains, groq_server

if TYPE_CHECKING:
    from tests.sample_library import SampleLibrary


def sent(library: "SampleLibrary", monkeypatch: pytest.MonkeyPatch, **settings: Any) -> Any:
    """Return the content of the user message that a search of two pictures sends."""
    monkeypatch.setenv("NO_PROXY", "*")
    with groq_server(explains()) as server:
        made = Settings.read(
            models_dir=ROOT / "sample" / "models",
            index_dir=library.index,
            images_dir=library.images,
            groq_api_key=KEY,
            groq_base_url=f"{server.url}/v1",
            **settings,
        )
        engine = open_engine(made)
        engine.search(engine.limits.check_search("a boat", 2))
        engine._explainer.close()  # type: ignore[attr-defined]  # waits for the call; explainers without one have none to end
        (request,) = server.requests
    return request["messages"][1]["content"]


def test_by_default_a_search_sends_no_picture(sample_library: "SampleLibrary", monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(sent(sample_library, monkeypatch), str)


def test_pictures_are_sent_as_small_jpegs_of_the_hits_alone(
    sample_library: "SampleLibrary", monkeypatch: pytest.MonkeyPatch
) -> None:
    content = sent(sample_library, monkeypatch, explain_with_pictures=True)
    urls = [part["image_url"]["url"] for part in content if part["type"] == "image_url"]
    assert len(urls) == 2
    for url in urls:
        form, _, data = url.partition(",")
        assert form == "data:image/jpeg;base64"
        with Image.open(io.BytesIO(base64.b64decode(data))) as shown:
            assert shown.format == "JPEG"
            assert max(shown.size) <= 512


@pytest.mark.parametrize(("given_mb", "kept_bytes"), [(64, 64 << 20), (None, usable_memory_bytes() // 4)])
def test_a_large_index_may_keep_what_is_set_or_a_quarter_of_what_the_process_may_use(
    sample_library: "SampleLibrary", monkeypatch: pytest.MonkeyPatch, given_mb: int | None, kept_bytes: int
) -> None:
    told: list[int] = []

    def note_and_open(*given: Any, kept_bytes: int) -> Any:
        told.append(kept_bytes)
        return open_stores(*given, kept_bytes=kept_bytes)

    monkeypatch.setattr(bootstrap, "open_stores", note_and_open)
    models, index = ROOT / "sample" / "models", sample_library.index
    open_engine(Settings.read(models_dir=models, index_dir=index, index_memory_mb=given_mb))
    assert told == [kept_bytes]

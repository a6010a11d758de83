"""What `GET /readyz` says of an index that is still being built."""

from types import SimpleNamespace

import pytest

from runtime.web.schemas import ReadyBody


@pytest.mark.parametrize(("awaited", "said"), [(12_000, {"awaited": 12_000}), (0, {})])
def test_pictures_that_are_still_to_be_read_are_counted_while_there_are_any(awaited: int, said: dict[str, int]) -> None:
    release = SimpleNamespace(generation="g1", models_name="played", index=SimpleNamespace(awaited=awaited))
    answer = ReadyBody.model_validate(SimpleNamespace(count=8, sample_models=False, release=release)).model_dump()
    assert {name: answer[name] for name in answer if name == "awaited"} == said
    assert (answer["pictures"], answer["generation"]) == (8, "g1")

"""A text tower's graph with the inputs of packed texts: without them it is what it was, with them, forms are, too."""

from pathlib import Path

import numpy as np
import pytest

from export.models.onnx_graph import join_graph
from export.models.optimize import optimize_graph
from export.models.shared_prefixes import share_prefixes
from export.precision.layers import ExactGraph
from export.precision.rewriting import rewrite, write_single_file
from export.precision.rounding import Choice
from runtime.models.onnx_session import Session
from runtime.models.packed_texts import PACKING_INPUTS, pack_texts
from tests.export.models.test_clip import make_texts
from tests.export.small_checkpoints import CLIP_KIN, save_clip

pytestmark = pytest.mark.torch

TEXT = "clip/text.onnx"
Pair = tuple[Session, Session]  # the same graph without the inputs and with them, both optimized
NEAR = {"fp32": 1 - 1e-6, "int8": 0.995}  # cosine to a text alone; int8 rounds all tokens of a run by one scale


@pytest.fixture(scope="module", params=NEAR)
def precision(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=CLIP_KIN)
def pair(request: pytest.FixtureRequest, precision: str, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    from export.models.clip import write_clip_graphs

    kin = request.param
    exact, plain, sharing = (tmp_path_factory.mktemp(name) for name in ("exact", "plain", "sharing"))
    write_clip_graphs(save_clip(exact / "checkpoint", **CLIP_KIN[kin]), exact)
    for out in (plain, sharing):
        if precision == "fp32":
            join_graph(exact / TEXT, out / TEXT)
        else:
            graph = ExactGraph(exact / TEXT)
            choice: Choice = dict.fromkeys(graph.layers, "int8")
            write_single_file(rewrite(graph, choice, "avx2"), graph.path.parent, out / TEXT)
    share_prefixes(sharing / TEXT)
    for out in (plain, sharing):
        optimize_graph(out / TEXT)
    return Session(plain / TEXT, 1), Session(sharing / TEXT, 1)


@pytest.mark.parametrize("lengths", [[0], [1, 14], [5, 0, 9, 3]])
def test_without_them_a_run_is_what_it_was(pair: Pair, lengths: list[int]) -> None:
    before, after = pair
    given, expected = (session.run(["embedding"], {"input_ids": make_texts(lengths)})[0] for session in (after, before))
    np.testing.assert_allclose(given, expected, rtol=0, atol=1e-6)


def test_the_inputs_are_optional_and_told_of(pair: Pair) -> None:
    before, after = pair
    assert (before.optional_inputs, after.optional_inputs) == (frozenset(), PACKING_INPUTS)
    assert after.input_shapes.keys() == {"input_ids"}


@pytest.mark.parametrize("left_out", [[1], [9], [1, 2, 3, 4, 5, 6, 7, 8, 9], [4, 4]])
def test_with_them_a_text_and_its_forms_are_embedded_in_one_run(pair: Pair, precision: str, left_out: list[int]) -> None:
    before, after = pair
    [text] = make_texts([9])
    forms = [np.delete(text, at) for at in left_out]
    [given] = after.run(["embedding"], pack_texts(text, forms))
    alone = np.concatenate([before.run(["embedding"], {"input_ids": row[None]})[0] for row in (text, *forms)])
    assert given.shape == alone.shape
    assert (given * alone).sum(axis=1).min() > NEAR[precision]


def test_the_sample_models_take_them_too() -> None:
    sample = Session(Path("sample/models/clip/text.onnx"), 1)
    assert sample.optional_inputs == PACKING_INPUTS

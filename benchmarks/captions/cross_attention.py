"""Time of three forms of the decoder's cross-attention: python -m benchmarks.captions.cross_attention

The twelve cross-attentions of BLIP base for one token, without the rest of the decoder, with keys and values repeated for
every beam; shared by the beams of a picture (the form in use); shared in 8 bits. One thread, alternating.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper
from rich.console import Console

from benchmarks.measure.timing import median_ms
from runtime.models.onnx_session import Session

LAYERS, HEADS, WIDTH, IMAGE_TOKENS = 12, 12, 64, 577
ROUNDS = 9
BATCHES = ((1, 1), (1, 3), (5, 1), (5, 3))  # pictures, beams
Feed = dict[str, NDArray[np.generic]]
Layer = tuple[list[ValueInfoProto], list[NodeProto]]
CONSTANTS = {
    "heads": np.array([0, 0, HEADS, WIDTH]),
    "merged": np.array([0, 0, HEADS * WIDTH]),
    "root": np.float32(WIDTH**-0.5),
    "one": np.float32(1),
    "level": np.float32(1 / 255),  # the step between two probabilities in 8 bits
    "zero": np.uint8(0),
    "centre": np.int8(0),
}


def main() -> None:
    """Print a Markdown table, in ms."""
    with TemporaryDirectory() as scratch:
        exact, rounded = (_open(Path(scratch), layer) for layer in (exact_layer, rounded_layer))
        lines = ["| pictures, beams | repeated | shared | shared, 8 bits |", "|---|---|---|---|"]
        for pictures, beams in BATCHES:
            repeated, shared, eight_bits = (
                make_feed(pictures * beams, 1),
                make_feed(pictures, beams),
                round_feed(pictures, beams),
            )
            calls = {
                "repeated": _run_of(exact, repeated),
                "shared": _run_of(exact, shared),
                "8 bits": _run_of(rounded, eight_bits),
            }
            times_ms = median_ms(calls, ROUNDS).values()
            lines.append(f"| {pictures}, {beams} | {' | '.join(f'{ms:.1f}' for ms in times_ms)} |")
    Console(highlight=False).print("\n".join(lines), soft_wrap=True, markup=False)


def exact_layer(number: int) -> Layer:
    """Return inputs and node of attention over (n, heads, s, width) float32 keys and values."""
    names = f"key_{number}", f"value_{number}"
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", HEADS, "s", WIDTH]) for name in names]
    attend = helper.make_node(
        "MultiHeadAttention", ["query", *names], [f"y_{number}"], domain="com.microsoft", num_heads=HEADS
    )
    return inputs, [attend]


def rounded_layer(number: int) -> Layer:
    """Return inputs and nodes of attention over int8 keys and values with a scale for each channel.

    Keys are (n, heads, width, s), values (n, heads, s, width).
    """
    key, value, key_scale, value_scale = (f"{part}_{number}" for part in ("key", "value", "key_scale", "value_scale"))
    inputs = [
        helper.make_tensor_value_info(key, TensorProto.INT8, ["n", HEADS, WIDTH, "s"]),
        helper.make_tensor_value_info(value, TensorProto.INT8, ["n", HEADS, "s", WIDTH]),
        *(
            helper.make_tensor_value_info(scale, TensorProto.FLOAT, ["n", HEADS, 1, WIDTH])
            for scale in (key_scale, value_scale)
        ),
    ]
    return inputs, list(_rounded_nodes(key, value, key_scale, value_scale, number))


def _rounded_nodes(key: str, value: str, key_scale: str, value_scale: str, number: int) -> Iterator[NodeProto]:
    def node(kind: str, inputs: list[str], *outputs: str, domain: str = "", **form: object) -> NodeProto:
        named = [f"{output}_{number}" for output in outputs]
        return helper.make_node(kind, inputs, named, domain=domain, **form)

    def made(*names: str) -> list[str]:
        return [f"{name}_{number}" for name in names]

    yield node("Reshape", ["query", "heads"], "split")
    yield node("Transpose", made("split"), "heads_first", perm=[0, 2, 1, 3])
    yield node("Mul", [*made("heads_first"), key_scale], "scaled")
    yield node("DynamicQuantizeLinear", made("scaled"), "rounded", "rounded_scale", "rounded_zero")
    query, query_scale, query_zero = made("rounded", "rounded_scale", "rounded_zero")
    product = {"domain": "com.microsoft"}
    yield node("MatMulIntegerToFloat", [query, key, query_scale, "root", query_zero, "centre"], "scores", **product)
    yield node("Softmax", made("scores"), "shares", axis=-1)
    yield node("QuantizeLinear", [*made("shares"), "level", "zero"], "levels")
    yield node("MatMulIntegerToFloat", [*made("levels"), value, "level", "one", "zero", "centre"], "mixed", **product)
    yield node("Mul", [*made("mixed"), value_scale], "answer")
    yield node("Transpose", made("answer"), "tokens_first", perm=[0, 2, 1, 3])
    yield node("Reshape", [*made("tokens_first"), "merged"], "y")


def make_feed(pictures: int, beams: int) -> Feed:
    """Return random queries, keys and values, float32."""
    rng, shape = np.random.default_rng(0), (pictures, HEADS, IMAGE_TOKENS, WIDTH)
    feed: Feed = {"query": rng.standard_normal((pictures, beams, HEADS * WIDTH), np.float32)}
    states = [f"{part}_{number}" for number in range(LAYERS) for part in ("key", "value")]
    return feed | {name: rng.standard_normal(shape, np.float32) for name in states}


def round_feed(pictures: int, beams: int) -> Feed:
    """Return the same with keys and values in 8 bits, and their scales."""
    feed = make_feed(pictures, beams)
    rounded: Feed = {"query": feed.pop("query")}
    for name, states in feed.items():
        scale = np.abs(states).max(axis=2, keepdims=True) / 127  # (n, heads, 1, width)
        levels = np.rint(states / scale).astype(np.int8)
        part, number = name.split("_")
        rounded[name] = np.ascontiguousarray(levels.swapaxes(2, 3)) if part == "key" else levels
        rounded[f"{part}_scale_{number}"] = scale.astype(np.float32)
    return rounded


def _run_of(session: Session, feed: Feed) -> Callable[[], object]:
    return lambda: session.run(session.output_names, feed)


def _open(folder: Path, layer: Callable[[int], Layer]) -> Session:
    layers = [layer(number) for number in range(LAYERS)]
    inputs = [helper.make_tensor_value_info("query", TensorProto.FLOAT, ["n", "b", HEADS * WIDTH])]
    inputs += [one for given, _ in layers for one in given]
    outputs = [helper.make_tensor_value_info(f"y_{number}", TensorProto.FLOAT, ["n", "b", "w"]) for number in range(LAYERS)]
    constants = [numpy_helper.from_array(np.array(value), name) for name, value in CONSTANTS.items()]
    graph = helper.make_graph([node for _, nodes in layers for node in nodes], "attention", inputs, outputs, constants)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    path = folder / f"{layer.__name__}.onnx"
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), path)
    return Session(path, 1)


if __name__ == "__main__":
    main()

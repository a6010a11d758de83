"""Traces a module with its weights as inputs of the graph, so that torch's exporter neither copies nor folds them.

Owns the module and the optimum configuration that replace the real ones during tracing. With the weights as parameters, the
exporter would hold three copies of them at its peak; so it holds none, and `onnx_graph.py` writes them afterwards.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

if TYPE_CHECKING:
    from optimum.exporters.onnx import OnnxConfig


def list_weights(module: nn.Module) -> dict[str, Tensor]:
    """Return every parameter and buffer, detached; tied ones once, under the first of their names."""
    return {name: tensor.detach() for name, tensor in [*module.named_parameters(), *module.named_buffers()]}


class WeightInputModule(nn.Module):
    """`module`, called with its inputs and then with its weights, in the order of `list_weights`."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.config, self.module = module.config, module

    def forward(self, inputs: Sequence[Any], weights: Sequence[Tensor]) -> Any:  # noqa: ANN401 (what the module gives)
        """Return what `module` gives with `weights` in the place of its own."""
        with _weights_replaced(self.module, weights):
            return self.module.forward(*inputs)  # not by a call, which would set "module/" before every name


@contextmanager
def _weights_replaced(module: nn.Module, weights: Sequence[Tensor]) -> Iterator[None]:
    """Replace the module's own weights by `weights`, tied ones in every place; torch's functional_call cannot be traced."""
    owners: list[Any] = [part._parameters for part in module.modules()] + [part._buffers for part in module.modules()]
    slots = [(owner, name, own) for owner in owners for name, own in owner.items() if own is not None]
    order = {id(own): place for place, own in enumerate([*module.parameters(), *module.buffers()])}
    try:
        for owner, name, own in slots:
            owner[name] = weights[order[id(own)]]
        yield
    finally:
        for owner, name, own in slots:
            owner[name] = own


class WeightInputConfig:
    """`onnx_config` with the weights as additional, last inputs; everything else is as in `onnx_config`."""

    def __init__(self, onnx_config: "OnnxConfig", weights: Mapping[str, Tensor]) -> None:
        self._inner, self._weights = onnx_config, weights

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (whatever optimum asks of a configuration)
        return getattr(self._inner, name)

    def generate_dummy_inputs(self, framework: str = "pt", **shapes: int) -> dict[str, Any]:
        """Generate the inputs as `onnx_config` does, in its order, followed by the weights."""
        inputs = self._inner.generate_dummy_inputs(framework, **shapes)
        return {"inputs": list(inputs.values()), "weights": list(self._weights.values())}

    def ordered_inputs(self, module: WeightInputModule) -> dict[str, dict[int, str]]:
        """Name the inputs in their order, then the weights, which have no dynamic axis."""
        inputs: dict[str, dict[int, str]] = self._inner.ordered_inputs(module.module)
        return inputs | {name: {} for name in self._weights}

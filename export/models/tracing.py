"""Torch's exporter kept away from the weights: they come in as further inputs, so that it neither copies nor folds one.

Owns the module and the optimum configuration that stand in for the real ones while a graph is traced. Given the weights as
parameters, the exporter holds three copies of them at its peak; so it holds none, and `weights.py` writes them afterwards.
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


class OpenModule(nn.Module):
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
    """Put `weights` where the module's own are, tied ones in every place; torch's functional_call refuses to be traced."""
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


class OpenConfig:
    """`onnx_config` with the weights as inputs behind its own; in all else it is `onnx_config`."""

    def __init__(self, onnx_config: "OnnxConfig", weights: Mapping[str, Tensor]) -> None:
        self._closed, self._weights = onnx_config, weights

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (whatever optimum asks of a configuration)
        return getattr(self._closed, name)

    def generate_dummy_inputs(self, framework: str = "pt", **shapes: int) -> dict[str, Any]:
        """Make up the inputs as `onnx_config` does, in its order, and give the weights as they are."""
        inputs = self._closed.generate_dummy_inputs(framework, **shapes)
        return {"inputs": list(inputs.values()), "weights": list(self._weights.values())}

    def ordered_inputs(self, open_module: OpenModule) -> dict[str, dict[int, str]]:
        """Name the inputs in their order, then the weights, none of whose axes is dynamic."""
        inputs: dict[str, dict[int, str]] = self._closed.ordered_inputs(open_module.module)
        return inputs | {name: {} for name in self._weights}

"""The activation behind a layer, be it a module or a function, and the range of its values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from phasebook.monitor.observe import TANH, UNBOUNDED, Range

Activation = Callable[[Tensor], Tensor]

_PASSING = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.modules.dropout._DropoutNd)
_PASSING_FUNCTIONS = {"dropout", "layer_norm", "group_norm", "batch_norm"}
_FUNCTIONS = {
    "tanh", "sigmoid", "relu", "gelu", "silu", "elu", "selu", "celu", "leaky_relu", "softplus", "softsign",
    "hardtanh", "hardsigmoid", "hardswish", "relu6", "mish", "logsigmoid", "tanhshrink", "softshrink",
}  # fmt: skip
"""Names in torch, torch.nn.functional and Tensor of what acts on each number by itself."""


class _Call(NamedTuple):
    """Something that mapped one tensor to another: a module, or a function with its other arguments."""

    what: nn.Module | Activation
    name: str
    given: Any
    returned: Any


class Through(NamedTuple):
    """An activation behind normalisation or dropout, as one function of the layer's output."""

    passed: tuple[Activation, ...]
    activation: Activation

    def __call__(self, value: Tensor) -> Tensor:
        for one in self.passed:
            value = one(value)
        return self.activation(value)


class _Functions(TorchFunctionMode):
    """Notes every call of an activation or of a normalisation that is written as a function."""

    def __init__(self, calls: list[_Call]) -> None:
        super().__init__()
        self.calls = calls

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        options = kwargs or {}
        returned = func(*args, **options)
        name = getattr(func, "__name__", "")
        if args and (name in _FUNCTIONS or name in _PASSING_FUNCTIONS):
            rest = {k: v for k, v in options.items() if k != "inplace"}
            alone = func if len(args) == 1 and not rest else _others_fixed(func, args[1:], rest)
            self.calls.append(_Call(alone, name, args[0], returned))
        return returned


def activations_behind(
    network: nn.Module, inputs: Tensor, layers: Iterable[str]
) -> dict[str, Activation | None]:
    """The activation each layer's output goes to, through normalisation and dropout at most.

    Args:
        network: in evaluation mode; it makes one forward pass.
        layers: names of its modules.
    """
    modules_called: list[_Call] = []
    functions_called: list[_Call] = []
    handles = [
        module.register_forward_hook(
            lambda m, i, o: modules_called.append(_Call(m, type(m).__name__, i[0] if i else None, o))
        )
        for module in network.modules()
        if not list(module.children())
    ]
    try:
        with torch.no_grad(), _Functions(functions_called):
            network(inputs)
    finally:
        for handle in handles:
            handle.remove()
    modules = dict(network.named_modules())
    # Modules first: nn.Tanh calls torch.tanh itself.
    calls = [*modules_called, *functions_called]
    return {name: _next_activation(calls, modules[name]) for name in layers}


def bounds_of(activation: Activation | None) -> Range:
    """The range of an activation, from its values far out."""
    if activation is None:
        return UNBOUNDED
    if isinstance(activation, Through):
        return bounds_of(activation.activation)
    if activation is torch.tanh or isinstance(activation, nn.Tanh):
        return TANH
    with torch.no_grad():
        low, high = (float(v) for v in activation(torch.tensor([-1e4, 1e4])))
    bounded = abs(low) < 100 and abs(high) < 100 and low < high
    return Range(low, high) if bounded else UNBOUNDED


def activation_name(activation: Activation | None) -> str:
    """As a reader would call it; "none" for a layer whose output is taken as it is."""
    if activation is None:
        return "none"
    if isinstance(activation, Through):
        return activation_name(activation.activation)
    return getattr(activation, "__name__", type(activation).__name__)


def _next_activation(calls: list[_Call], layer: nn.Module) -> Activation | None:
    current = next((call.returned for call in calls if call.what is layer), None)
    passed: list[Activation] = []
    while current is not None:
        takers = [call for call in calls if call.given is current and call.what is not layer]
        if found := next((call for call in takers if _is_activation(call)), None):
            return Through(tuple(passed), found.what) if passed else found.what
        step = next((call for call in takers if _passes_on(call) and call.returned is not current), None)
        passed += [step.what] if step else []
        current = step.returned if step else None
    return None


def _is_activation(call: _Call) -> bool:
    if isinstance(call.what, nn.Module):
        return type(call.what).__module__ == "torch.nn.modules.activation"
    return call.name in _FUNCTIONS


def _passes_on(call: _Call) -> bool:
    return isinstance(call.what, _PASSING) or call.name in _PASSING_FUNCTIONS


def _others_fixed(func: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Activation:
    """The function of its first argument alone."""

    def fixed(value: Tensor) -> Tensor:
        return func(value, *args, **options)

    fixed.__name__ = func.__name__
    return fixed

"""A copy of a network on which to look at it: nothing that is done here can be felt by the original.

The copy has no hooks, is in evaluation mode and has parameters and buffers of its own. Before each look they
are set to the original's values. No random number is drawn.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from phasebook.monitor.activations import Activation
from phasebook.monitor.gradient_sums import UNKNOWN, GradientSums
from phasebook.network import Array
from phasebook.theory.per_sample import per_sample_gradients

Criterion = Callable[[Any, Tensor], Tensor]

CHUNK_NUMBERS = 2**24
"""How many entries of per-sample gradients are kept in memory at once."""

_HOOKS = (
    "_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks",
    "_state_dict_hooks", "_state_dict_pre_hooks", "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks",
)  # fmt: skip


class Shadow:
    """The copy.

    Args:
        model: the original.
        layers: names of its modules, as in `model.named_modules()`, each with a weight matrix.

    Raises:
        ValueError: no such layer, or nothing to train in it, or a model that cannot be copied.
    """

    def __init__(self, model: nn.Module, layers: Sequence[str]) -> None:
        self.original: nn.Module = getattr(model, "_orig_mod", model)  # what torch.compile wraps
        try:
            self.network = copy.deepcopy(self.original).eval()
        except (RuntimeError, TypeError, AttributeError) as error:
            raise ValueError(f"the model cannot be copied (copy.deepcopy): {error}") from error
        for module in self.network.modules():
            for kind in _HOOKS:
                if (hooks := getattr(module, kind, None)) is not None:
                    hooks.clear()
        self.parameters = {name: f"{name}.weight" if name else "weight" for name in layers}
        self._check_layers()
        for name, parameter in self.network.named_parameters():
            parameter.requires_grad_(name in self.parameters.values())
            parameter.grad = None

    def _check_layers(self) -> None:
        found = dict(self.network.named_parameters())
        if not any(parameter.requires_grad for parameter in found.values()):
            raise ValueError("the model has no trainable parameters")
        usable = [
            name.removesuffix(".weight")
            for name, value in found.items()
            if name.endswith(".weight") and value.ndim >= 2
        ]
        for name, parameter in self.parameters.items():
            if parameter not in found:
                raise ValueError(f"no layer {name!r} with a weight matrix; there are {', '.join(usable)}")
            shape = tuple(found[parameter].shape)
            if min(shape[0], int(np.prod(shape[1:])), len(shape) - 1) < 1 or min(_matrix(shape)) < 2:
                raise ValueError(
                    f"layer {name!r} has a weight of shape {shape}: a spacing needs two levels or more"
                )

    @property
    def cuda(self) -> list[int]:
        """Numbers of the graphics processors that the network is on."""
        return sorted({p.device.index for p in self.network.parameters() if p.device.type == "cuda"})

    def follow(self) -> None:
        """Take over the original's parameters and buffers.

        Raises:
            ValueError: the original has got or lost some since it was copied.
        """
        mine = list(chain(self.network.parameters(), self.network.buffers()))
        theirs = list(chain(self.original.parameters(), self.original.buffers()))
        if len(mine) != len(theirs) or any(a.shape != b.shape for a, b in zip(mine, theirs, strict=True)):
            raise ValueError("the model's parameters are not those it had when the monitor was attached")
        with torch.no_grad():
            for copied, value in zip(mine, theirs, strict=True):
                copied.copy_(value)

    def weights(self, layer: str) -> Array:
        """W as a matrix in double precision: (out, in), (out, in k k) for a convolution."""
        value = self.network.get_parameter(self.parameters[layer]).detach()
        return value.reshape(value.shape[0], -1).double().cpu().numpy()

    def outputs(self, inputs: Tensor, activations: Mapping[str, Activation | None]) -> dict[str, Array]:
        """Features of each layer: its output through its activation, as (sample, everything else)."""
        kept: dict[str, Tensor] = {}
        modules = dict(self.network.named_modules())

        def keep(name: str) -> Any:
            return lambda _module, _inputs, output: kept.update({name: output.detach()})

        handles = [modules[name].register_forward_hook(keep(name)) for name in self.parameters]
        try:
            with torch.no_grad():
                self.network(inputs)
        finally:
            for handle in handles:
                handle.remove()
        features = {}
        for name in self.parameters:
            if name not in kept:
                raise ValueError(
                    f"the forward pass does not call layer {name!r}: its features cannot be seen"
                )
            with torch.no_grad():
                value = (activations[name] or _identity)(kept[name])
            features[name] = value.reshape(len(value), -1).double().cpu().numpy()
        return features

    def loss(self, inputs: Tensor, targets: Tensor, loss: Criterion) -> float:
        """Loss of the samples as one batch."""
        with torch.no_grad():
            return float(scalar(loss(self.network(inputs), targets)))

    def gradients(self, inputs: Tensor, targets: Tensor, loss: Criterion) -> dict[str, dict[str, Array]]:
        """Signal and noise of the per-sample gradients of each layer, Eq. (2.29), (B.7), (B.9)."""
        if not all(np.isfinite(self.weights(name)).all() for name in self.parameters):
            return dict.fromkeys(self.parameters, UNKNOWN)
        sums = {name: GradientSums(self.weights(name)) for name in self.parameters}
        entries = sum(self.network.get_parameter(name).numel() for name in self.parameters.values())
        size = max(1, CHUNK_NUMBERS // entries)
        for start in range(0, len(inputs), size):
            part = slice(start, start + size)
            gradients = self._per_sample(inputs[part], targets[part], loss)
            for name, parameter in self.parameters.items():
                sums[name].add(gradients[parameter].flatten(2))
        return {name: collected.result() for name, collected in sums.items()}

    def _per_sample(self, inputs: Tensor, targets: Tensor, loss: Criterion) -> dict[str, Tensor]:
        def of_sample(output: Any, target: Tensor) -> Tensor:
            return scalar(loss(output[None], target[None]))

        # Models that look at values (`if x.sum() > 0`) or write into buffers cannot be vectorised.
        with suppress(RuntimeError), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="There is a performance drop")
            return per_sample_gradients(self.network, inputs, targets, loss=of_sample)
        trained = {n: self.network.get_parameter(n) for n in self.parameters.values()}
        with torch.enable_grad():
            rows = [
                torch.autograd.grad(scalar(loss(self.network(x[None]), y[None])), list(trained.values()))
                for x, y in zip(inputs, targets, strict=True)
            ]
        return {name: torch.stack([row[k] for row in rows]) for k, name in enumerate(trained)}


def _matrix(shape: tuple[int, ...]) -> tuple[int, int]:
    return shape[0], int(np.prod(shape[1:]))


def _identity(value: Tensor) -> Tensor:
    return value


def scalar(value: Tensor) -> Tensor:
    """A loss as a tensor without axes.

    Raises:
        ValueError: it is not one number.
    """
    if not torch.is_tensor(value):
        raise ValueError(f"the loss must be a tensor with one number, got {type(value).__name__}")
    if value.numel() != 1:
        raise ValueError(f"the loss must be one number for a batch, got shape {tuple(value.shape)}")
    return value.reshape(())

"""A network of the book's ensemble as the PyTorch module that anybody would write."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from phasebook.network import TEST_POINTS, Ensemble


def as_module(ensemble: Ensemble, member: int = 0, *, precision: str = "float32") -> nn.Sequential:
    """Linear layers and tanh in turn, at t = 0; only the ensemble's trained layer requires a gradient.

    Layer l of Eq. (2.2) is the module named str(2 l - 2): the trained one of the paper's network is "2".
    """
    modules: list[nn.Module] = []
    for number, weights in enumerate(ensemble.student, start=1):
        layer = nn.Linear(weights.shape[2], weights.shape[1], bias=False).to(getattr(torch, precision))
        layer.weight = nn.Parameter(_tensor(weights[member], precision), number == ensemble.trained)
        modules += [layer, nn.Tanh()]
    return nn.Sequential(*modules[:-1])


def samples(
    ensemble: Ensemble, member: int = 0, *, precision: str = "float32"
) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Training set and probe (the paper's 100 test points) of a network: inputs and targets each."""
    training = ensemble.inputs[member], ensemble.targets[member]
    test = ensemble.test_inputs[member, :TEST_POINTS], ensemble.test_targets[member, :TEST_POINTS]
    (x, y), (probe_x, probe_y) = ([_tensor(a, precision) for a in pair] for pair in (training, test))
    return (x, y), (probe_x, probe_y)


def half_squared_error(output: Tensor, target: Tensor) -> Tensor:
    """Half the mean squared error of a batch, Eq. (2.6)."""
    return (output - target).square().sum(-1).mean() / 2


def _tensor(values: np.ndarray, precision: str) -> Tensor:
    return torch.tensor(values, dtype=getattr(torch, precision))

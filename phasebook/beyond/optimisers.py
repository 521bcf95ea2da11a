"""Gradient to direction: W <- W - eps * direction, for stacked weights of many networks at once.

An optimiser takes the gradient of one layer, (model, n_l, n_{l-1}), what it remembers about that layer, and
the number of the update counted from 1. Everything is element by element, so networks do not mix.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

Memory = dict[str, torch.Tensor]
Optimiser = Callable[[torch.Tensor, Memory, int], torch.Tensor]


def sgd(gradient: torch.Tensor, memory: Memory, step: int) -> torch.Tensor:
    """Stochastic gradient descent, Eq. (2.28): the gradient itself."""
    return gradient


def momentum(beta: float) -> Optimiser:
    """Heavy ball, v <- beta v + gradient; the direction is v.

    Raises:
        ValueError: `beta` outside [0, 1).
    """
    _check(beta=beta)

    def direction(gradient: torch.Tensor, memory: Memory, step: int) -> torch.Tensor:
        velocity = memory.setdefault("velocity", torch.zeros_like(gradient))
        return velocity.mul_(beta).add_(gradient)

    return direction


def adam(beta1: float = 0.9, beta2: float = 0.999, *, floor: float = 1e-8) -> Optimiser:
    """Adam (Kingma and Ba, 2015): running means of gradient and square, each over its share so far.

    Raises:
        ValueError: `beta1` or `beta2` outside [0, 1).
    """
    _check(beta1=beta1, beta2=beta2)

    def direction(gradient: torch.Tensor, memory: Memory, step: int) -> torch.Tensor:
        mean = memory.setdefault("mean", torch.zeros_like(gradient))
        square = memory.setdefault("square", torch.zeros_like(gradient))
        mean.mul_(beta1).add_(gradient, alpha=1 - beta1)
        square.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        size = (square / (1 - beta2**step)).sqrt_()
        return mean / (1 - beta1**step) / (size + floor)

    return direction


def _check(**rates: float) -> None:
    for name, value in rates.items():
        if not 0 <= value < 1:
            raise ValueError(f"{name} must lie in [0, 1), got {value}")

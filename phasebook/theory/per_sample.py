"""Per-sample gradients of any PyTorch network, Eq. (2.28), by `torch.func`.

For the network of the paper `phasebook.network.per_sample_gradient` has them in closed form.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

Loss = Callable[[Tensor, Tensor], Tensor]


def half_squared_error(output: Tensor, target: Tensor) -> Tensor:
    """Half the squared error of one sample, Eq. (2.6): two tensors of the shape of an output -> ()."""
    return (output - target).square().sum() / 2


def per_sample_gradients(
    network: nn.Module,
    inputs: Tensor,
    targets: Tensor,
    *,
    loss: Loss = half_squared_error,
    chunk_size: int | None = None,
) -> dict[str, Tensor]:
    """Delta_alpha of every trainable parameter: one backward pass, vectorised over the samples.

    Args:
        network: any module that treats the samples of a batch independently. Batch normalisation in
            training mode does not; dropout in training mode is drawn anew for every sample.
        inputs: (sample, ...).  targets: (sample, ...).
        loss: of one sample: its output and its target -> scalar tensor.
        chunk_size: how many samples to take at once, to limit memory; None for all.

    Returns:
        Name of the parameter -> (sample, *shape of the parameter), for parameters that require a gradient.
    """
    state = {name: value.detach() for name, value in network.state_dict(keep_vars=True).items()}
    trained = {name: state[name] for name, value in network.named_parameters() if value.requires_grad}
    frozen = {name: value for name, value in state.items() if name not in trained}

    def sample_loss(parameters: dict[str, Tensor], sample: Tensor, target: Tensor) -> Tensor:
        output = functional_call(network, (parameters, frozen), (sample[None],))
        return loss(output[0], target)

    gradient = vmap(grad(sample_loss), in_dims=(None, 0, 0), chunk_size=chunk_size, randomness="different")
    with torch.enable_grad():
        return gradient(trained, inputs, targets)

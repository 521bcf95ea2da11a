"""The disorder of any network: its initial weights, scaled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn


def scale_initial_weights(model: nn.Module, factor: float, *, layers: Sequence[str]) -> nn.Module:
    """Multiply the weight matrices of `layers` by `factor`, in place: sigma_W of Eq. (2.11) times `factor`.

    Args:
        model: fresh from its initialisation.
        factor: positive; the variance is multiplied by its square.
        layers: names of modules with a weight, as in `model.named_modules()`.

    Returns:
        The model.

    Raises:
        ValueError: `factor` not positive, or no such layer.
    """
    if not 0 < factor < np.inf:
        raise ValueError(f"factor must be a positive number, got {factor}")
    found = dict(model.named_parameters())
    known = [
        name.removesuffix(".weight") for name, p in found.items() if name.endswith(".weight") and p.ndim >= 2
    ]
    for name in layers:
        if name not in known:
            raise ValueError(f"no layer {name!r} with a weight matrix; there are {', '.join(known)}")
        with torch.no_grad():
            found[f"{name}.weight"].mul_(factor)
    return model

"""Handwritten digits, and two small networks for them: a convolutional one and a transformer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

Samples = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Digits:
    """Handwritten digits, shared out at random.

    Attributes:
        train, probe, test: images (sample, 1, 8, 8) between -1 and 1, and their classes (sample,).
    """

    train: Samples
    probe: Samples
    test: Samples


def digits(*, seed: int = 0, probe: int = 100, test: int = 400) -> Digits:
    """The 1797 digits that ship with scikit-learn; what is neither probe nor test is for training.

    Raises:
        ValueError: nothing is left to train on.
    """
    pixels, classes = load_digits(return_X_y=True)
    if not (probe > 0 and test > 0 and probe + test < len(pixels)):
        raise ValueError(
            f"probe and test must be positive and leave some of {len(pixels)}, got {probe} and {test}"
        )
    order = np.random.default_rng(seed).permutation(len(pixels))
    images = torch.tensor(pixels[order] / 8 - 1, dtype=torch.float32).reshape(-1, 1, 8, 8)
    labels = torch.tensor(classes[order])
    a, b = probe, probe + test
    return Digits(
        train=(images[b:], labels[b:]), probe=(images[:a], labels[:a]), test=(images[a:b], labels[a:b])
    )


def convolutional() -> nn.Sequential:
    """Two 3 x 3 convolutions with tanh, 8 and 16 channels, and a linear layer: 8 x 8 pixels -> 10 classes."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.Tanh(), nn.Conv2d(8, 16, 3), nn.Tanh(), nn.Flatten(), nn.Linear(256, 10)
    )


class Transformer(nn.Module):
    """One block with attention over the rows of an image; its mean over the rows -> 10 classes.

    Layer normalisation stands before attention and before the two layers with a GELU between.
    """

    def __init__(self, *, width: int = 16, heads: int = 2) -> None:
        super().__init__()
        self.heads = heads
        self.embed = nn.Linear(8, width)
        self.place = nn.Parameter(torch.randn(8, width) / width**0.5)
        self.norm = nn.LayerNorm(width)
        self.attention = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)
        self.block = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )
        self.out = nn.Linear(width, 10)

    def forward(self, images: Tensor) -> Tensor:
        """images: (sample, 1, 8, 8); returns (sample, 10)."""
        tokens = self.embed(images.flatten(0, 1)) + self.place
        parts = self.attention(self.norm(tokens)).unflatten(-1, (3, self.heads, -1))
        query, key, value = parts.permute(2, 0, 3, 1, 4)  # (sample, head, row, width / heads) each
        # Written out, because torch cannot yet take its fused attention for many models at once.
        weights = (query @ key.mT / query.shape[-1] ** 0.5).softmax(-1)
        tokens = tokens + self.join((weights @ value).transpose(1, 2).flatten(-2))
        tokens = tokens + self.block(tokens)
        return self.out(tokens.mean(1))

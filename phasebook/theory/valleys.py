"""Every state of a small spin system looked at: how many valleys, and how deep is the deepest."""

from __future__ import annotations

import numpy as np

from phasebook.network import Array

LARGEST = 20
"""A million states; each further spin doubles the work."""


def all_states(size: int) -> Array:
    """All 2^size states of `size` spins, (state, spin), entries -1 and 1.

    Raises:
        ValueError: more than 20 spins, or none.
    """
    if not 1 <= size <= LARGEST:
        raise ValueError(f"all states can be listed for 1 to {LARGEST} spins, got {size}")
    return 2.0 * ((np.arange(2**size)[:, None] >> np.arange(size)) & 1) - 1.0


def count_valleys(coupling: Array) -> int:
    """States from which no flip of a single spin lowers H = -1/2 sum_ij J_ij s_i s_j.

    Args:
        coupling: J, (N, N), symmetric with zero diagonal; no two energies may be equal by more than the
            global flip (true for continuous random couplings).
    """
    states = all_states(len(coupling))
    return int(np.all(states * (states @ coupling) > 0, axis=1).sum())


def lowest_energy(coupling: Array) -> float:
    """The ground-state energy per spin, by enumeration: coupling of shape (N, N)."""
    states = all_states(len(coupling))
    return float(np.min(-0.5 * np.sum(states * (states @ coupling), axis=1)) / len(coupling))

"""Phasebook: an executable companion to arXiv:2509.01349, the phase diagram of SGD in multilayer networks.

Names are looked up when first used, so that `import phasebook` costs nothing and a sweep, which needs no
PyTorch, does not load it.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from . import figures, monitor, network, observables, sgd, spectra
    from .monitor import diagnose, recommend
    from .network import Ensemble, sample_ensemble, sample_networks
    from .observables import measure
    from .runs.config import SCALES, Config
    from .runs.load import load_sweep
    from .runs.sweep import run_sweep
    from .sgd import Trajectory, train
    from .spectra import eigenvalues

__all__ = [
    "SCALES",
    "Config",
    "Ensemble",
    "Trajectory",
    "diagnose",
    "eigenvalues",
    "figures",
    "load_sweep",
    "measure",
    "monitor",
    "network",
    "observables",
    "recommend",
    "run_sweep",
    "sample_ensemble",
    "sample_networks",
    "sgd",
    "spectra",
    "train",
]

_MODULE_OF = {
    "SCALES": ".runs.config",
    "Config": ".runs.config",
    "Ensemble": ".network",
    "Trajectory": ".sgd",
    "diagnose": ".monitor",
    "eigenvalues": ".spectra",
    "load_sweep": ".runs.load",
    "measure": ".observables",
    "recommend": ".monitor",
    "run_sweep": ".runs.sweep",
    "sample_ensemble": ".network",
    "sample_networks": ".network",
    "train": ".sgd",
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(_MODULE_OF[name], __name__), name)
    if not name.startswith("_") and find_spec(f"{__name__}.{name}") is not None:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

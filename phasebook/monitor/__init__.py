"""Where in the phase diagram is my own training run? A monitor, a diagnosis, and a recommendation.

watch = phasebook.monitor.Monitor(model, layers=["layer2"], probe=(x, y), loss=loss)
...; optimizer.step(); watch.step()
print(phasebook.diagnose(watch.dataset()))
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .diagnosis import Diagnosis, diagnose
    from .ensembles import ensemble_dataset
    from .lightning import lightning_callback
    from .modules import as_module
    from .recommendation import Recommendation, recommend
    from .scaling import scale_initial_weights
    from .trials import Trial, paper_trials, sgd_trials
    from .watch import Monitor

__all__ = [
    "Diagnosis",
    "Monitor",
    "Recommendation",
    "Trial",
    "as_module",
    "diagnose",
    "ensemble_dataset",
    "lightning_callback",
    "paper_trials",
    "recommend",
    "scale_initial_weights",
    "sgd_trials",
]

_MODULE_OF = {
    "Diagnosis": ".diagnosis",
    "Monitor": ".watch",
    "Recommendation": ".recommendation",
    "Trial": ".trials",
    "as_module": ".modules",
    "diagnose": ".diagnosis",
    "ensemble_dataset": ".ensembles",
    "lightning_callback": ".lightning",
    "paper_trials": ".trials",
    "recommend": ".recommendation",
    "scale_initial_weights": ".scaling",
    "sgd_trials": ".trials",
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(_MODULE_OF[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""Random organization and SGD on spheres: absorbing states of arXiv:2411.11834."""

from phasebook.systems.random_organization.evolve import Series, evolve, pieces
from phasebook.systems.random_organization.measures import (
    contacts,
    energy,
    flatness,
    global_order,
    local_order,
    pair_correlation,
    structure_factor,
)
from phasebook.systems.random_organization.packing import (
    Packing,
    fcc_packing,
    from_positions,
    random_packing,
)
from phasebook.systems.random_organization.rules import (
    BRO,
    RO,
    SGD,
    Rule,
    StochasticApproximation,
    matched_approximation,
    matched_sgd,
)

__all__ = [
    "BRO",
    "RO",
    "SGD",
    "Packing",
    "Rule",
    "Series",
    "StochasticApproximation",
    "contacts",
    "energy",
    "evolve",
    "fcc_packing",
    "flatness",
    "from_positions",
    "global_order",
    "local_order",
    "matched_approximation",
    "matched_sgd",
    "pair_correlation",
    "pieces",
    "random_packing",
    "structure_factor",
]

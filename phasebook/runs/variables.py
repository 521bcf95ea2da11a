"""The variables of the data set: dimensions, type, units, and the equation of the paper each comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from numpy.typing import NDArray

Block = dict[str, NDArray]
"""Variables of some networks; the leading axis of every array is the network."""

CELL = ("temperature", "inv_sigma_w", "model")


@dataclass(frozen=True)
class Variable:
    """One variable; its dimensions are `CELL` followed by `dims`.

    A dtype of "weights" means the precision of the run.
    """

    long_name: str
    equation: str
    dims: tuple[str, ...] = ()
    dtype: str = "float64"
    units: str = "1"


TIME = ("time",)
RELEASED = "not in the text; the authors' released code"

VARIABLES: Mapping[str, Variable] = {
    "test_loss": Variable("test loss at t_f, with the factor 1/2, first 100 test points", "(2.6)"),
    "gradient_norm": Variable("norm of the gradient at fixed W(t_f), test set", "(3.3)"),
    "gradient_norm_initial": Variable("norm of the gradient at t = 0, test set", "(3.3)"),
    "feature_overlap": Variable("overlap of the features at t_f with those at t = 0, G(t_f, 0)", "(3.4)"),
    "alignment": Variable("alignment of local field and features at t_f", "(3.5)"),
    "feature_rms": Variable("root mean square of the features at t_f", "(2.5)"),
    "averaged_rate": Variable("averaged rate of the level spacing over [0, t_f]", "(4.7)", units="1/epoch"),
    "training_loss_epoch_mean": Variable(
        "training loss averaged along the last epoch, with the factor 1/2", f"(2.6); {RELEASED}"
    ),
    "gradient_norm_epoch_mean": Variable(
        "net displacement of W over the last epoch / (learning rate x batches)", f"(3.3); {RELEASED}"
    ),
    "test_error_128": Variable(
        "mean squared test error, without the factor 1/2, 128 points", f"(2.6); {RELEASED}"
    ),
    "feature_overlap_128": Variable("G(t_f, 0) on 128 test points", f"(3.4); {RELEASED}"),
    "alignment_128": Variable(
        "alignment over 128 test points; the published colour bar is this / 128", f"(3.5); {RELEASED}"
    ),
    "diverged": Variable("1 if W(t_f) is not finite, else 0", "none", dtype="int8"),
    "weights_hash": Variable("BLAKE2b, 8 bytes, of W(t_f) as little-endian numbers", "none", dtype="uint64"),
    "test_loss_history": Variable("test loss, with the factor 1/2", "(2.6)", TIME),
    "gradient_norm_history": Variable("norm of the gradient at fixed W(t), test set", "(3.3)", TIME),
    "feature_overlap_history": Variable("overlap of the features with t = 0, G(t, 0)", "(3.4)", TIME),
    "alignment_history": Variable("alignment of local field and features", "(3.5)", TIME),
    "feature_rms_history": Variable("root mean square of the features", "(2.5)", TIME),
    "eigenvalues": Variable("eigenvalues of X = W W^T, ascending", "(4.1)", ("time", "level")),
    "target_eigenvalues": Variable("eigenvalues of the teacher's X, ascending", "(4.1)", ("level",)),
    "weights": Variable("trained weights W at t_f", "(2.2)", ("unit", "input_unit"), dtype="weights"),
}

COORDINATES: Mapping[str, Variable] = {
    "temperature": Variable("T = learning rate / batch size", "(2.30)"),
    "inv_sigma_w": Variable("1 / sigma_W, inverse disorder of the initial weights", "(2.11)"),
    "model": Variable("number of the network within its cell", "none", dtype="int64"),
    "time": Variable("training time", "none", units="epoch"),
    "level": Variable("number of the eigenvalue, ascending", "none", dtype="int64"),
    "unit": Variable("unit of the trained layer", "none", dtype="int64"),
    "input_unit": Variable("unit of the layer below", "none", dtype="int64"),
}

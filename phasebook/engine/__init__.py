"""The vector type and the fused kernel that trains a register's width of networks at once."""

from phasebook.engine.fused import fused_applies, train_fused
from phasebook.engine.kernel import KERNEL_VERSION

__all__ = ["KERNEL_VERSION", "fused_applies", "train_fused"]

"""A vector type for Numba: the same variable of several networks side by side in one register.

Numba has no SIMD type. This file defines one over LLVM's vector type, with the operations the kernel
needs. Each is a single IEEE-754 operation per lane, and a lane never sees its neighbours, so the bits do
not depend on the width of the machine's registers. Multiplication and addition are fused where `fma` is
written, and nowhere else.

Arrays hold the lanes in their last, contiguous axis; the other axes are flattened into one index.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import config
from numba.core.codegen import get_host_cpu_features
from numba.core.datamodel import models
from numba.core.extending import intrinsic, overload, register_model


def emitted(function: Callable[..., Any]) -> Any:
    """Numba's `intrinsic`, for a type checker: what is called takes other arguments than what is written."""
    return intrinsic(function)


def register_bytes() -> int:
    """Width of a vector: that of the registers of the processor Numba compiles for."""
    chosen = getattr(config, "CPU_FEATURES", None)  # NUMBA_CPU_FEATURES
    features = get_host_cpu_features() if chosen is None else chosen
    return next((size for name, size in (("+avx512f", 64), ("+avx2", 32)) if name in features), 16)


class Vector(types.Type):
    """A register full of `dtype`."""

    def __init__(self, dtype: types.Float) -> None:
        self.dtype = dtype
        self.lanes = 8 * register_bytes() // dtype.bitwidth
        super().__init__(name=f"Vector({dtype}, {self.lanes})")

    def llvm_type(self) -> ir.VectorType:
        return ir.VectorType(ir.FloatType() if self.dtype.bitwidth == 32 else ir.DoubleType(), self.lanes)


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: Vector) -> None:
        super().__init__(manager, fe_type, fe_type.llvm_type())


class Memory:
    """Code that reads and writes an array's vectors, for the functions below and for `tiles.py`."""

    def __init__(self, context: Any, builder: Any, array_type: Any, array: Any) -> None:
        self._builder = builder
        vector = Vector(array_type.dtype)
        self._align = vector.dtype.bitwidth // 8
        pointer = vector.llvm_type().as_pointer()
        self._data = builder.bitcast(context.make_array(array_type)(context, builder, array).data, pointer)

    def load(self, index: Any) -> Any:
        return self._builder.load(self._builder.gep(self._data, [index]), align=self._align)

    def store(self, value: Any, index: Any) -> None:
        self._builder.store(value, self._builder.gep(self._data, [index]), align=self._align)


def emit_fma(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """Code for a b + c, rounded once."""
    name = f"llvm.fma.v{a.type.count}f{32 if isinstance(a.type.element, ir.FloatType) else 64}"
    signature = ir.FunctionType(a.type, [a.type] * 3)
    return builder.call(builder.module.declare_intrinsic(name, fnty=signature), [a, b, c])


def splat(kind: ir.VectorType, value: float) -> ir.Constant:
    """The constant `value` in every lane."""
    return ir.Constant(kind, [ir.Constant(kind.element, value)] * kind.count)


@emitted
def load(typing_context: Any, array: types.Array, index: types.Integer) -> Any:
    """Vector number `index` of `array`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return Memory(context, builder, signature.args[0], args[0]).load(args[1])

    return Vector(array.dtype)(array, types.intp), generate


@emitted
def store(typing_context: Any, vector: Vector, array: types.Array, index: types.Integer) -> Any:
    """Write `vector` as number `index` of `array`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        Memory(context, builder, signature.args[1], args[1]).store(args[0], args[2])
        return context.get_dummy_value()

    return types.void(vector, array, types.intp), generate


def _operation(emit: Callable[..., Any], arity: int) -> Any:
    """A function of `arity` vectors of one type, whose code `emit(builder, *values)` writes."""

    def typed(typing_context: Any, *vectors: Vector) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return emit(builder, *args)

        return vectors[0](*vectors), generate

    forms = {
        1: lambda typing_context, a: typed(typing_context, a),
        2: lambda typing_context, a, b: typed(typing_context, a, b),
        3: lambda typing_context, a, b, c: typed(typing_context, a, b, c),
    }
    return emitted(forms[arity])


def _define_operator(symbol: Callable[..., Any], emit: Callable[..., Any]) -> None:
    operation = _operation(emit, 2)

    @overload(symbol)
    def choose(a, b):  # without annotations: Numba compares the two signatures to the letter
        if isinstance(a, Vector) and isinstance(b, Vector):
            return lambda a, b: operation(a, b)
        return None


fma = _operation(emit_fma, 3)
zero_like = _operation(lambda builder, a: splat(a.type, 0.0), 1)
_define_operator(operator.add, lambda builder, a, b: builder.fadd(a, b))
_define_operator(operator.sub, lambda builder, a, b: builder.fsub(a, b))
_define_operator(operator.mul, lambda builder, a, b: builder.fmul(a, b))

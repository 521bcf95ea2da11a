"""tanh on vectors, from additions, multiplications and one division, with the same bits everywhere.

With m = exp(2x) - 1, tanh x = m / (m + 2). The exponential is reduced as usual: 2x = n ln 2 + r with n a
whole number and |r| <= ln 2 / 2, exp(2x) - 1 = 2^n (exp(r) - 1) + (2^n - 1), and exp(r) - 1 is its Taylor
series, cut where the next term is below half a unit in the last place. This keeps the relative error near
two units in the last place for every x, the smallest included.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial, log
from typing import Any

from llvmlite import ir

from phasebook.engine.vector import Vector, emit_fma, emitted, splat


@dataclass(frozen=True)
class _Format:
    """What depends on the precision: where tanh rounds to 1, the series' length, the bits of a number."""

    saturation: float
    terms: int
    mantissa_bits: int
    exponent_bias: int


SINGLE = _Format(saturation=9.1, terms=7, mantissa_bits=23, exponent_bias=127)
DOUBLE = _Format(saturation=19.1, terms=13, mantissa_bits=52, exponent_bias=1023)


@emitted
def tanh(typing_context: Any, x: Vector) -> Any:
    """Hyperbolic tangent of every lane; not-a-number stays what it is."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return emit_tanh(builder, args[0], SINGLE if x.dtype.bitwidth == 32 else DOUBLE)

    return x(x), generate


def emit_tanh(builder: Any, x: Any, form: _Format) -> Any:
    """Code for tanh of the vector value `x`."""
    kind = x.type

    def constant(value: float) -> ir.Constant:
        return splat(kind, value)

    edge = constant(form.saturation)
    x = builder.select(builder.fcmp_ordered(">", x, edge), edge, x)
    edge = constant(-form.saturation)
    x = builder.select(builder.fcmp_ordered("<", x, edge), edge, x)

    # Adding 1.5 * 2^mantissa pushes the fraction out: what is left is n, as a number and in the last bits.
    shift = constant(1.5 * 2.0**form.mantissa_bits)
    shifted = emit_fma(builder, x, constant(2 / log(2)), shift)
    n = builder.fsub(shifted, shift)
    r = emit_fma(builder, n, constant(-log(2)), builder.fadd(x, x))

    series = constant(1 / factorial(form.terms))
    for order in range(form.terms - 1, 1, -1):
        series = emit_fma(builder, series, r, constant(1 / factorial(order)))
    series = emit_fma(builder, builder.fmul(r, r), series, r)

    word = ir.IntType(32 if form is SINGLE else 64)
    words = ir.VectorType(word, kind.count)
    bits = builder.shl(
        builder.bitcast(shifted, words), ir.Constant(words, [word(form.mantissa_bits)] * kind.count)
    )
    bias = ir.Constant(words, [word(form.exponent_bias << form.mantissa_bits)] * kind.count)
    power = builder.bitcast(builder.add(bits, bias), kind)

    m = emit_fma(builder, power, series, builder.fsub(power, constant(1.0)))
    return builder.fdiv(m, builder.fadd(m, constant(2.0)))

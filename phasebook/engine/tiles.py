"""The two matrix products of a step of SGD, each a tile of 4 x 4 results held in registers.

They are half a dozen lines of mathematics and nearly all of the arithmetic. Written as plain loops the
sums would be read and written in memory at every step, because the compiler must assume that the arrays
overlap. Every sum runs in ascending order, one fused multiply-add per term, whatever the tile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from phasebook.engine.vector import Memory, Vector, emit_fma, emitted, splat

TILE = 4


def _contraction(samples: int) -> Any:
    """Tile of z_bi = sum_k W_ik h_bk for four units i and `samples` samples b."""

    @emitted
    def contract(
        typing_context: Any,
        weights: Any,
        features: Any,
        offsets: Any,
        out: Any,
        i: Any,
        b: Any,
        units: Any,
        inputs: Any,
    ) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            w, h, z = (Memory(context, builder, signature.args[n], args[n]) for n in (0, 1, 3))
            i, b, units, inputs = args[4:]
            rows = [builder.mul(_plus(builder, i, n), inputs) for n in range(TILE)]
            starts = [
                _item(context, builder, signature.args[2], args[2], _plus(builder, b, n))
                for n in range(samples)
            ]

            def terms(k: Any) -> tuple[list[Any], list[Any]]:
                return [w.load(builder.add(row, k)) for row in rows], [
                    h.load(builder.add(s, k)) for s in starts
                ]

            sums = _sum_of_products(builder, Vector(weights.dtype).llvm_type(), inputs, TILE, samples, terms)
            for n in range(samples):
                first = builder.add(builder.mul(_plus(builder, b, n), units), i)
                for m in range(TILE):
                    z.store(sums[m][n], _plus(builder, first, m))
            return context.get_dummy_value()

        integers = [types.intp] * 4
        return types.void(weights, features, offsets, out, *integers), generate

    return contract


contract_four = _contraction(TILE)
contract_one = _contraction(1)


@emitted
def descend(
    typing_context: Any,
    weights: Any,
    features: Any,
    offsets: Any,
    errors: Any,
    i: Any,
    k: Any,
    units: Any,
    inputs: Any,
) -> Any:
    """Tile of W_ik -= sum_b g_bi h_bk for four units i and four inputs k."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        w, h, g = (Memory(context, builder, signature.args[n], args[n]) for n in (0, 1, 3))
        i, k, units, inputs = args[4:]
        batch = builder.extract_value(
            context.make_array(signature.args[2])(context, builder, args[2]).shape, 0
        )

        def terms(b: Any) -> tuple[list[Any], list[Any]]:
            row = builder.add(builder.mul(b, units), i)
            start = builder.add(_item(context, builder, signature.args[2], args[2], b), k)
            return [g.load(_plus(builder, row, n)) for n in range(TILE)], [
                h.load(_plus(builder, start, n)) for n in range(TILE)
            ]

        sums = _sum_of_products(builder, Vector(weights.dtype).llvm_type(), batch, TILE, TILE, terms)
        for m in range(TILE):
            first = builder.add(builder.mul(_plus(builder, i, m), inputs), k)
            for n in range(TILE):
                place = _plus(builder, first, n)
                w.store(builder.fsub(w.load(place), sums[m][n]), place)
        return context.get_dummy_value()

    integers = [types.intp] * 4
    return types.void(weights, features, offsets, errors, *integers), generate


def _sum_of_products(
    builder: Any,
    kind: ir.VectorType,
    count: Any,
    rows: int,
    columns: int,
    terms: Callable[[Any], tuple[list[Any], list[Any]]],
) -> list[list[Any]]:
    """sum_n a_r(n) b_c(n), n = 0 .. count - 1, for all r and c at once; `terms(n)` gives the a's and b's."""
    sums = [
        [cgutils.alloca_once_value(builder, splat(kind, 0.0)) for _ in range(columns)] for _ in range(rows)
    ]
    for row in sums:
        for place in row:
            builder.store(splat(kind, 0.0), place)
    with cgutils.for_range(builder, count) as loop:
        left, right = terms(loop.index)
        for a, row in zip(left, sums, strict=True):
            for b, place in zip(right, row, strict=True):
                builder.store(emit_fma(builder, a, b, builder.load(place)), place)
    return [[builder.load(place) for place in row] for row in sums]


def _plus(builder: Any, index: Any, n: int) -> Any:
    return builder.add(index, ir.Constant(index.type, n))


def _item(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.load(builder.gep(data, [index]))

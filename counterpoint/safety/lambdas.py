"""The slack λ of each pair, as a dict and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from counterpoint.core.errors import SafetyInputError, shorten
from counterpoint.safety.agents import PairKey, canonical_pair_key, make_pair_keys

LambdaDict = dict[PairKey, float]


def make_lambda_dict(ids: Iterable[str], *, fill: float = 0.0) -> LambdaDict:
    """`fill` for every pair of `ids`.

    Raises:
        SafetyInputError: An id occurs twice.
    """
    return dict.fromkeys(make_pair_keys(ids), fill)


def lambda_to_jsonable(lambdas: Mapping[PairKey, float]) -> list[dict[str, Any]]:
    """The pairs as `{"a", "b", "value"}`, sorted: JSON knows no keys of two parts."""
    return [{"a": a, "b": b, "value": value} for (a, b), value in sorted(lambdas.items())]


def lambda_from_jsonable(payload: Any) -> LambdaDict:
    """What `lambda_to_jsonable` made; a pair may stand in either order.

    Raises:
        SafetyInputError: It is something else, a pair occurs twice, or a value is not finite.
    """
    if not isinstance(payload, Sequence) or isinstance(payload, str):
        raise SafetyInputError(f"expected a list of pairs with a value, not {shorten(payload)}")
    out: LambdaDict = {}
    for entry in payload:
        match entry:
            case {"a": str(a), "b": str(b), "value": float() | int() as value, **more} if not more:
                key = canonical_pair_key(a, b)
            case _:
                raise SafetyInputError(
                    f'expected {{"a": id, "b": id, "value": number}}, not {shorten(entry)}'
                )
        if isinstance(value, bool) or not math.isfinite(value):
            raise SafetyInputError(f"the λ of {key} must be a finite number, not {value!r}")
        if key in out:
            raise SafetyInputError(f"the pair {key} is given twice")
        out[key] = float(value)
    return out

"""Learned messages: tensors that trained partners attach to their packets."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from counterpoint.core.errors import CommError
from counterpoint.core.pose import read_only

Tensor = NDArray[np.float32]

LARGEST_TENSOR = 16_384
"""Numbers in one tensor."""


class LearnedOverlay:
    """Holds the tensor that each robot's packets carry from now on; black-box partners have none.

    Attributes:
        tensors: Robot → tensor, read-only.
    """

    def __init__(self) -> None:
        self._tensors: dict[str, Tensor] = {}
        self.tensors: Mapping[str, Tensor] = MappingProxyType(self._tensors)

    def set(self, robot_id: str, tensor: ArrayLike | None) -> None:
        """Attach a copy of a tensor, as float32, to the packets of a robot; None takes it off.

        Raises:
            CommError: If it is not a finite array of up to 8 dimensions and `LARGEST_TENSOR`
                numbers.
        """
        if tensor is None:
            self._tensors.pop(robot_id, None)
        else:
            self._tensors[robot_id] = as_tensor(tensor, robot_id)

    def reset(self) -> None:
        """Take all of them off: an episode has ended."""
        self._tensors.clear()


def as_tensor(value: ArrayLike, robot_id: str) -> Tensor:
    """A read-only float32 copy of an array.

    Raises:
        CommError: See `LearnedOverlay.set`.
    """
    try:
        # What is too large for float32 becomes infinite, and is refused as that.
        with np.errstate(over="ignore"):
            tensor = np.array(value, dtype=np.float32, order="C")
    except (TypeError, ValueError) as error:
        raise CommError(f"expected an array: {error}", field="overlay", value=value) from None
    if tensor.ndim > 8 or tensor.size > LARGEST_TENSOR or not np.isfinite(tensor).all():
        raise CommError(
            f"the tensor of {robot_id!r} has shape {tensor.shape}; expected finite numbers, up to "
            f"{LARGEST_TENSOR:,} in up to 8 dimensions",
            field="overlay", value=value,
        )  # fmt: skip
    return read_only(tensor)

"""SAPIEN, imported without its notice about Vulkan, which nothing here needs.

Importing it takes half a second, so that modules which may not need it import this one late.
"""

from __future__ import annotations

import functools
import sys
import warnings
from typing import Any

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="Failed to find system libvulkan")
    import sapien
    from sapien.pysapien_pinocchio import PinocchioModel

__all__ = ["PinocchioModel", "sapien", "urdf_loader"]


@functools.cache
def urdf_loader() -> Any:
    """SAPIEN's loader class, imported without trimesh.

    It takes that for what nothing here calls, does without where it is not installed, and importing
    it takes longer than all else before the first frame.
    """
    known = sys.modules.get("trimesh")
    if known is None:
        sys.modules["trimesh"] = None  # type: ignore[assignment]
    try:
        from sapien.wrapper.urdf_loader import URDFLoader
    finally:
        if known is None:
            del sys.modules["trimesh"]
    return URDFLoader

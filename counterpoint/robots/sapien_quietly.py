"""SAPIEN, imported without its notice about Vulkan, which nothing here needs.

Importing it takes half a second, so that modules which may not need it import this one late.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="Failed to find system libvulkan")
    import sapien
    from sapien.pysapien_pinocchio import PinocchioModel

__all__ = ["PinocchioModel", "sapien"]

"""An object in the physics scene."""

from __future__ import annotations

from typing import Any

import numpy as np
import sapien

from counterpoint.core.pose import Array, Pose, multiply
from counterpoint.objects.model import ObjectModel
from counterpoint.objects.parts import volume
from counterpoint.simulation.robot_body import ANY_GROUP

# SAPIEN's cylinders lie along x, ours along z.
_Z_FROM_X = np.array([0.7071067811865476, 0.0, -0.7071067811865476, 0.0])


def add_object_body(
    scene: Any,
    model: ObjectModel,
    pose: Pose,
    *,
    static: bool,
    mass: float,
    friction: float,
) -> Any:
    """Build `model` at `pose` and return its physics component.

    The mass [kg] is spread over the shapes by volume; inertia follows from them.
    """
    physx = sapien.physx
    material = physx.PhysxMaterial(friction, friction, 0.0)
    body = physx.PhysxRigidStaticComponent() if static else physx.PhysxRigidDynamicComponent()
    density = mass / sum(volume(s) for s in model.shapes)
    for shape in model.shapes:
        turn: Array = shape.object_from_shape.q
        if shape.kind == "box":
            part = physx.PhysxCollisionShapeBox(np.asarray(shape.size, np.float32), material)
        elif shape.kind == "sphere":
            part = physx.PhysxCollisionShapeSphere(shape.size[0], material)
        else:
            part = physx.PhysxCollisionShapeCylinder(shape.size[0], shape.size[1], material)
            turn = multiply(turn, _Z_FROM_X)
        part.local_pose = sapien.Pose(shape.object_from_shape.p, turn)
        part.density = density
        part.set_collision_groups([ANY_GROUP, ANY_GROUP, 0, 0])
        body.attach(part)
    entity = sapien.Entity()
    entity.add_component(body)
    entity.pose = sapien.Pose(pose.p, pose.q)
    scene.add_entity(entity)
    return body


def vertices_of(model: ObjectModel) -> Array:
    """Every vertex of the object's shapes, in its frame, shape (n, 3) [m]."""
    return np.concatenate([s.object_from_shape.apply(s.mesh()[0]) for s in model.shapes])

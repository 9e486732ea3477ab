"""Robot description files, normalised on load. The source files are never edited.

Two descriptions come out of one file: a *kinematic* one with every link and the tool frames, for
the Pinocchio model, and a *physical* one in which links joined by fixed joints are one body, for
the simulator. Both have the planar base, if the robot has one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

import numpy as np
from lxml import etree
from numpy.typing import NDArray

from counterpoint.core.pose import Array, Pose, matrix_from_quaternion, read_only
from counterpoint.robots.model import BASE_JOINTS, RobotModel

MIN_MASS = 1e-3
MIN_INERTIA = 1e-5
_DROPPED = ("gazebo", "transmission", "ros2_control", "material", "sensor")


@dataclass(frozen=True, slots=True, eq=False)
class Description:
    """A normalised description.

    Attributes:
        kinematic: URDF text with every link and one tool link an arm.
        physical: URDF text with fixed links merged.
        folder: Folder that relative mesh names start from.
        joints: Moving joints: the base's, then track by track, the grippers', and any others.
        lower: Lowest position of each, shape (n,) [m or rad].
        upper: Highest position.
        velocity: Speed limit [m/s or rad/s].
        effort: Force or torque limit [N or N·m].
        sliding: Which of them slide instead of turning.
        body_of: Link name → the merged link that carries it, and where it sits there.
    """

    kinematic: str
    physical: str
    folder: str
    joints: tuple[str, ...]
    lower: Array
    upper: Array
    velocity: Array
    effort: Array
    sliding: NDArray[np.bool_]
    body_of: dict[str, tuple[str, Pose]]


def tool_link(arm: str) -> str:
    """The name of the link that stands for an arm's tool frame in the kinematic description."""
    return f"{arm}_tool_frame"


def find_description(model: RobotModel) -> Path:
    """The model's description file.

    Raises:
        FileNotFoundError: If the package that ships it is not installed, or lacks the file.
    """
    path = Path(model.description)
    if not path.is_absolute():
        path = _package_folder(model.package) / path
    if not path.is_file():
        raise FileNotFoundError(
            f"robot model {model.name!r}: {model.description} is not in {model.package}; "
            f"reinstall it with: pip install {model.package}"
        )
    return path


@lru_cache(maxsize=8)
def _package_folder(package: str) -> Path:
    try:
        listed = files(package) or []
    except PackageNotFoundError:
        raise FileNotFoundError(
            f"the package {package!r} that ships robot descriptions is not installed; "
            f"install it with: pip install {package}"
        ) from None
    for file in listed:
        parts = file.parts
        if "robots" in parts and file.suffix == ".urdf":
            depth = len(parts) - parts.index("robots") - 1
            return Path(str(file.locate())).resolve().parents[depth - 1]
    raise FileNotFoundError(f"the package {package!r} has no folder of robot descriptions")


@lru_cache(maxsize=32)
def load_description(model: RobotModel) -> Description:
    """The model's description, normalised; read once a process.

    Raises:
        FileNotFoundError: If the file or a mesh that it names is missing.
        ValueError: If the model names joints or links that the description lacks.
    """
    path = find_description(model)
    root = etree.parse(str(path)).getroot()
    _strip(root, model)
    resolve_meshes(root, path)
    _floor_inertia(root)
    _mount_base(root, model)
    _check_names(root, model)
    physical = etree.fromstring(etree.tostring(root))
    body_of = _merge_fixed(physical)
    for arm, tool in model.end_effectors.items():
        _add_fixed(root, tool_link(arm.value), tool.link, tool.link_from_tool)
    first = (*BASE_JOINTS, *(j for track in model.tracks.values() for j in track))
    rank = {name: i for i, name in enumerate((*first, *model.gripper_joints()))}
    moving = [j for j in physical.findall("joint") if j.get("type") != "fixed"]
    moving.sort(key=lambda j: rank.get(j.get("name"), len(rank)))
    limits = np.array([_limits(j) for j in moving])
    return Description(
        kinematic=etree.tostring(root).decode(),
        physical=etree.tostring(physical).decode(),
        folder=str(path.parent),
        joints=tuple(j.get("name") for j in moving),
        lower=read_only(limits[:, 0]),
        upper=read_only(limits[:, 1]),
        velocity=read_only(limits[:, 2]),
        effort=read_only(limits[:, 3]),
        sliding=read_only(np.array([j.get("type") == "prismatic" for j in moving])),
        body_of=body_of,
    )


def _strip(root: Any, model: RobotModel) -> None:
    """Drop what the simulator must not see: plug-ins, visuals, mimic tags, wheel joints."""
    for tag in _DROPPED:
        for element in root.findall(tag):
            root.remove(element)
    for link in root.findall("link"):
        for visual in link.findall("visual"):
            link.remove(visual)
    for joint in root.findall("joint"):
        for tag in ("mimic", "safety_controller", "calibration", "dynamics"):
            for element in joint.findall(tag):
                joint.remove(element)
        if any(part in joint.get("name") for part in model.fixed_joints):
            joint.set("type", "fixed")


def resolve_meshes(root: Any, path: Path) -> None:
    """Name every mesh of a description, which was read from `path`, by its absolute path.

    Raises:
        FileNotFoundError: If one does not exist.
    """
    for mesh in root.iter("mesh"):
        name = mesh.get("filename")
        if name.startswith("package://"):
            tail = Path(name.removeprefix("package://"))
            # Packages differ in how much of the path they repeat: try every parent.
            found = next(
                (
                    p / t
                    for p in path.parents
                    for t in (tail, Path(*tail.parts[1:]))
                    if (p / t).is_file()
                ),
                None,
            )
        else:
            found = path.parent / name.removeprefix("file://")
        if found is None or not found.is_file():
            raise FileNotFoundError(f"{path.name} names a mesh that does not exist: {name}")
        mesh.set("filename", str(found))


def _floor_inertia(root: Any) -> None:
    """Give every body of the description a mass and an inertia that a solver can invert."""
    for link in root.findall("link"):
        inertial = link.find("inertial")
        if inertial is None:
            continue
        mass = inertial.find("mass")
        mass.set("value", repr(max(float(mass.get("value")), MIN_MASS)))
        inertia = inertial.find("inertia")
        for key in ("ixx", "iyy", "izz"):
            inertia.set(key, repr(max(float(inertia.get(key, "0")), MIN_INERTIA)))


def _mount_base(root: Any, model: RobotModel) -> None:
    """Put the robot on a planar base (x, y, yaw), or lift it where it stands."""
    children = {j.find("child").get("link") for j in root.findall("joint")}
    first = next(
        link.get("name") for link in root.findall("link") if link.get("name") not in children
    )
    lift = Pose.of((0, 0, model.base_height))
    if not model.mobile:
        etree.SubElement(root, "link", name="mount")
        _add_joint(root, "mount_joint", "fixed", "mount", first, lift)
        return
    parent = "mount"
    etree.SubElement(root, "link", name=parent)
    for joint, kind, axis in zip(
        BASE_JOINTS,
        ("prismatic", "prismatic", "revolute"),
        ("1 0 0", "0 1 0", "0 0 1"),
        strict=True,
    ):
        child = f"{joint}_link"
        link = etree.SubElement(root, "link", name=child)
        if joint != "base_yaw":  # a massless body between joints makes the solver stiff
            _set_inertial(link, 1.0, np.zeros(3), np.eye(3) * 0.1)
        _add_joint(root, joint, kind, parent, child, Pose.of())
        element = root.findall("joint")[-1]
        etree.SubElement(element, "axis", xyz=axis)
        speed = model.base_speed[1] if kind == "revolute" else model.base_speed[0]
        etree.SubElement(
            element, "limit", lower="-1e4", upper="1e4", effort="1e6", velocity=str(speed)
        )
        parent = child
    _add_joint(root, "mount_joint", "fixed", parent, first, lift)


def _check_names(root: Any, model: RobotModel) -> None:
    joints = {j.get("name") for j in root.findall("joint") if j.get("type") != "fixed"}
    links = {link.get("name") for link in root.findall("link")}
    named = [j for track in model.tracks.values() for j in track]
    named += [*model.gripper_joints(), *model.home]
    for what, names, there in (
        ("joint", named, joints),
        ("link", [e.link for e in model.end_effectors.values()], links),
        ("link", [f for g in model.grippers.values() for f in g.fingers], links),
        ("link", [c.link for c in model.cameras.values()], links),
    ):
        for name in names:
            if name not in there:
                raise ValueError(
                    f"robot model {model.name!r} names the {what} {name!r}, which its description "
                    f"lacks; there is: {', '.join(sorted(there))}"
                )


def _merge_fixed(root: Any) -> dict[str, tuple[str, Pose]]:
    """Make links that are joined by fixed joints one body, and say where each link went."""
    links = {link.get("name"): link for link in root.findall("link")}
    up: dict[str, tuple[str, Pose]] = {}
    for joint in root.findall("joint"):
        if joint.get("type") == "fixed":
            parent_link = joint.find("parent").get("link")
            up[joint.find("child").get("link")] = (parent_link, origin_of(joint))
            root.remove(joint)

    def body(name: str) -> tuple[str, Pose]:
        pose = Pose.of()
        while name in up:
            name, parent_from_child = up[name][0], up[name][1]
            pose = parent_from_child @ pose
        return name, pose

    body_of = {name: body(name) for name in links}
    for name in up:
        carrier, pose = body_of[name]
        child, parent = links[name], links[carrier]
        for collision in child.findall("collision"):
            _set_origin(collision, pose @ origin_of(collision))
            parent.append(collision)
        _add_inertia(parent, child, pose)
        root.remove(child)
    for joint in root.findall("joint"):
        carrier, pose = body_of[joint.find("parent").get("link")]
        joint.find("parent").set("link", carrier)
        _set_origin(joint, pose @ origin_of(joint))
    for name, link in links.items():
        if name not in up and link.find("inertial") is None:
            _set_inertial(link, 0.05, np.zeros(3), np.eye(3) * 1e-4)
    return body_of


def _inertial(link: Any, pose: Pose) -> tuple[float, Array, Array] | None:
    """Mass, centre and inertia about it, in the frame that `pose` leads to."""
    element = link.find("inertial")
    if element is None:
        return None
    mass = float(element.find("mass").get("value"))
    values = {
        k: float(element.find("inertia").get(k, "0"))
        for k in ("ixx", "ixy", "ixz", "iyy", "iyz", "izz")
    }
    tensor = np.array(
        [
            [values["ixx"], values["ixy"], values["ixz"]],
            [values["ixy"], values["iyy"], values["iyz"]],
            [values["ixz"], values["iyz"], values["izz"]],
        ]
    )
    whole = pose @ origin_of(element)
    turn = matrix_from_quaternion(whole.q)
    return mass, whole.p, turn @ tensor @ turn.T


def _add_inertia(parent: Any, child: Any, pose: Pose) -> None:
    """Add the child's mass to the parent's by the parallel axis theorem."""
    added = _inertial(child, pose)
    if added is None:
        return
    present = _inertial(parent, Pose.of())
    parts = [added] if present is None else [present, added]
    mass = sum(m for m, _, _ in parts)
    centre = sum((m * c for m, c, _ in parts), np.zeros(3)) / mass
    tensor = np.zeros((3, 3))
    for m, c, inertia in parts:
        d = c - centre
        tensor += inertia + m * (float(d @ d) * np.eye(3) - np.outer(d, d))
    if parent.find("inertial") is not None:
        parent.remove(parent.find("inertial"))
    _set_inertial(parent, mass, centre, tensor)


def _set_inertial(link: Any, mass: float, centre: Array, tensor: Array) -> None:
    values, vectors = np.linalg.eigh(tensor)
    tensor = vectors @ np.diag(np.maximum(values, MIN_INERTIA)) @ vectors.T
    element = etree.SubElement(link, "inertial")
    etree.SubElement(element, "origin", xyz=" ".join(map(repr, centre.tolist())), rpy="0 0 0")
    etree.SubElement(element, "mass", value=repr(mass))
    names = ("ixx", "ixy", "ixz", "iyy", "iyz", "izz")
    where = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
    etree.SubElement(
        element, "inertia", {n: repr(float(tensor[w])) for n, w in zip(names, where, strict=True)}
    )


def _add_fixed(root: Any, name: str, parent: str, pose: Pose) -> None:
    etree.SubElement(root, "link", name=name)
    _add_joint(root, f"{name}_joint", "fixed", parent, name, pose)


def _add_joint(root: Any, name: str, kind: str, parent: str, child: str, pose: Pose) -> None:
    joint = etree.SubElement(root, "joint", name=name, type=kind)
    etree.SubElement(joint, "parent", link=parent)
    etree.SubElement(joint, "child", link=child)
    _set_origin(joint, pose)


def origin_of(element: Any) -> Pose:
    """Where a joint, collision or visual sits in its link's frame."""
    origin = element.find("origin")
    if origin is None:
        return Pose.of()
    xyz = [float(v) for v in origin.get("xyz", "0 0 0").split()]
    return Pose.of(
        xyz, _quaternion_from_rpy([float(v) for v in origin.get("rpy", "0 0 0").split()])
    )


def _set_origin(element: Any, pose: Pose) -> None:
    origin = element.find("origin")
    if origin is None:
        origin = etree.SubElement(element, "origin")
    origin.set("xyz", " ".join(repr(float(v)) for v in pose.p))
    origin.set("rpy", " ".join(repr(v) for v in _rpy_from_quaternion(pose.q)))


def _quaternion_from_rpy(rpy: list[float]) -> Array:
    """Roll, pitch, yaw [rad] about fixed axes, as description files give them."""
    (cr, cp, cy), (sr, sp, sy) = np.cos(np.array(rpy) / 2), np.sin(np.array(rpy) / 2)
    return np.array(
        [
            cr * cp * cy + sr * sp * sy,
            sr * cp * cy - cr * sp * sy,
            cr * sp * cy + sr * cp * sy,
            cr * cp * sy - sr * sp * cy,
        ]
    )


def _rpy_from_quaternion(q: Array) -> list[float]:
    m = matrix_from_quaternion(q)
    pitch = float(np.arctan2(-m[2, 0], np.hypot(m[0, 0], m[1, 0])))
    if abs(abs(pitch) - np.pi / 2) < 1e-7:  # roll and yaw turn about one axis: give it all to yaw
        return [0.0, pitch, float(np.arctan2(-m[0, 1], m[1, 1]))]
    return [float(np.arctan2(m[2, 1], m[2, 2])), pitch, float(np.arctan2(m[1, 0], m[0, 0]))]


def _limits(joint: Any) -> tuple[float, float, float, float]:
    limit = joint.find("limit")
    effort = float(limit.get("effort", "100")) or 100.0
    speed = float(limit.get("velocity", "1")) or 1.0
    if joint.get("type") == "continuous":
        return -np.inf, np.inf, speed, effort
    return float(limit.get("lower")), float(limit.get("upper")), speed, effort

"""Robot descriptions, normalised on load."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
import pytest
from lxml import etree

from counterpoint import UnknownModelError
from counterpoint import commands as cmd
from counterpoint.commands.names import Names
from counterpoint.robots import (
    BASE_JOINTS,
    PANDA,
    TIAGO_PRO,
    get_model,
    list_models,
    register_model,
    registry,
)
from counterpoint.robots.description import (
    MIN_INERTIA,
    MIN_MASS,
    find_description,
    load_description,
)
from counterpoint.robots.kinematics import kinematics_of

MODELS = list_models()


def masses(urdf: str) -> list[float]:
    root = etree.fromstring(urdf)
    return [float(m.get("value")) for m in root.iterfind("link/inertial/mass")]


@pytest.mark.parametrize("name", MODELS)
def test_every_model_loads_with_the_joints_that_it_names(name: str) -> None:
    model = get_model(name)
    description = load_description(model)
    named = {j for track in model.tracks.values() for j in track} | set(model.gripper_joints())
    assert named <= set(description.joints)
    assert set(model.home) <= set(description.joints)
    assert len(set(description.joints)) == len(description.joints)
    base = BASE_JOINTS if model.mobile else ()
    assert description.joints[: len(base)] == base
    assert not set(description.joints[len(base) :]) & set(BASE_JOINTS)


@pytest.mark.parametrize("name", MODELS)
def test_limits_are_finite_ordered_and_read_only(name: str) -> None:
    description = load_description(get_model(name))
    n = len(description.joints)
    for array in (description.lower, description.upper, description.velocity, description.effort):
        assert array.shape == (n,)
        assert not array.flags.writeable
    assert np.isfinite([description.velocity, description.effort]).all()
    root = etree.fromstring(description.physical)
    endless = {j.get("name") for j in root.findall("joint") if j.get("type") == "continuous"}
    for joint, low, high in zip(
        description.joints, description.lower, description.upper, strict=True
    ):
        assert np.isfinite([low, high]).all() or joint in endless
    assert (description.lower < description.upper).all()
    assert (description.velocity > 0).all() and (description.effort > 0).all()


@pytest.mark.parametrize("name", MODELS)
def test_the_rest_pose_lies_within_limits(name: str) -> None:
    model = get_model(name)
    kinematics = kinematics_of(model)
    assert (kinematics.home >= kinematics.lower - 1e-9).all()
    assert (kinematics.home <= kinematics.upper + 1e-9).all()
    for joint, value in model.home.items():  # none was clipped
        assert kinematics.home[kinematics.index[joint]] == pytest.approx(value)


@pytest.mark.parametrize("name", MODELS)
def test_every_body_has_a_mass_and_an_inertia_that_can_be_inverted(name: str) -> None:
    root = etree.fromstring(load_description(get_model(name)).physical)
    for link in root.findall("link"):
        inertial = link.find("inertial")
        assert inertial is not None, link.get("name")
        assert float(inertial.find("mass").get("value")) >= MIN_MASS
        values = {k: float(v) for k, v in inertial.find("inertia").attrib.items()}
        tensor = np.array([
            [values["ixx"], values.get("ixy", 0), values.get("ixz", 0)],
            [values.get("ixy", 0), values["iyy"], values.get("iyz", 0)],
            [values.get("ixz", 0), values.get("iyz", 0), values["izz"]],
        ])  # fmt: skip
        assert np.linalg.eigvalsh(tensor).min() > 0.9 * MIN_INERTIA


@pytest.mark.parametrize("name", MODELS)
def test_merging_fixed_links_keeps_the_mass_and_its_centre(name: str) -> None:
    model = get_model(name)
    description, kinematics = load_description(model), kinematics_of(model)
    totals = []
    for urdf in (description.kinematic, description.physical):
        total, moment = 0.0, np.zeros(3)
        for link in etree.fromstring(urdf).findall("link"):
            inertial = link.find("inertial")
            if inertial is None:
                continue
            mass = float(inertial.find("mass").get("value"))
            origin = inertial.find("origin")
            at = np.array((origin.get("xyz") if origin is not None else "0 0 0").split(), float)
            moment += mass * kinematics.link_pose(kinematics.home, link.get("name")).apply(at)
            total += mass
        totals.append((total, moment / total))
    # Bodies that the description leaves without a mass get a small one.
    bodies = len(etree.fromstring(description.physical).findall("link"))
    assert totals[0][0] <= totals[1][0] + 1e-9
    assert totals[1][0] - totals[0][0] <= 0.05 * bodies
    if totals[1][0] - totals[0][0] < 1e-9:
        np.testing.assert_allclose(totals[1][1], totals[0][1], atol=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_no_fixed_joints_visuals_or_plug_ins_reach_the_simulator(name: str) -> None:
    root = etree.fromstring(load_description(get_model(name)).physical)
    assert [j for j in root.findall("joint") if j.get("type") == "fixed"] == []
    for tag in ("visual", "mimic", "gazebo", "transmission", "sensor", "ros2_control"):
        assert next(root.iter(tag), None) is None, tag


@pytest.mark.parametrize("name", MODELS)
def test_every_link_is_somewhere_in_a_body(name: str) -> None:
    model = get_model(name)
    description, kinematics = load_description(model), kinematics_of(model)
    bodies = {e.get("name") for e in etree.fromstring(description.physical).findall("link")}
    for link, (body, pose) in description.body_of.items():
        assert body in bodies
        world = kinematics.link_pose(kinematics.home, body) @ pose
        expected = kinematics.link_pose(kinematics.home, link)
        np.testing.assert_allclose(world.matrix(), expected.matrix(), atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_loading_does_not_edit_the_source_files(name: str) -> None:
    model = get_model(name)
    path = find_description(model)

    def fingerprint() -> tuple[str, int, list[str]]:
        content = blake2b(path.read_bytes()).hexdigest()
        return content, path.stat().st_mtime_ns, sorted(p.name for p in path.parent.iterdir())

    before = fingerprint()
    load_description.__wrapped__(model)
    assert fingerprint() == before


def test_wheels_are_fixed_and_the_base_hovers_over_the_floor() -> None:
    joints = load_description(TIAGO_PRO).joints
    assert [j for j in joints if "wheel" in j] == []
    root = kinematics_of(TIAGO_PRO)
    wheels = [link for link in load_description(TIAGO_PRO).body_of if "wheel" in link]
    assert wheels
    assert min(root.link_pose(root.home, w).p[2] for w in wheels) > 0


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"tracks": {"right_arm": ("panda_joint1", "panda_knee")}}, "panda_knee"),
        ({"home": {"panda_elbow": 0.0}}, "panda_elbow"),
        (
            {"end_effectors": {a: replace(e, link="panda_foot") for a, e in
                               PANDA.end_effectors.items()}},
            "panda_foot",
        ),
    ],
)  # fmt: skip
def test_a_model_that_names_what_its_description_lacks_is_told_so(
    change: dict[str, object], missing: str
) -> None:
    model = replace(PANDA, name="broken", **change)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=missing) as caught:
        load_description(model)
    assert "'broken'" in str(caught.value)
    assert "there is: " in str(caught.value) and "panda_" in str(caught.value).split("there is")[1]


def test_a_missing_file_or_package_says_how_to_get_it() -> None:
    with pytest.raises(FileNotFoundError, match="pip install example-robot-data"):
        find_description(replace(PANDA, description="nowhere/robot.urdf"))
    with pytest.raises(FileNotFoundError, match="pip install no-such-package"):
        find_description(replace(PANDA, package="no-such-package"))


def test_a_model_of_an_extra_that_is_not_installed_is_not_listed_and_says_how_to_get_it() -> None:
    other = replace(PANDA, name="elsewhere", package="no-such-package", extra="another")
    try:
        register_model(other)
        assert "elsewhere" not in list_models()
        with pytest.raises(UnknownModelError, match=r"pip install 'counterpoint\[another\]'"):
            get_model("elsewhere")
    finally:
        del registry._MODELS["elsewhere"]


def test_a_fetch_without_its_extra_is_an_error_that_names_the_extra(monkeypatch) -> None:
    def nowhere(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(registry, "distribution", nowhere)
    registry._is_installed.cache_clear()
    try:
        assert "fetch" not in list_models()
        with pytest.raises(UnknownModelError, match=r"counterpoint\[maniskill\]"):
            cmd.AddRobot(robot_id="a", model="fetch").check(Names(scene=True))
    finally:
        registry._is_installed.cache_clear()


@pytest.mark.maniskill
def test_a_robot_of_maniskill_is_loaded_without_importing_it() -> None:
    code = (
        "import sys; from counterpoint.robots import FETCH, list_models; "
        "from counterpoint.robots.kinematics import kinematics_of; kinematics_of(FETCH); "
        "assert 'fetch' in list_models(); "
        "sys.exit(', '.join({'mani_skill', 'torch', 'mplib'} & set(sys.modules)) or None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_an_unknown_model_says_which_there_are() -> None:
    with pytest.raises(UnknownModelError, match="did you mean 'panda'") as caught:
        get_model("pandas")
    assert caught.value.exists == tuple(MODELS)


def test_a_models_name_is_taken_once() -> None:
    assert register_model(PANDA) is PANDA
    with pytest.raises(ValueError, match="'panda' is registered already"):
        register_model(replace(PANDA))
    assert list_models() == MODELS == sorted(MODELS)


@pytest.mark.parametrize("module", ["baxter", "fetch", "panda", "ur5", "xarm7"])
def test_a_robot_is_one_module_of_data_of_fewer_than_90_lines(module: str) -> None:
    source = (Path(registry.__file__).parent / f"{module}.py").read_text()
    assert len(source.splitlines()) < 90
    assert "def " not in source  # data, no behaviour

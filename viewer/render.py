"""A picture of a plan in its anatomy, drawn off screen: for reports, tests and the shell."""

from pathlib import Path
from typing import Any

import numpy as np

from anatomy.geometry import Floats
from anatomy.structure import Structure
from anatomy.terms import split
from surgery.plan import Placement, Plan, contact_points_mm
from surgery.scene import Scene
from viewer.scene import HIDDEN, INTENDED_USE, TISSUE

BACKGROUND, INK = "#090c0f", "#e6edf2"
DEVICE, CONTACT, TARGET = "#f2f6f8", "#f0b45c", "#e2554a"
SIZE = (1440, 900)
FAR = 2.8
"""Distance of the eye, in lengths of the brain."""
VEIL, GLASS = 0.12, 0.55
"""Opacity of head and brain, and of what a device is brought into: a picture looks through them."""


def picture(scene: Scene, plan: Plan, out: Path, *, size: tuple[int, int] = SIZE) -> None:
    """Write a PNG: the anatomy as veils, vessels and nuclei whole, each device as it lies.

    Two views side by side: obliquely on the entry, and along the path from behind the entry.
    """
    import pyvista

    around = scene.find("brain") or tuple(scene.anatomy)
    places = np.concatenate([one.surfaces["coarse"].vertices_mm for one in around])
    low, high = places.min(axis=0), places.max(axis=0)
    middle, away_mm = (low + high) / 2, FAR * float((high - low).max())
    plotter = pyvista.Plotter(off_screen=True, shape=(1, 2), window_size=list(size), border=False)
    for column in (0, 1):
        plotter.subplot(0, column)
        plotter.set_background(BACKGROUND)
        for one in scene.anatomy:
            _structure(plotter, one)
        for placement in plan.placements:
            _device(plotter, placement)
        _look(plotter, plan.placements[0], middle, away_mm, along=column == 1)
    plotter.subplot(0, 0)
    title = f"{plan.procedure.replace('_', ' ')}  {plan.id}  anatomy {plan.anatomy[:8]}"
    plotter.add_text(title, position="upper_left", font_size=9, color=INK)
    plotter.add_text(INTENDED_USE, position="lower_left", font_size=7, color="#b9a878")
    plotter.subplot(0, 1)
    plotter.add_text("along the path", position="upper_left", font_size=6, color=INK)
    plotter.screenshot(str(out))
    plotter.close()


def _structure(plotter: Any, one: Structure) -> None:
    import pyvista

    term, _ = split(one.id)
    if term.id in HIDDEN | TISSUE or term.group == "other":
        return
    if term.group == "head" and term.id != "scalp":
        return
    surface = one.surfaces["coarse"]
    mesh = pyvista.PolyData.from_regular_faces(surface.vertices_mm, surface.faces)
    veil = term.group in ("head", "brain")
    plotter.add_mesh(
        mesh, color=tuple(c / 255 for c in one.colour), smooth_shading=True, specular=0.2,
        opacity=VEIL if veil else 1.0 if term.group == "vessels" else GLASS,
        culling="back" if veil else None,
    )  # fmt: skip


def _device(plotter: Any, placement: Placement) -> None:
    import pyvista

    radius = placement.made_of.radius_mm
    entry = np.array(placement.trajectory.entry_mm)
    outside = entry - 25.0 * placement.trajectory.direction
    shaft = pyvista.Line(outside, placement.tip_mm).tube(radius=max(radius, 0.6))
    plotter.add_mesh(shaft, color=DEVICE, smooth_shading=True, specular=0.4)
    for centre in contact_points_mm(placement):
        plotter.add_mesh(
            pyvista.Sphere(radius=max(1.6 * radius, 1.2), center=centre), color=CONTACT
        )
    plotter.add_mesh(
        pyvista.Sphere(radius=1.5, center=placement.trajectory.target_mm), color=TARGET
    )


def _look(
    plotter: Any, placement: Placement, middle: Floats, away_mm: float, *, along: bool
) -> None:
    """Along the path, or across it from the side that shows it longest, the head upright."""
    way = placement.trajectory
    up = np.array([0.0, 0.0, 1.0])
    inward = way.direction
    across = np.cross(inward, up)
    across = (
        across / np.linalg.norm(across) if np.linalg.norm(across) > 0.1 else np.array([1.0, 0, 0])
    )
    side = np.sign((np.array(way.entry_mm) - middle) @ across) or 1.0
    out = -inward if along else 0.75 * side * across - 0.65 * inward + 0.2 * up
    view_up = np.cross(across, inward) if along else up
    plotter.camera.position = tuple(middle + away_mm * out / np.linalg.norm(out))
    plotter.camera.focal_point = tuple(middle)
    plotter.camera.up = tuple(view_up if abs(view_up @ out) < 0.95 * np.linalg.norm(out) else up)
    plotter.camera.view_angle = 30.0
    plotter.reset_camera_clipping_range()

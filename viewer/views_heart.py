"""Views of a valve in its annulus and of the activation of the heart's muscle."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from anatomy.geometry import Floats
from anatomy.structure import Structure
from anatomy.terms import split
from surgery.plan import Placement, Plan
from surgery.scene import Scene
from viewer.render import CONTACT, INK, Stage, View, bounds_of, fitted, mesh_of, outline

UP = np.array([0.0, 0.0, 1.0])
RING, FRAME = "#facf54", "#dfe7ec"
ROOT_MM = 42.0
"""How far about the annulus the root is drawn."""
TIMES = "viridis_r"
SCAR = (150, 152, 160)
EVERY_MS = 10.0
"""Lines of equal time are drawn so far apart."""


def valve(scene: Scene, plan: Plan, facts: Mapping[str, Any]) -> list[View]:
    """The root as glass from the side, and down the axis onto the annulus with its diameters."""
    from anatomy.geometry import point
    from surgery.osteotomy import Cut, outlines
    from surgery.valve_search import annulus_at

    _ = facts
    (placement, *_) = plan.placements
    way = placement.trajectory
    middle, axis = np.array(way.target_mm), -way.direction
    cut = Cut(point_mm=way.target_mm, normal=point(axis))
    measured, on = annulus_at(scene, cut)
    every = outlines(scene.anatomy[on].surfaces["fine"], cut)
    ring = min(every, key=lambda one: float(np.linalg.norm(one.mean(axis=0) - middle)))
    box = np.array([middle - ROOT_MM, middle + ROOT_MM])
    side, down = Stage(), Stage()
    for one in scene.anatomy:
        if split(one.id)[0].group not in ("vessels", "heart"):
            continue
        if one.id in ("aortic_annulus", "sinotubular_junction"):
            continue
        side.structure(one, opacity=0.5, box=box, level="fine")
        lumen = mesh_of(one.surfaces["fine"]).clip(normal=tuple(axis), origin=tuple(
            middle + 6.0 * axis), invert=True)  # fmt: skip
        down.add(
            lumen.clip(normal=tuple(-axis), origin=tuple(middle - 25.0 * axis), invert=True),
            color=tuple(c / 255 for c in one.colour), opacity=0.3,
        )  # fmt: skip
    for stage in (side, down):
        stage.ring(ring, 0.5, RING)
        stage.legend["Annulus, measured"] = (250, 207, 84)
        _frame(stage, placement)
    _diameters(down, ring, measured, axis, clear_mm=placement.made_of.radius_mm + 5.5)
    across = np.cross(axis, UP if abs(axis[2]) < 0.95 else np.array([0.0, 1.0, 0.0]))
    across /= np.linalg.norm(across)
    return [
        View(title="The root from the side", stage=side, towards=across, up=axis,
             middle_mm=middle + 14.0 * axis, height_mm=66.0),
        View(title="Down the axis, from the aorta", stage=down, towards=-axis,
             up=np.array([0.0, 1.0, 0.0]), middle_mm=middle, height_mm=42.0),
    ]  # fmt: skip


def _frame(stage: Stage, placement: Placement) -> None:
    """An expanded valve as the diamonds of its frame."""
    import pyvista

    made = placement.made_of
    low, high = placement.at_mm([0.0, made.length_mm])
    cylinder = pyvista.Cylinder(
        center=(low + high) / 2, direction=high - low, radius=made.radius_mm,
        height=made.length_mm, resolution=24, capping=False,
    )  # fmt: skip
    axis = (high - low) / made.length_mm
    side = np.cross(axis, np.eye(3)[np.argmin(np.abs(axis))])
    side /= np.linalg.norm(side)
    other = np.cross(axis, side)
    turns = np.linspace(0, 2 * np.pi, 13)[:-1]
    rows = np.linspace(0, made.length_mm, 5)
    at = [
        [low + height * axis + made.radius_mm * (np.cos(t) * side + np.sin(t) * other)
         for t in turns + (np.pi / 12 if n % 2 else 0.0)]
        for n, height in enumerate(rows)
    ]  # fmt: skip
    for n in range(4):
        for k in range(12):
            beside = (k + 1) % 12 if n % 2 else (k - 1) % 12
            stage.rod((at[n][k], at[n + 1][k]), 0.35, FRAME)
            stage.rod((at[n][k], at[n + 1][beside]), 0.35, FRAME)
    stage.add(cylinder, color=FRAME, opacity=0.1)
    stage.legend[made.title] = (223, 231, 236)


def _diameters(stage: Stage, ring: Floats, measured: Any, axis: Floats, *, clear_mm: float) -> None:
    """The widest and the narrowest width of the annulus as lines, their length outside of all."""
    flat = ring - ring.mean(axis=0)
    apart = np.linalg.norm(flat[:, None] - flat[None], axis=2)
    a, b = np.unravel_index(int(np.argmax(apart)), apart.shape)
    wide = ring[b] - ring[a]
    turns = np.radians(np.arange(0.0, 180.0, 1.0))
    along = wide / np.linalg.norm(wide)
    aside = np.cross(axis, along)
    ways = np.cos(turns)[:, None] * along + np.sin(turns)[:, None] * aside
    widths = np.ptp(flat @ ways.T, axis=0)
    least = ways[int(np.argmin(widths))]
    reach = flat @ least
    centre = ring.mean(axis=0)
    for start, end, value in (
        (ring[a], ring[b], measured.widest.value),
        (centre + reach.min() * least, centre + reach.max() * least, measured.narrowest.value),
    ):
        stage.rod((start, end), 0.25, RING)
        out = (end - start) / np.linalg.norm(end - start)
        stage.words.append((centre + clear_mm * out, f"{value:.1f} mm", RING))


def leads(scene: Scene, plan: Plan, facts: Mapping[str, Any]) -> list[View]:
    """When the muscle is activated: with all leads, and from the first one alone."""
    from surgery.lead_search import activated, site_of

    _ = facts
    sites = [site_of(one) for one in plan.placements]
    with_all, alone = activated(scene, sites), activated(scene, sites[:1])
    most = float(np.ceil(alone.total.value / 10.0) * 10.0)
    muscle = scene.find("myocardium")[0]
    middle = bounds_of([muscle]).mean(axis=0)
    last = np.array(sites[-1].at_mm) - middle
    out = last - 0.6 * last[2] * UP
    towards = -out / max(float(np.linalg.norm(out)), 1e-9)
    shown = [
        ("With all leads" if len(sites) > 1 else "From the lead", with_all, sites),
        ("From the first lead alone", alone, sites[:1]),
    ]
    stages = []
    for title, times, own in shown:
        stage = Stage(scale=(0.0, most, "ms", TIMES))
        _activated(stage, scene, muscle, times, most)
        for number, site in enumerate(own, 1):
            stage.ball(np.array(site.at_mm), 2.2, CONTACT)
            stage.words.append((np.array(site.at_mm), str(number), INK))
        stage.legend["First electrode of a lead"] = (240, 180, 92)
        stages.append((f"{title}: {times.total.value:.0f} ms", stage))
    return [
        View(title=title + side, stage=stage, towards=way, up=UP, front_mm=middle,
             **fitted(outline([muscle]), way, UP))
        for side, way in (("", towards), (", other side", -towards))
        for title, stage in stages
    ]  # fmt: skip


def _activated(stage: Stage, scene: Scene, muscle: Structure, times: Any, most: float) -> None:
    """The muscle's surface in the colours of its times, a line every EVERY_MS, the scar in grey."""
    from scipy.spatial import cKDTree

    grid = times.muscle.grid
    where = np.argwhere(np.isfinite(times.times_ms))
    surface = muscle.surfaces["fine"]
    places = surface.vertices_mm.astype(float)
    away, near = cKDTree(grid.ras(where)).query(places, k=8)
    weight = 1.0 / np.maximum(away, 0.5) ** 2
    values = times.times_ms[tuple(where.T)][near]
    mesh = mesh_of(surface)
    mesh.point_data["time"] = (values * weight).sum(axis=1) / weight.sum(axis=1)
    scar = np.argwhere(scene.labelmap.mask("myocardial_scar"))
    alive = np.ones(len(places), bool)
    if len(scar):
        alive = cKDTree(scene.labelmap.grid.ras(scar)).query(places)[0] >= away[:, 0]
        stage.legend["Scar"] = SCAR
    living = mesh.extract_points(alive, adjacent_cells=False).extract_surface(algorithm=None)
    lines = living.contour(np.arange(EVERY_MS, most, EVERY_MS), scalars="time")
    mesh.point_data["time"][~alive] = np.nan
    stage.add(
        mesh, scalars="time", cmap=TIMES, clim=(0.0, most), smooth_shading=True, ambient=0.25,
        nan_color=tuple(c / 255 for c in SCAR),
    )  # fmt: skip
    stage.add(lines, color="#1a2228", line_width=2.5)

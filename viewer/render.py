"""Pictures of a plan in its anatomy, drawn off screen: for reports, tests and the shell.

Every view is drawn without perspective, so that its scale holds everywhere, with the letters of the
patient's directions at its edges.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy.geometry import Floats
from anatomy.structure import Structure
from anatomy.surface import Surface
from surgery.plan import Placement, Plan
from surgery.scene import Scene

BACKGROUND, INK = "#090c0f", "#e6edf2"
DEVICE, CONTACT, TARGET = "#f2f6f8", "#f0b45c", "#ff5f52"
SIZE = (1440, 900)
SMOOTH = 2
"""Views are drawn so many times larger and reduced."""
FILLED = 0.84
"""Share of a view that what it has to hold fills."""
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False, kw_only=True)
class View:
    """What is drawn, and from where. `up` is made square to `towards`; lengths in mm, RAS."""

    title: str
    stage: "Stage"
    towards: Floats
    """From the eye to the anatomy."""
    up: Floats
    middle_mm: Floats
    height_mm: float
    """What the view is high at least, and wide."""
    width_mm: float = 0.0
    front_mm: Floats | None = None
    """Words farther from the eye than this place lie behind what is drawn, and say so."""

    def tall_mm(self, size: tuple[int, int]) -> float:
        """What a picture of that size, width and height in pixels, is high."""
        return max(self.height_mm, self.width_mm * size[1] / size[0])

    @property
    def right(self) -> Floats:
        """Unit vector to the right of the paper."""
        across = np.cross(self.towards, self.up)
        return across / np.linalg.norm(across)


@dataclass(eq=False)
class Stage:
    """Meshes and labels to be drawn, in the order in which they are added."""

    parts: list[tuple[Any, dict[str, Any]]] = field(default_factory=list)
    words: list[tuple[Floats, str, str]] = field(default_factory=list)
    """Place, text and colour of what is written into the picture."""
    legend: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """Title of each thing that is told by its colour."""
    scale: tuple[float, float, str, str] | None = None
    """Lowest, highest, unit and colour map of a scalar that is drawn."""

    def add(self, mesh: Any, **look: Any) -> None:
        """Anything that pyvista draws; nothing where it is empty."""
        if mesh.n_points and mesh.n_cells:
            self.parts.append((mesh, look))

    def structure(
        self, one: Structure, *, opacity: float, box: Floats | None = None, told: bool = True,
        colour: tuple[int, int, int] | None = None, surface: Surface | None = None,
        level: str = "coarse",
    ) -> None:  # fmt: skip
        """A structure in its colour, cut to a box (2, 3) where one is given."""
        mesh = mesh_of(surface or one.surfaces["fine" if level == "fine" else "coarse"])
        if box is not None:
            mesh = within(mesh, box)
        shown = colour or one.colour
        veil = opacity < 0.3
        self.add(
            mesh, color=tuple(c / 255 for c in shown), opacity=opacity, smooth_shading=True,
            specular=0.15, culling="back" if opacity < 1 else None,
            ambient=0.55 if veil else 0.08, diffuse=0.6 if veil else 1.0,
        )  # fmt: skip
        if told and mesh.n_cells:
            self.legend.setdefault(one.title, shown)

    def device(
        self, placement: Placement, *, number: int | None = None, thick_mm: float = 0.0
    ) -> None:
        """A device as it lies, contacts in colour, the target marked.

        At least so thick, half of it, where it would be too thin to be seen.
        """
        shaft(self, placement, thick_mm=0.6 * thick_mm)
        way = placement.trajectory
        for contact in placement.made_of.contacts:
            half = contact.length_mm / 2
            ends = placement.at_mm([contact.centre_mm - half, contact.centre_mm + half])
            self.rod(ends, max(1.15 * placement.made_of.radius_mm, thick_mm), CONTACT)
        self.ball(np.array(way.target_mm), max(1.2, thick_mm), TARGET)
        if number is not None:
            self.words.append((outside(placement), str(number), INK))

    def ball(self, centre: Floats, radius_mm: float, colour: str, **look: Any) -> None:
        """A ball."""
        import pyvista

        self.add(
            pyvista.Sphere(radius=radius_mm, center=centre, theta_resolution=24),
            color=colour, smooth_shading=True, **look,
        )  # fmt: skip

    def rod(self, ends: Sequence[Any] | Floats, radius_mm: float, colour: str, **look: Any) -> None:
        """A straight rod between two points."""
        import pyvista

        line = pyvista.Line(*ends).tube(radius=radius_mm, n_sides=32)
        self.add(line, color=colour, smooth_shading=True, specular=0.5, **look)

    def ring(self, points: Floats, radius_mm: float, colour: str) -> None:
        """A closed line through points (n, 3)."""
        import pyvista

        line = pyvista.MultipleLines(np.concatenate([points, points[:1]]))
        self.add(line.tube(radius=radius_mm, n_sides=16), color=colour, ambient=0.4)


def mesh_of(surface: Surface) -> Any:
    """A surface as pyvista takes it."""
    import pyvista

    return pyvista.PolyData.from_regular_faces(surface.vertices_mm, surface.faces)


def within(mesh: Any, box: Floats) -> Any:
    """The part of a mesh inside a box (2, 3), open where it is cut."""
    low, high = box
    inside = ((mesh.points >= low) & (mesh.points <= high)).all(axis=1)
    if inside.all():
        return mesh
    bounds = [v for pair in zip(low, high, strict=True) for v in pair]
    return mesh.clip_box(bounds, invert=False).extract_surface(algorithm=None)


def shaft(stage: Stage, placement: Placement, *, thick_mm: float = 0.0) -> None:
    """The device along its axis, as thick as it is: all of a short one, of a long one 25 mm out."""
    made, way = placement.made_of, placement.trajectory
    inside_mm = way.length_mm + placement.depth_mm
    behind = min(made.length_mm, inside_mm + OUT_MM)
    start, end = placement.at_mm([behind, 0.0])
    stage.rod((start, end), max(made.radius_mm, thick_mm), DEVICE)


OUT_MM = 25.0
"""How much of a long device is drawn outside of its entry."""


def outside(placement: Placement) -> Floats:
    """A place beside the outer end of what is drawn of a device."""
    way = placement.trajectory
    return np.subtract(way.entry_mm, (OUT_MM + 4.0) * way.direction)


def shot(view: View, size: tuple[int, int]) -> Pixels:
    """A view as pixels (height, width, 3), lettered and with a scale."""
    import pyvista
    from vtkmodules.vtkCommonCore import vtkLogger

    # Without a display VTK says so on every window, and draws all the same.
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_ERROR)
    wide, high = size
    plotter = pyvista.Plotter(off_screen=True, window_size=[SMOOTH * wide, SMOOTH * high])
    plotter.set_background(BACKGROUND)
    for mesh, look in view.stage.parts:
        plotter.add_mesh(mesh, show_scalar_bar=False, **look)
    towards = view.towards / np.linalg.norm(view.towards)
    up = np.cross(view.right, towards)
    camera = plotter.camera
    camera.parallel_projection = True
    camera.focal_point = tuple(view.middle_mm)
    camera.position = tuple(view.middle_mm - 1000.0 * towards)
    camera.up = tuple(up)
    camera.parallel_scale = view.tall_mm(size) / 2
    plotter.renderer.ResetCameraClippingRange()
    pixels = plotter.screenshot(None, return_img=True)
    plotter.close()
    from viewer.lettering import lettered

    return lettered(np.asarray(pixels), view, size)


def picture(
    scene: Scene,
    plan: Plan,
    out: Path,
    *,
    size: tuple[int, int] = SIZE,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Write a PNG of two views side by side, chosen for the procedure.

    `facts` are those of an offer (surgery/offer.py), such as an osteotomy's hinge.
    """
    from PIL import Image

    from viewer.views import views

    half = (size[0] // 2, size[1])
    shown = [shot(view, half) for view in views(scene, plan, facts or {})[:2]]
    Image.fromarray(np.hstack(shown)).save(out)


def bounds_of(structures: Sequence[Structure], *, room_mm: float = 0.0) -> Floats:
    """The box (2, 3) around structures [mm]."""
    corners = np.array([one.surfaces["coarse"].bounds_mm for one in structures])
    low, high = corners[:, ::2].min(axis=0), corners[:, 1::2].max(axis=0)
    return np.array([low - room_mm, high + room_mm])


def fitted(points_mm: Floats, towards: Floats, up: Floats) -> dict[str, Any]:
    """Middle, height and width of a view that holds all points (n, 3), with some room."""
    across = np.cross(towards, up)
    across /= np.linalg.norm(across)
    upward = np.cross(across, towards)
    upward /= np.linalg.norm(upward)
    x, y = points_mm @ across, points_mm @ upward
    middle = points_mm.mean(axis=0)
    middle = middle + ((x.max() + x.min()) / 2 - middle @ across) * across
    middle = middle + ((y.max() + y.min()) / 2 - middle @ upward) * upward
    return {
        "middle_mm": middle,
        "height_mm": float(np.ptp(y)) / FILLED,
        "width_mm": float(np.ptp(x)) / FILLED,
    }


def outline(structures: Sequence[Structure], box: Floats | None = None) -> Floats:
    """Points (n, 3) that a view of these structures has to hold: their vertices, in a box."""
    points = np.concatenate([one.surfaces["coarse"].vertices_mm for one in structures])
    if box is not None:
        points = points[((points >= box[0]) & (points <= box[1])).all(axis=1)]
    return points.astype(float)

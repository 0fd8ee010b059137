"""The risk map of all entries as colours on the skin: a coloured mesh, and a picture of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from anatomy.geometry import Floats, Point
from anatomy.surface import Surface
from viewer.render import BACKGROUND, INK, SIZE
from viewer.scene import INTENDED_USE

if TYPE_CHECKING:
    from surgery.entries import Entries
    from surgery.scene import Scene
    from surgery.search import RiskMap

Colours = NDArray[np.uint8]
REACH_MM = 6.0
"""House value: skin further than this from every entry is no place for one. 20,000 entries on a
vault lie 2 to 3 mm apart, and 3 mm off the brain where there is no scalp."""
FINE_MM, MOST_HALVED = 2.5, 2
"""Mean edge of the painted skin, about as far as entries lie apart; halved twice at most."""
LOW, HIGH = (34, 160, 140), (245, 190, 90)
"""Kept limits: vessel risk from 0 to 1. The two differ in lightness too, for all eyes."""
OPEN = (150, 156, 214)
"""Kept limits where no vessel is known: neither of the two, for nothing there is safe."""
MISSED, ELSEWHERE = (104, 38, 48), (120, 126, 132)


def colours_of(seen: "RiskMap", *, vessels: bool) -> Colours:
    """RGB of each entry (n, 3)."""
    share = np.clip(seen.rows.risk, 0, 1)[:, None]
    low, high = np.array(LOW), np.array(HIGH)
    kept = np.rint(low + share * (high - low)) if vessels else np.array(OPEN)
    colours = np.where(seen.feasible[:, None], kept, MISSED)
    return np.where((seen.level == 255)[:, None], ELSEWHERE, colours).astype(np.uint8)


def legend(*, vessels: bool) -> list[tuple[tuple[int, int, int], str]]:
    """Colour and meaning, in order."""
    kept = [(LOW, "limits kept, vessel risk 0"), (HIGH, "limits kept, vessel risk 1")]
    open_ = [(OPEN, "the limits that can be judged are kept; vessels are not known")]
    rest = [(MISSED, "a hard limit is missed"), (ELSEWHERE, "no entry")]
    return [*(kept if vessels else open_), *rest]


def painted(surface: Surface, entries: "Entries", colours: Colours) -> Colours:
    """RGB of each corner of a surface (n, 3): that of the nearest entry within REACH_MM."""
    from scipy.spatial import cKDTree

    away, nearest = cKDTree(entries.points_mm).query(surface.vertices_mm)
    return np.where((away <= REACH_MM)[:, None], colours[nearest], ELSEWHERE).astype(np.uint8)


def skin_of(scene: "Scene") -> Surface:
    """What the entries lie on, scalp or else brain, its faces halved until they are FINE_MM."""
    from trimesh.remesh import subdivide

    skin = (scene.find("scalp") or scene.find("brain"))[0].surfaces["fine"]
    for _ in range(MOST_HALVED):
        ends = skin.vertices_mm[skin.faces]
        if np.linalg.norm(ends - np.roll(ends, 1, axis=1), axis=2).mean() <= FINE_MM:
            break
        vertices, faces = subdivide(skin.vertices_mm, skin.faces)
        skin = Surface(vertices.astype(np.float32), faces.astype(np.uint32), skin.frame)
    return skin


def write_mesh(out: Path, skin: Surface, colours: Colours, words: Sequence[str]) -> None:
    """A PLY with a colour at each corner; `words` go into its comments."""
    from anatomy.mesh_write import Part, ply
    from anatomy.writing import write_whole

    part = Part(vertices_mm=skin.vertices_mm, faces=skin.faces, painted=colours)
    write_whole({out: lambda: ply([part], "-".join(skin.frame.split()), words)})


def write_picture(
    out: Path, skin: Surface, colours: Colours, best: Sequence[Point], words: Sequence[str], *,
    vessels: bool,
) -> None:  # fmt: skip
    """A PNG: from outside onto the best entry, and from above; the best places are numbered.

    `words` stand at the top, the meaning of the colours at the bottom.
    """
    import pyvista
    from vtkmodules.vtkCommonCore import vtkLogger

    vtkLogger.SetStderrVerbosity(
        vtkLogger.VERBOSITY_ERROR
    )  # it warns of a screen that is not there
    mesh = pyvista.PolyData.from_regular_faces(skin.vertices_mm, skin.faces)
    mesh.point_data["map"] = colours
    low, high = skin.vertices_mm.min(axis=0), skin.vertices_mm.max(axis=0)
    middle: Floats = (low + high) / 2
    away_mm = 2.6 * float((high - low).max())
    plotter = pyvista.Plotter(off_screen=True, shape=(1, 2), window_size=list(SIZE), border=False)
    onto = np.array(best[0]) - middle if best else np.array([-1.0, 0.3, 0.4])
    for column, out_of in enumerate((onto, np.array([0.0, 0.0, 1.0]))):
        plotter.subplot(0, column)
        plotter.set_background(BACKGROUND)
        plotter.add_mesh(mesh, scalars="map", rgb=True, smooth_shading=True, specular=0.1)
        _numbers(plotter, best, middle)
        _look(plotter, middle, away_mm, out_of / np.linalg.norm(out_of))
    plotter.subplot(0, 0)
    plotter.add_text("\n".join(words), position="upper_left", font_size=8, color=INK)
    plotter.add_text(INTENDED_USE, position="lower_left", font_size=7, color="#b9a878")
    plotter.subplot(0, 1)
    plotter.add_text("from above, anterior up", position="upper_left", font_size=7, color=INK)
    for line, (colour, meaning) in enumerate(reversed(legend(vessels=vessels))):
        light = tuple(min(2 * c, 255) for c in colour) if colour == MISSED else colour
        plotter.add_text(meaning, position=(12, 12 + 22 * line), font_size=8, color=light)
    plotter.screenshot(str(out))
    plotter.close()


def _numbers(plotter: Any, best: Sequence[Point], middle: Floats) -> None:
    import pyvista

    if not best:
        return
    places = np.array(best)
    lifted = places + 4.0 * (places - middle) / np.linalg.norm(places - middle, axis=1)[:, None]
    for place in places:
        plotter.add_mesh(pyvista.Sphere(radius=1.8, center=place), color=INK)
    plotter.add_point_labels(
        lifted, [str(n) for n in range(1, len(best) + 1)], font_size=18, text_color=INK,
        shape=None, show_points=False, always_visible=False,
    )  # fmt: skip


def _look(plotter: Any, middle: Floats, away_mm: float, out_of: Floats) -> None:
    plotter.camera.position = tuple(middle + away_mm * out_of)
    plotter.camera.focal_point = tuple(middle)
    plotter.camera.up = (0.0, 1.0, 0.0) if abs(out_of[2]) > 0.9 else (0.0, 0.0, 1.0)
    plotter.camera.view_angle = 30.0
    plotter.reset_camera_clipping_range()

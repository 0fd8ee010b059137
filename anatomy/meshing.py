"""From voxels to triangles: contour, smooth, keep the volume, simplify, and measure the error.

All arrays here are local: millimetres along the voxel axes, origin at the centre of voxel 0,0,0.
The figures behind the choices come from benchmarks/surfaces.py.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy.errors import GeometryError
from anatomy.geometry import Floats
from anatomy.volume import Mask

Vertices = NDArray[np.float32]
Faces = NDArray[np.uint32]
Triangles = tuple[Vertices, Faces]
Spacing = tuple[float, float, float]

# House values, tried on whole heads of 1, 2 and 3 mm voxels.
# Smoothing passes (iterations, pass band of the windowed sinc), strongest first.
LADDER = ((40, 0.01), (30, 0.02), (20, 0.05), (20, 0.1), (0, 1.0))
# Volume / area in voxels below which the strong passes would eat the structure. What is large and
# thin is folded like the cortex (1.9 at 1 mm): there they hold until simplification, then fail.
THICK_VOXELS, THICK_LARGE_VOXELS, LARGE_COUNT = 1.0, 2.0, 20_000
THIN_RUNG = 2
FINE_MM, COARSE_MM = 0.2, 0.45
FINE_VOXELS = 0.2  # nor is the fine level simplified by more than this
COARSE_BUDGET = 12_000  # triangles of the coarse level of what has no voxels
# Of what its tolerance leaves, the coarse level keeps COARSE_SHARE, but COARSE_ROOT times the root
# at most: nuclei stay round, the cortex does not swallow the page. Where that is few, all stay.
COARSE_ROOT, COARSE_SHARE, COARSE_LEAST = 38, 0.4, 160
P95_VOXELS = 0.75  # the promise is one voxel; simplification needs some of it
SAMPLES = 3_000


@dataclass(frozen=True, eq=False)
class Meshed:
    """Two levels of one solid and how far they are from its voxels."""

    fine: Triangles
    coarse: Triangles
    watertight: bool
    p95_mm: float
    smoothing: int
    """Which rung of LADDER was kept; the last one is no smoothing at all."""
    offset_mm: float
    """How far the fine level was moved along its normals to hold its volume [mm]."""


def contour(mask: Mask, spacing_mm: Spacing) -> Triangles:
    """The closed boundary of a mask halfway between inner and outer voxel centres.

    Faces are counter-clockwise seen from outside. The mask must not touch the array's edge.
    """
    from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkFiltersGeneral import vtkDiscreteFlyingEdges3D

    image = vtkImageData()
    image.SetDimensions(*mask.shape)
    image.SetSpacing(*spacing_mm)
    scalars = numpy_to_vtk(mask.ravel(order="F").astype(np.uint8), deep=True)
    image.GetPointData().SetScalars(scalars)
    edges = vtkDiscreteFlyingEdges3D()
    edges.SetInputData(image)
    edges.SetValue(0, 1.0)
    edges.ComputeNormalsOff()
    edges.ComputeGradientsOff()
    edges.ComputeScalarsOff()
    edges.Update()
    out = edges.GetOutput()
    if out.GetNumberOfPolys() == 0:
        raise GeometryError("A structure without voxels has no surface.")
    vertices = vtk_to_numpy(out.GetPoints().GetData()).astype(np.float32)
    faces = vtk_to_numpy(out.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    return vertices, faces.astype(np.uint32)


def smoothed(mesh: Triangles, *, iterations: int, pass_band: float) -> Triangles:
    """Windowed-sinc smoothing; linear in the vertices, so voxel shape does not matter."""
    if iterations == 0:
        return mesh
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkFiltersCore import vtkWindowedSincPolyDataFilter

    sinc = vtkWindowedSincPolyDataFilter()
    sinc.SetInputData(polydata(mesh))
    sinc.SetNumberOfIterations(iterations)
    sinc.SetPassBand(pass_band)
    sinc.NormalizeCoordinatesOn()
    sinc.BoundarySmoothingOff()
    sinc.FeatureEdgeSmoothingOff()
    sinc.NonManifoldSmoothingOn()
    sinc.Update()
    moved = vtk_to_numpy(sinc.GetOutput().GetPoints().GetData()).astype(np.float32)
    return moved, mesh[1]


def simplified(mesh: Triangles, *, fine_mm: float, coarse_mm: float) -> list[Triangles]:
    """Two levels with fewer triangles, both closed.

    The fine level moves the surface by about `fine_mm`. The coarse level takes 2/3 `coarse_mm` and
    then quadric errors (Garland and Heckbert 1997) down to the share that COARSE_ROOT gives; where
    that opens the surface it takes tolerances up to three times `coarse_mm` instead.
    Raises GeometryError if the mesh is not closed.
    """
    solid = _solid(mesh)
    if solid is None:
        raise GeometryError("A surface is not closed.")
    fine = _fewer(solid, fine_mm)
    near = _fewer(fine, 2 / 3 * coarse_mm)
    goal = int(min(COARSE_SHARE * near.num_tri(), COARSE_ROOT * near.num_tri() ** 0.5))
    if goal < COARSE_LEAST:
        return [_triangles(fine), _triangles(_fewer(near, coarse_mm))]
    coarse = _solid(decimated(_triangles(near), goal))
    for factor in (1.0, 1.5, 2.0, 2.5, 3.0):
        if coarse is None or coarse.num_tri() > 1.1 * goal:
            near = coarse = _fewer(near, factor * coarse_mm)
    return [_triangles(fine), _triangles(coarse)]


def decimated(mesh: Triangles, triangles: int) -> Triangles:
    """About so many triangles by quadric errors; a surface that was closed may open."""
    import open3d

    vertices, faces = mesh
    body = open3d.geometry.TriangleMesh(
        open3d.utility.Vector3dVector(vertices.astype(float)),
        open3d.utility.Vector3iVector(faces.astype(np.int32)),
    ).simplify_quadric_decimation(triangles)
    return (
        np.asarray(body.vertices).astype(np.float32),
        np.asarray(body.triangles).astype(np.uint32),
    )


def _solid(mesh: Triangles) -> Any:
    """The mesh as manifold3d takes it; None if it is not closed."""
    from manifold3d import Error, Manifold, Mesh

    solid = Manifold(Mesh(*(np.ascontiguousarray(part) for part in mesh)))
    return solid if solid.status() == Error.NoError and solid.num_tri() > 0 else None


def _fewer(solid: Any, tolerance_mm: float) -> Any:
    less = solid.simplify(tolerance_mm)
    return less if less.num_tri() > 0 else solid


def _triangles(solid: Any) -> Triangles:
    out = solid.to_mesh()
    vertices = np.asarray(out.vert_properties, dtype=np.float32)[:, :3]
    return vertices, np.asarray(out.tri_verts, dtype=np.uint32)


def volume_mm3(mesh: Triangles) -> float:
    """Signed volume [mm3]: the sum of tetrahedra from the centre to each face."""
    vertices = mesh[0].astype(float) - mesh[0].mean(axis=0, dtype=float)
    a, b, c = (vertices[mesh[1][:, corner]] for corner in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def area_vectors(mesh: Triangles) -> Floats:
    """Half the cross product of two edges for each face [mm2], (m, 3); outward."""
    a, b, c = (mesh[0][mesh[1][:, corner]].astype(float) for corner in range(3))
    return np.cross(b - a, c - a) / 2


def area_mm2(mesh: Triangles) -> float:
    """Area of all faces [mm2]."""
    return float(np.linalg.norm(area_vectors(mesh), axis=1).sum())


def inflated(mesh: Triangles, *, to_mm3: float, at_most_mm: float) -> tuple[Triangles, float]:
    """The mesh moved along its vertex normals until it holds `to_mm3`, by at most `at_most_mm`.

    Also how far it was moved [mm], outward positive. Smoothing and simplification both shrink
    what is convex; one small offset gives it back.
    """
    vertices, faces = mesh
    vectors = area_vectors(mesh)
    normals = np.stack(
        [
            sum(
                np.bincount(faces[:, corner], weights=vectors[:, axis], minlength=len(vertices))
                for corner in range(3)
            )
            for axis in range(3)
        ],
        axis=1,
    )
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    normals /= np.where(length > 0, length, 1)
    offset, base = 0.0, vertices.astype(float)
    moved = mesh
    for _ in range(2):  # Newton: the derivative of volume by offset is the area seen by normals
        step = (to_mm3 - volume_mm3(moved)) / max(area_mm2(moved), 1e-9)
        offset = float(np.clip(offset + step, -at_most_mm, at_most_mm))
        moved = ((base + offset * normals).astype(np.float32), faces)
    return moved, offset


def meshed(mask: Mask, spacing_mm: Spacing) -> Meshed:
    """Both levels of one solid, from a mask with a free border of two voxels.

    The smoothest rung of LADDER is kept that stays within P95_VOXELS, still does so within one
    voxel when simplified (which may lose islands of few voxels), and from which an offset of a
    quarter voxel or less gives the volume back.
    """
    voxel = float(np.prod(spacing_mm))
    unit = voxel ** (1 / 3)
    goal = float(np.count_nonzero(mask)) * voxel
    radius = (0.75 * goal / np.pi) ** (1 / 3)
    fine_mm = min(FINE_MM, FINE_VOXELS * unit, 0.004 * radius)
    coarse_mm = min(COARSE_MM, 0.02 * radius)
    raw = contour(mask, spacing_mm)
    thick = volume_mm3(raw) / area_mm2(raw) / unit
    enough = THICK_LARGE_VOXELS if goal > LARGE_COUNT * voxel else THICK_VOXELS
    for rung in range(0 if thick >= enough else THIN_RUNG, len(LADDER)):
        last = rung + 1 == len(LADDER)
        iterations, pass_band = LADDER[rung]
        smooth = smoothed(raw, iterations=iterations, pass_band=pass_band)
        if not last and abs(goal - volume_mm3(smooth)) > area_mm2(smooth) * unit / 4:
            continue
        near = p95_mm(smooth, mask, spacing_mm, samples=SAMPLES // 3)
        if not last and near > P95_VOXELS * unit:
            continue
        closed = True
        try:
            levels = simplified(smooth, fine_mm=fine_mm, coarse_mm=coarse_mm)
        except GeometryError:
            closed, levels = False, [smooth, smooth]  # drawn as it is
        fine, offset = inflated(levels[0], to_mm3=goal, at_most_mm=unit / 2)
        coarse, _ = inflated(levels[1], to_mm3=goal, at_most_mm=unit / 2)
        p95 = p95_mm(fine, mask, spacing_mm)
        if p95 <= 0.9 * unit:
            break
    return Meshed(fine, coarse, closed, p95, rung, offset)


def is_watertight(mesh: Triangles) -> bool:
    """True if trimesh finds every edge in exactly two faces that run along it opposite ways."""
    import trimesh

    body = trimesh.Trimesh(*mesh, process=False, validate=False)
    return bool(body.is_watertight and body.is_winding_consistent)


def p95_mm(mesh: Triangles, mask: Mask, spacing_mm: Spacing, *, samples: int = SAMPLES) -> float:
    """95th percentile distance between a mesh and the voxel boundary of its mask [mm].

    Two ways, the larger counts: vertices and face centres to the nearest voxel of the other
    kind (exact, as boxes), and centres of boundary voxel faces to the mesh (exact).
    """
    points = np.concatenate([mesh[0], mesh[0][mesh[1]].mean(axis=1)])
    there = to_boundary_mm(_thinned(points, samples).astype(float), mask, spacing_mm)
    back = to_mesh_mm(boundary_centres_mm(mask, spacing_mm, samples=samples), mesh)
    return float(max(np.percentile(there, 95), np.percentile(back, 95)))


def _thinned(points: NDArray[Any], samples: int) -> NDArray[Any]:
    """At most `samples` rows, evenly taken."""
    return points[:: max(1, -(-len(points) // samples))]


def boundary_centres_mm(mask: Mask, spacing_mm: Spacing, *, samples: int) -> Floats:
    """Centres of voxel faces between inside and outside [mm], about `samples` of them, (n, 3)."""
    walls = [mask[1:] != mask[:-1], mask[:, 1:] != mask[:, :-1], mask[..., 1:] != mask[..., :-1]]
    found = [np.flatnonzero(wall) for wall in walls]
    share = min(1.0, samples / sum(len(one) for one in found))
    parts = []
    for axis, (wall, flat) in enumerate(zip(walls, found, strict=True)):
        few = _thinned(flat, max(1, int(share * len(flat))))
        where = np.stack(np.unravel_index(few, wall.shape), axis=1).astype(float)
        where[:, axis] += 0.5
        parts.append(where)
    return np.concatenate(parts) * spacing_mm


def to_boundary_mm(points_mm: Floats, mask: Mask, spacing_mm: Spacing) -> Floats:
    """Distance [mm] of points to the nearest voxel of the other kind than their own, (n,).

    Exact up to six voxels, which is also what farther points get.
    """
    size = np.array(spacing_mm)
    best = np.full(len(points_mm), 6 * size.min())
    todo = np.arange(len(points_mm))
    for reach in (1, 2, 6):
        if len(todo) == 0:
            break
        best[todo] = np.minimum(best[todo], _boxes(points_mm[todo], mask, size, reach))
        todo = todo[best[todo] > reach * size.min()]  # a voxel not looked at may be nearer
    return best


def _boxes(points: Floats, mask: Mask, size: Floats, reach: int) -> Floats:
    home = np.rint(points / size).astype(int)
    limit = np.array(mask.shape)
    inside = np.all((home >= 0) & (home < limit), axis=1)
    mine = np.zeros(len(points), dtype=bool)
    mine[inside] = mask[tuple(home[inside].T)]
    best = np.full(len(points), np.inf)
    for shift in np.ndindex(*(2 * reach + 1,) * 3):
        there = home + np.array(shift) - reach
        within = np.all((there >= 0) & (there < limit), axis=1)
        kind = np.zeros(len(points), dtype=bool)
        kind[within] = mask[tuple(there[within].T)]
        gap = np.maximum(np.abs(points - there * size) - size / 2, 0)
        distance = np.sqrt(np.einsum("ij,ij->i", gap, gap))
        best = np.where(kind != mine, np.minimum(best, distance), best)
    return best


def to_mesh_mm(points_mm: Floats, mesh: Triangles) -> Floats:
    """Distance [mm] of points to the nearest point of any triangle, (n,)."""
    from vtkmodules.vtkCommonCore import reference
    from vtkmodules.vtkCommonDataModel import vtkStaticCellLocator

    locator: Any = vtkStaticCellLocator()
    locator.SetDataSet(polydata(mesh))
    locator.BuildLocator()
    nearest, cell, sub = [0.0, 0.0, 0.0], reference(0), reference(0)
    squared: Any = reference(0.0)
    out = np.empty(len(points_mm))
    for row, point in enumerate(points_mm.tolist()):
        locator.FindClosestPoint(point, nearest, cell, sub, squared)
        out[row] = squared.get()
    return np.sqrt(out)


def polydata(mesh: Triangles) -> Any:
    """A vtkPolyData of the same triangles."""
    from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData

    vertices, faces = mesh
    points = vtkPoints()
    points.SetData(numpy_to_vtk(np.ascontiguousarray(vertices), deep=True))
    cells = vtkCellArray()
    starts = np.arange(0, 3 * len(faces) + 1, 3, dtype=np.int64)
    cells.SetData(
        numpy_to_vtkIdTypeArray(starts, deep=True),
        numpy_to_vtkIdTypeArray(faces.astype(np.int64).ravel(), deep=True),
    )
    out = vtkPolyData()
    out.SetPoints(points)
    out.SetPolys(cells)
    return out

"""Planning: how fast paths are scored, searched and delivered, beside numpy, scipy and Open3D.

    python -m benchmarks.planning [--json] [--targets N]

A head of closed-form solids at 1 mm (`benchmarks.planning_scene`), 20,000 entries, six structures
with margins, brain and grey matter. The alternatives score a sample of the same paths every 1 mm,
which is coarser than ours near a margin, and are scaled to the whole; Open3D measures distances to
meshes of the six structures only. Plans, drag and release run on the meshes of a ball of a head.
Wall seconds are the best of several; processor seconds stand beside them, since a busy machine
lengthens the first. The first call compiles and is counted alone. 1 if a target is missed.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.ndimage import map_coordinates

from anatomy.field import GUARD_MM
from anatomy.geometry import Point, point
from anatomy.phantom_bodies import HEAD, bodies
from benchmarks import planning_scene as scene
from surgery.device import device
from surgery.entries import ordered
from surgery.ground import Channel, Ground
from surgery.limits import Reach
from surgery.live import quick
from surgery.pareto import front
from surgery.paths import score_paths
from surgery.planner import Proposal, plans_for, scored
from surgery.procedure import procedure
from surgery.scene import Scene
from surgery.search import propose, risk_map
from surgery.station import Station
from surgery.tolerance import Scatter, tolerance

ENTRIES, RADIUS_MM, SULCUS_MM = 20_000, 0.65, 20.0
MARGINS_MM = {
    "artery": 3.0, "vein": 3.0, "ventricle": 2.0, "sulcus": 1.0, "motor": 2.0, "language": 2.0,
}  # fmt: skip
REACH = Reach(radius_mm=RADIUS_MM)
SCATTER = Scatter.even(entry_mm=0.93, target_mm=1.07)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number with its target; `beside` says the same of an alternative."""

    what: str
    value: float
    unit: str
    cpu: str = ""
    low: float | None = None
    high: float | None = None
    beside: Mapping[str, float] | None = None

    @property
    def met(self) -> bool:
        return (self.low is None or self.value >= self.low) and (
            self.high is None or self.value <= self.high
        )


def timed(work: Callable[[], Any], *, times: int = 1) -> tuple[Any, float, float]:
    """Last result, least wall and least processor seconds."""
    walls, cpus, result = [], [], None
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return result, min(walls), min(cpus)


def the_ground() -> Ground:
    channels = [
        Channel(
            structure=name,
            margin_mm=MARGINS_MM.get(name),
            vessel=name in ("artery", "vein"),
            after_mm=SULCUS_MM if name == "sulcus" else 0.0,
        )
        for name in scene.SOLIDS
    ]
    return Ground(scene.packed(), tuple(channels), hull=6, grey=7)


def targets(count: int) -> np.ndarray:
    """Places deep in the brain, off vessels and ventricles."""
    places = np.random.default_rng(3).uniform((-30, -40, -20), (30, 40, 35), (8 * count, 3))
    off = (scene.distance("artery", places) > 4) & (scene.distance("ventricle", places) > 3)
    return places[off & (scene.distance("vein", places) > 4)][:count]


def certify(entry: Point, target: Point) -> dict[str, float]:
    """Clearances by the formulas, every 0.05 mm inside the inner table."""
    a, b = np.array(entry), np.array(target)
    length = np.linalg.norm(b - a)
    at = np.linspace(0, length, int(length / 0.05))
    points = a + at[:, None] * (b - a) / length
    inside = scene.distance("brain", points) < 0
    return {
        name: float(
            scene.distance(name, points[inside & (at >= SULCUS_MM * (name == "sulcus"))]).min()
        )
        - RADIUS_MM
        for name in MARGINS_MM
    }


def samples(entries: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Places (paths, steps, 3) every 1 mm of the longest path, for the alternatives."""
    steps = int(np.ceil(np.linalg.norm(entries - target, axis=1).max())) + 1
    share = np.linspace(0, 1, steps)[None, :, None]
    return target + share * (entries[:, None] - target)


def by_scipy(values: np.ndarray, start: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Least value of each channel along each path by `map_coordinates`."""
    at = (points - start).reshape(-1, 3).T
    channels = [map_coordinates(values[..., c], at, order=1, mode="nearest") for c in range(8)]
    return np.stack(channels, axis=-1).reshape(*points.shape[:2], 8).min(axis=1)


def by_numpy(values: np.ndarray, start: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The same by eight corners in numpy."""
    at = (points - start).reshape(-1, 3).clip(0, np.array(values.shape[:3]) - 1.001)
    node = at.astype(int)
    out = np.zeros((len(at), 8), np.float32)
    for corner in np.ndindex(2, 2, 2):
        weight = np.where(corner, at - node, 1 - (at - node)).prod(axis=1).astype(np.float32)
        out += weight[:, None] * values[tuple((node + corner).T)]
    return out.reshape(*points.shape[:2], 8).min(axis=1)


def by_open3d(ground: Ground) -> Callable[[np.ndarray], None]:
    """Distances to the meshes of the six structures at every place."""
    import open3d
    import pyvista

    scenes = []
    for channel in range(len(MARGINS_MM)):
        image = pyvista.ImageData(
            dimensions=ground.packed.shape, origin=ground.packed.origin_mm, spacing=(1, 1, 1)
        )
        image["d"] = ground.packed.values[..., channel].ravel(order="F").astype(np.float32)
        mesh = image.contour([50.0], scalars="d")
        one = open3d.t.geometry.RaycastingScene()
        one.add_triangles(
            open3d.core.Tensor(np.asarray(mesh.points, np.float32)),
            open3d.core.Tensor(mesh.regular_faces.astype(np.uint32)),
        )
        scenes.append(one)

    def measure(points: np.ndarray) -> None:
        query = open3d.core.Tensor(points.reshape(-1, 3).astype(np.float32))
        for one in scenes:
            one.compute_distance(query)

    return measure


def figures(count: int) -> list[Figure]:
    """All of them, in the order of the table."""
    found = []
    ground = the_ground()
    places, normals = scene.entries(ENTRIES)
    entries = ordered(places, normals)
    aims = targets(count)
    one = aims[len(aims) // 2]

    def search(some: np.ndarray) -> Any:
        return propose(
            ground, entries, some, reach=REACH, scatter=SCATTER, certify=certify, seed=7, top=20
        )

    _, first, cpu = timed(lambda: (risk_map(ground, entries, one, reach=REACH), search(aims[:1])))
    found.append(
        Figure(what="first map and search, with compiling", value=first, unit="s",
               cpu=f"{cpu:.1f} s", high=10.0)
    )  # fmt: skip

    values = ground.packed.values.astype(np.float32) / 10 - 5
    start = np.array(ground.packed.origin_mm)
    few = samples(entries.points_mm[:: ENTRIES // 400], one)
    fewer = samples(entries.points_mm[:: ENTRIES // 40], one)
    _, scipy_s, scipy_cpu = timed(lambda: by_scipy(values, start, few), times=2)
    _, _, numpy_cpu = timed(lambda: by_numpy(values, start, few), times=2)
    measure = by_open3d(ground)
    _, open3d_s, _ = timed(lambda: measure(fewer))
    _, wall, cpu = timed(lambda: risk_map(ground, entries, one, reach=REACH), times=12)
    found.append(
        Figure(what="risk map, 20,000 entries, 6 structures", value=1000 * wall, unit="ms",
               cpu=f"{1000 * cpu:.0f} ms", high=100.0,
               beside={"scipy map_coordinates": 1000 * scipy_s * ENTRIES / len(few),
                       "Open3D distances": 1000 * open3d_s * ENTRIES / len(fewer)})
    )  # fmt: skip
    _, wall, cpu = timed(
        lambda: score_paths(ground, entries.points_mm, one, radius_mm=RADIUS_MM), times=12
    )
    others = {
        "numpy": 2 * len(few) / numpy_cpu,
        "scipy map_coordinates": 2 * len(few) / scipy_cpu,
    }
    found.append(
        Figure(what=f"paths fully scored by two processors ({ENTRIES / wall:,.0f} /s of wall)",
               value=2 * ENTRIES / cpu, unit="/s", low=500_000, beside=others)
    )  # fmt: skip
    best_other_cpu = min(numpy_cpu, scipy_cpu) / len(few)
    found.append(
        Figure(what="as many times the better of numpy and scipy, by processor time",
               value=best_other_cpu / (cpu / ENTRIES), unit="times", low=20)
    )  # fmt: skip

    result, wall, cpu = timed(lambda: search(aims), times=1)
    found.append(
        Figure(what=f"search of {result.examined:,} paths: {result.feasible:,} feasible, "
               f"{len(result.found)} certified, {result.refused} refused",
               value=wall, unit="s", cpu=f"{cpu:.1f} s", high=10.0)
    )  # fmt: skip
    found.append(
        Figure(what="paths examined", value=result.examined / wall, unit="/s",
               cpu=f"{result.examined / cpu:.0f} /s a core")
    )  # fmt: skip

    rows = score_paths(ground, entries.points_mm, one, radius_mm=RADIUS_MM)
    objectives = np.column_stack([-rows.clearance_mm[:, :3], rows.risk, rows.length_mm])
    chosen, wall, cpu = timed(lambda: front(objectives), times=3)
    _, plain, _ = timed(lambda: [_beaten(row, objectives) for row in objectives[::100]])
    found.append(
        Figure(what=f"exact Pareto front, 20,000 x 5, {len(chosen)} on it", value=1000 * wall,
               unit="ms", cpu=f"{1000 * cpu:.0f} ms", high=200.0,
               beside={"numpy, by the definition": 1000 * plain * 100})
    )  # fmt: skip
    return [*found, *on_meshes(), *true_clearances(ground), true_chances(ground)]


def on_meshes() -> list[Figure]:
    """A biopsy on the ball of a head of ten structures with 82,000 triangles each: the first
    plan, one target searched, paths to it dragged and let go."""
    head = Scene(*bodies(HEAD, spacing_mm=1.0, times=6))
    station = Station(head, procedure("needle_biopsy"))
    _, wall, cpu = timed(station.ready)
    found = [
        Figure(what="a head made ready: distances, entries, trees", value=wall, unit="s",
               cpu=f"{cpu:.1f} s", high=30.0)
    ]  # fmt: skip
    needle = device("side_cutting_needle_25")

    def search() -> Proposal:
        return plans_for(station, needle, [[0.0, 0.0, 0.0]], way="frame", seed=7)

    made, wall, cpu = timed(search, times=3)
    found.append(
        Figure(what=f"five plans of {made.search.examined:,} paths on a head of meshes", value=wall,
               unit="s", cpu=f"{cpu:.2f} s", high=1.5)
    )  # fmt: skip
    for what, high, work in (
        ("drag: live score of one path with 1,024 deliveries, p95", 5.0, quick),
        ("let go: certified score with 256 deliveries, p95", 200.0, scored),
    ):
        walls, cpus = [], []
        for n in range(300):
            entry = point(station.entries.points_mm[10_000 + 20 * n])
            plan = station.plan(needle, (entry, (0.0, 0.0, 0.0)), way="frame", id="p")
            wall, cpu = time.perf_counter(), time.process_time()
            work(station, plan, seed=7)
            walls.append(1000 * (time.perf_counter() - wall))
            cpus.append(1000 * (time.process_time() - cpu))
        spent = f"p95 {np.percentile(cpus, 95):.1f}, median {np.median(cpus):.1f} ms"
        found.append(
            Figure(what=what, value=np.percentile(walls, 95), unit="ms", cpu=spent, high=high)
        )
    return found


def true_clearances(ground: Ground) -> list[Figure]:
    """Among 10,000 paths anywhere: how far the fields are from the formulas near 3 mm, unsafe side
    positive, and how many pass with the guard though they are closer."""
    rng = np.random.default_rng(5)
    ends = rng.uniform((-35, -45, -25), (35, 45, 40), (10_000, 3))
    way = rng.normal(size=(10_000, 3))
    starts = ends + 60 * way / np.linalg.norm(way, axis=1, keepdims=True)
    told = score_paths(ground, starts, ends, radius_mm=RADIUS_MM).clearance_mm[:, :2].min(axis=1)
    near = np.flatnonzero((told > 2.6) & (told < 3.8))
    true = np.array([_vessel_clearance(starts[n], ends[n]) for n in near])
    off = told[near] - true
    wrong = int(((told[near] >= 3 + GUARD_MM) & (true < 3)).sum())
    return [
        Figure(what=f"largest error to the unsafe side of {len(near)} vessel clearances near 3 mm",
               value=float(off.max()), unit="mm", high=GUARD_MM),
        Figure(what="of them passed by the search though closer than 3 mm", value=wrong, unit="",
               high=0),
    ]  # fmt: skip


def _vessel_clearance(entry: np.ndarray, target: np.ndarray) -> float:
    points = target + np.linspace(0, 1, 1200)[:, None] * (entry - target)
    points = points[scene.distance("brain", points) < 0]
    return min(float(scene.distance(name, points).min()) for name in ("artery", "vein")) - RADIUS_MM


def true_chances(ground: Ground) -> Figure:
    """Chances of a hit by 256 deliveries beside 16,384 of the same, where those say up to 5 %."""
    rng = np.random.default_rng(8)
    places, _ = scene.entries(8000)
    off = []
    for target in targets(40):
        rows = score_paths(ground, places, target, radius_mm=RADIUS_MM)
        room = rows.clearance_mm[:, :3].min(axis=1)
        for n in rng.choice(np.flatnonzero((room > 0.3) & (room < 3.5)), 2):
            few, many = (
                tolerance(ground, places[n], target, radius_mm=RADIUS_MM, scatter=SCATTER,
                          seed=count, count=count).hits
                for count in (256, 16_384)
            )  # fmt: skip
            off += [few[k].share - v.share for k, v in many.items() if 0 < v.share <= 0.05]
    return Figure(what=f"error of {len(off)} chances of a hit up to 5 %, root mean square",
                  value=float(np.sqrt(np.mean(np.square(off)))), unit="", high=0.005)  # fmt: skip


def _beaten(row: np.ndarray, rows: np.ndarray) -> bool:
    return bool(((rows <= row).all(axis=1) & (rows < row).any(axis=1)).any())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="figures as JSON on standard output")
    parser.add_argument("--targets", type=int, default=1000, help="targets of the search")
    asked = parser.parse_args()
    found = figures(asked.targets)
    if asked.json:
        json.dump([asdict(one) | {"met": one.met} for one in found], sys.stdout, indent=1)
    else:
        for one in found:
            limit = f"<= {one.high:g}" if one.high is not None else ""
            limit = f">= {one.low:g}" if one.low is not None else limit
            print(
                f"{one.what}: {one.value:,.4g} {one.unit}"
                + (f" ({one.cpu} of processor)" if one.cpu else "")
                + (f", asked {limit}: {'met' if one.met else 'MISSED'}" if limit else "")
            )
            for name, value in (one.beside or {}).items():
                print(f"    {name}: {value:,.4g} {one.unit}")
    return int(not all(one.met for one in found))


if __name__ == "__main__":
    sys.exit(main())

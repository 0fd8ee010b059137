"""A seeded synthetic head with exact labels, made of closed-form solids at MNI-like places.

It looks like a T1: fat and white matter bright, cortex grey, fluid and bone dark, with partial
volume, a slow bias field and Rician noise. No patient and no voxel of a template went into it;
only the centres, axes and turns of the brain's ellipsoids were fitted to the outline of the
average brain. Sizes are those of an adult; nothing about it may be read as a normal value.
"""

from dataclasses import dataclass

import numpy as np

from anatomy.geometry import Floats
from anatomy.grid import Grid
from anatomy.phantom_folds import Folds
from anatomy.solids import Blend, Ellipsoid, Field, Place, Tube, mirrored, shifted, united
from anatomy.volume import LabelMap, Volume, digest

NAMES = (
    "scalp", "skull", "brain",
    "grey_matter_left", "grey_matter_right", "white_matter_left", "white_matter_right",
    "lateral_ventricle_left", "lateral_ventricle_right", "third_ventricle", "fourth_ventricle",
    "thalamus_left", "thalamus_right", "caudate_left", "caudate_right",
    "putamen_left", "putamen_right", "pallidum_left", "pallidum_right",
    "hippocampus_left", "hippocampus_right", "amygdala_left", "amygdala_right",
    "brainstem", "cerebellum", "tumour_core",
)  # fmt: skip
NUMBER = {name: number for number, name in enumerate(NAMES, 1)}

# T1-like grey values of what lies in a voxel; house values in the order seen on 1.5 T scans.
AIR, SKIN, FAT, MUSCLE, BONE, MARROW, FLUID = 4.0, 120.0, 205.0, 105.0, 22.0, 95.0, 32.0
GREY, WHITE, STEM, LESION = 108.0, 158.0, 146.0, 78.0
DEEP = {
    "thalamus": 130.0, "caudate": 112.0, "putamen": 117.0, "pallidum": 138.0,
    "hippocampus": 108.0, "amygdala": 108.0,
}  # fmt: skip

CEREBRUM = Blend(
    (
        Ellipsoid((0, -13, 28), (68, 80, 49), pitch_deg=-14),
        Ellipsoid((-43, -21, -4), (28, 59, 35), pitch_deg=-43, yaw_deg=-13),
        Ellipsoid((43, -21, -4), (28, 59, 35), pitch_deg=-43, yaw_deg=13),
        Ellipsoid((-16, 42, 0), (30, 43, 30), pitch_deg=-4, yaw_deg=-70),
        Ellipsoid((16, 42, 0), (30, 43, 30), pitch_deg=-4, yaw_deg=70),
        Ellipsoid((-30, -73, 8), (24, 42, 35), pitch_deg=-13, yaw_deg=44),
        Ellipsoid((30, -73, 8), (24, 42, 35), pitch_deg=-13, yaw_deg=-44),
    ),
    soft_mm=10,
)
CEREBELLUM = Blend(
    (
        Ellipsoid((-23, -63, -39), (33, 30, 24), pitch_deg=-25, yaw_deg=-21),
        Ellipsoid((23, -63, -39), (33, 30, 24), pitch_deg=-25, yaw_deg=21),
        Ellipsoid((0, -56, -18), (21, 22, 15)),
    ),
    soft_mm=6,
)
BRAINSTEM = Blend(
    (
        Ellipsoid((0, -24, -34), (16, 12, 14)),
        Tube(((0, -24, -8), (0, -32, -30), (0, -42, -72), (0, -44, -140)), (14, 11, 8, 6)),
    ),
    soft_mm=6,
)
FACE = Blend(
    (
        Ellipsoid((0, -17, 16), (82, 104, 78), pitch_deg=-8),
        Ellipsoid((0, 34, -44), (66, 54, 66)),
        Ellipsoid((0, 62, -92), (30, 26, 22)),
        Ellipsoid((0, -10, -20), (80, 78, 46)),
        Ellipsoid((0, -56, -34), (66, 54, 44)),
        Tube(((0, -34, -40), (0, -40, -190)), (58, 56)),
        Tube(((0, 88, -20), (0, 96, -46)), (5, 9)),
        Ellipsoid((-80, -18, -30), (6, 17, 27), yaw_deg=20),
        Ellipsoid((80, -18, -30), (6, 17, 27), yaw_deg=-20),
    ),
    soft_mm=16,
)
SOCKETS = Blend(
    (
        Ellipsoid((-33, 96, -22), (15, 16, 10)),
        Ellipsoid((33, 96, -22), (15, 16, 10)),
        Ellipsoid((0, 98, -68), (22, 9, 4)),
    )
)
JAW = Tube(((-48, 0, -50), (-40, 10, -82), (0, 66, -98), (40, 10, -82), (48, 0, -50)), (6,) * 5)
AIRWAYS = Blend(
    (
        Tube(((0, 74, -48), (0, 24, -50), (0, 8, -90), (0, 0, -190)), (7, 9, 8, 8)),
        Ellipsoid((-26, 56, -56), (12, 13, 13)),
        Ellipsoid((26, 56, -56), (12, 13, 13)),
        Ellipsoid((0, 82, 2), (16, 4, 9)),
    )
)
EYES = (Ellipsoid((-32, 58, -28), (12, 12, 12)), Ellipsoid((32, 58, -28), (12, 12, 12)))

VENTRICLE = Tube(
    (
        (-11, 30, 4), (-10, 14, 13), (-10, -8, 21), (-15, -30, 19), (-25, -45, 10),
        (-35, -32, -6), (-34, -14, -18),
    ),
    (4.5, 5.5, 5.0, 5.5, 6.0, 3.0, 2.2),
)  # fmt: skip
OCCIPITAL_HORN = Tube(((-25, -45, 10), (-25, -70, 8)), (5.0, 2.5))
PAIRED: dict[str, Ellipsoid | Tube] = {
    "thalamus": Ellipsoid((-12, -18, 8), (9.5, 16.5, 10.5), pitch_deg=10, yaw_deg=-22),
    "caudate": Tube(
        ((-13, 17, 4), (-16, 6, 14), (-19, -12, 22), (-24, -30, 18), (-31, -38, 6)),
        (6.0, 5.0, 3.6, 2.6, 2.0),
    ),
    "putamen": Ellipsoid((-26.5, 3, 1), (6, 16.5, 11), yaw_deg=-10),
    "pallidum": Ellipsoid((-19.5, -4, -1), (4.8, 9.5, 7), yaw_deg=-24),
    "hippocampus": Tube(((-23, -12, -20), (-27, -22, -15), (-27, -35, -6)), (6.2, 5.6, 4.2)),
    "amygdala": Ellipsoid((-23, -1, -20), (7.0, 6.5, 7.5)),
}
THIRD = Ellipsoid((0, -12, 0), (2.6, 13, 11))
FOURTH = Ellipsoid((0, -47, -34), (6.5, 6, 11))
LESION_BALL = Ellipsoid((-36, 34, 28), (13, 13, 13))

FORAMEN_MM = -66.0  # z of the hole in the skull below which the cord begins
PIA_MM = 1.5  # how deep under the outline of the brain its cortex begins
CORTEX_MM = 2.7


@dataclass(frozen=True, eq=False)
class Phantom:
    """An image and the labels it was made from, exact at every voxel centre."""

    volume: Volume
    labelmap: LabelMap


def head_grid(spacing_mm: float = 1.0) -> Grid:
    """A RAS box that holds the head from crown to chin, about 184 x 240 x 228 mm."""
    shape = tuple(round(extent / spacing_mm) for extent in (184, 240, 228))
    lattice = np.diag([spacing_mm] * 3 + [1.0])
    lattice[:3, 3] = (-91.5, -127.5, -124.5)
    return Grid((shape[0], shape[1], shape[2]), lattice, "phantom")


def whole_head(
    *, grid: Grid | None = None, seed: int = 0, lesion: bool = False, noise: float = 3.0
) -> Phantom:
    """The head on any grid (1 mm RAS if None). `seed` moves folds and nuclei a little.

    `lesion` adds a dark ball of 13 mm radius in the left frontal lobe, `tumour_core`.
    `noise` is the standard deviation of both channels of the Rician noise (white matter 158).
    """
    grid = grid or head_grid()
    random = np.random.default_rng(seed)
    person = _Person(random, lesion)
    labels = np.zeros(grid.shape, dtype=np.uint16)
    image = np.zeros(grid.shape, dtype=np.float32)
    blur = float(np.prod(grid.spacing_mm)) ** (1 / 3)
    for start in range(0, grid.shape[2], 8):  # slabs fit the processor's cache
        stop = min(start + 8, grid.shape[2])
        index = np.indices((*grid.shape[:2], stop - start))
        index[2] += start
        x, y, z = grid.ras(np.moveaxis(index, 0, -1)).astype(np.float32).transpose(3, 0, 1, 2)
        labels[..., start:stop], image[..., start:stop] = person.at((x, y, z), blur)
    real = image + random.normal(0, noise, grid.shape)
    voxels = np.hypot(real, random.normal(0, noise, grid.shape)).astype(np.float32)
    key = {n: name for name, n in NUMBER.items() if lesion or name != "tumour_core"}
    source = digest("head", voxels)
    return Phantom(
        Volume(grid=grid, voxels=voxels, source=source),
        LabelMap(grid=grid, labels=labels, key=key),
    )


class _Person:
    """One seed's head: answers label and clean grey value anywhere."""

    def __init__(self, random: np.random.Generator, lesion: bool) -> None:
        self.folds = Folds(random)
        self.bias: Floats = random.uniform(-0.07, 0.07, size=6)
        self.lesion = lesion
        self.ventricles, self.nuclei = {}, {}
        for side, turn in (("left", lambda s: s), ("right", mirrored)):
            step = random.normal(0, 0.4, size=3).tolist()
            horns = (shifted(turn(part), step) for part in (VENTRICLE, OCCIPITAL_HORN))
            self.ventricles[side] = Blend(tuple(horns), soft_mm=3)
            for name, solid in PAIRED.items():
                self.nuclei[name, side] = shifted(
                    turn(solid), random.normal(0, 0.4, size=3).tolist()
                )

    def at(self, place: Place, blur: float) -> tuple[np.ndarray, Field]:
        """Labels and grey values at places; `blur` [mm] is the width of partial volume."""
        self.label = np.zeros(place[0].shape, dtype=np.uint16)
        self.grey = np.full(place[0].shape, AIR, dtype=np.float32)
        self.blur = np.float32(blur)
        skin = -united(-FACE.distance(place), SOCKETS.distance(place), 12)
        if skin.min() < blur:
            cerebrum, cerebellum = CEREBRUM.distance(place), CEREBELLUM.distance(place)
            stem = BRAINSTEM.distance(place)
            self._outside(place, skin, united(united(cerebrum, cerebellum, 6), stem, 6))
            if min(cerebrum.min(), cerebellum.min(), stem.min()) < blur:
                self._cerebrum(place, cerebrum)
                self._behind(place, cerebellum, stem)
                self._deep(place)
        x, y, z = place
        u, v, w = x / 90, y / 120, z / 120
        b = self.bias.astype(np.float32)
        field = b[0] * u + b[1] * v + b[2] * w + b[3] * u * v + b[4] * v * w + b[5] * w * w
        return self.label, self.grey * np.exp(field)

    def _put(self, distance: Field, grey: float, label: "int | np.ndarray | None" = None) -> None:
        """Lays a solid over what is there, mixed at its edge over one voxel."""
        share = (np.float32(0.5) - distance / self.blur).clip(0, 1)
        self.grey += share * (np.float32(grey) - self.grey)
        if label is not None:
            inside = distance < 0
            self.label[inside] = label[inside] if isinstance(label, np.ndarray) else label

    def _outside(self, place: Place, skin: Field, nerve: Field) -> None:
        """Skin, fat, muscle, eyes, bone with marrow, airways, and the fluid under the bone."""
        self._put(skin, SKIN, NUMBER["scalp"])
        self._put(skin + 2, FAT)
        self._put(skin + 7, MUSCLE)
        for eye in EYES:
            self._put(eye.distance(place), 45.0)
        inner = nerve - 2.0  # the fluid space reaches 2 mm beyond the brain
        canal = place[2] < FORAMEN_MM  # below it the shell is the spine
        outer = np.where(canal, inner - 9, inner - 6.5)
        bone = united(np.maximum(outer, skin + 4), JAW.distance(place))
        self._put(bone, BONE, NUMBER["skull"])
        self._put(np.abs(inner - 3.2) - 1.3, MARROW)
        air = np.maximum(AIRWAYS.distance(place), -(inner - 3))
        self._put(air, AIR, NUMBER["scalp"])
        self._put(inner, FLUID, NUMBER["scalp"])  # around the brain: head, like bone and skin
        self.label[nerve < 0] = NUMBER["brain"]

    def _cerebrum(self, place: Place, envelope: Field) -> None:
        """Folded cortex over white matter; sulci and the cleft between the halves hold fluid."""
        pia = np.maximum(envelope + PIA_MM, -self.folds.distance(place, -envelope))
        left = place[0] < 0
        grey = np.where(left, NUMBER["grey_matter_left"], NUMBER["grey_matter_right"])
        white = np.where(left, NUMBER["white_matter_left"], NUMBER["white_matter_right"])
        self._put(pia, GREY, grey)
        self._put(pia + CORTEX_MM, WHITE, white)

    def _behind(self, place: Place, cerebellum: Field, stem: Field) -> None:
        """Cerebellum with leaves, brainstem; a millimetre of fluid parts them from above."""
        _, y, z = place
        self._put(np.maximum(cerebellum - 1.2, z + 8), FLUID, NUMBER["brain"])
        self._put(cerebellum, GREY, NUMBER["cerebellum"])
        leaves = np.float32(1.6) * np.sin((z + y / 2) * np.float32(2 * np.pi / 7))
        self._put(cerebellum + 9 + leaves, WHITE)
        self._put(stem, STEM, NUMBER["brainstem"])
        nerve = np.isin(self.label, (NUMBER["brain"], NUMBER["brainstem"]))
        self.label[nerve & (z < FORAMEN_MM)] = NUMBER["scalp"]  # the cord is no part of the brain

    def _deep(self, place: Place) -> None:
        """Nuclei, the lesion, then the ventricles over all of them."""
        for (name, side), solid in self.nuclei.items():
            self._solid(solid, place, DEEP[name], f"{name}_{side}")
        if self.lesion:
            self._solid(LESION_BALL, place, LESION, "tumour_core")
        for side, blend in self.ventricles.items():
            self._put(blend.distance(place), FLUID, NUMBER[f"lateral_ventricle_{side}"])
        self._solid(THIRD, place, FLUID, "third_ventricle")
        self._solid(FOURTH, place, FLUID, "fourth_ventricle")

    def _solid(self, solid: Ellipsoid | Tube, place: Place, grey: float, name: str) -> None:
        centre, radius = solid.ball
        reach = np.float32(radius) + self.blur
        if all(p.min() - reach < c < p.max() + reach for p, c in zip(place, centre, strict=True)):
            self._put(solid.distance(place), grey, NUMBER[name])

"""A planning station: one scene under one procedure and one profile, with what planning reads.

Distances and entries are made when first asked for and stay; those that do not depend on the
procedure are kept by the scene, for all its stations.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from anatomy.errors import TermError
from anatomy.field import Box, Packed, pack
from anatomy.geometry import Point
from surgery import ends
from surgery.assess import missing
from surgery.device import Device
from surgery.entries import Entries, entries_on
from surgery.ground import Channel, Ground
from surgery.limits import Reach
from surgery.metrics import SULCI_FROM_MM
from surgery.plan import Placement, Plan, PlanError, Trajectory
from surgery.procedure import Procedure
from surgery.profile import DEFAULT, under
from surgery.scene import Scene
from surgery.search import RiskMap, risk_map, warm_up

ENTRIES = 20_000
VAULT = 0.4
"""House value: entries lie above this share of the brain's height: not on face, ears and neck."""
AROUND_MM = 12.0
"""Distances are read in the box of the brain with this much around it: vessel risk ends at 10."""
OFF_MM = 3.0
"""Without a scalp, entries lie so far outside of the brain's envelope."""
SEARCHED = ("vessels", "ventricles")
"""Words whose hard limits the search keeps; the assessment keeps every one."""
TOLD = ("sulci", "eloquent nuclei")
"""Words whose distances are told while a path is dragged, and under its deliveries."""


@dataclass(frozen=True, eq=False)
class Station:
    """Everything needed to score and to search. Safe to share between threads once `ready`.

    `procedure` is as the catalogue has it; `asked` is what the profile makes of it.
    """

    scene: Scene
    procedure: Procedure
    profile: str = DEFAULT

    def __post_init__(self) -> None:
        _ = self.asked  # An unknown profile is refused before anything is made.

    @cached_property
    def asked(self) -> Procedure:
        """The procedure with the profile's weights and limits; raises ProfileError."""
        return under(self.procedure, self.profile)

    @cached_property
    def ground(self) -> Ground:
        """Distances to the brain's envelope and to SEARCHED and TOLD, margins where the search
        keeps a hard limit; raises TermError without a brain."""
        margins = {
            word: metric.limit.hard_low
            for metric in self.asked.metrics
            for word in metric.needs
            if word in SEARCHED and metric.unit == "mm" and metric.limit.hard_low is not None
        }
        words = [word for word in (*SEARCHED, *TOLD) if self.scene.has(word)]
        channels = [
            Channel(structure="brain"),
            *(
                Channel(
                    structure=word, margin_mm=margins.get(word), vessel=word == "vessels",
                    after_mm=SULCI_FROM_MM if word == "sulci" else 0.0,
                )
                for word in words
            ),
        ]  # fmt: skip
        return Ground(packed(self.scene, ("brain", *words)), tuple(channels), hull=0)

    @property
    def entries(self) -> Entries:
        """Places over the vault with the skull's normals; raises TermError without a brain."""
        return entries_of(self.scene)

    @cached_property
    def gaps(self) -> tuple[str, ...]:
        """Sentences: what this twin lacks, so that no plan on it can be complete."""
        return missing(self.scene, self.asked)

    def ready(self) -> None:
        """Make all of it, trees of the surfaces too: for the background, after a scene was opened.

        What there is no brain for is left out.
        """
        warm_up()
        if self.grounded:
            _ = self.ground.lattice, self.entries
        for word in (*self.asked.needs, *self.asked.wants):
            for one in self.scene.find(word):
                self.scene.shell(one.id)

    def reach(self, device: Device) -> Reach:
        """The hard limits on length and angle, from the metrics; else those of `Reach`."""
        hard = {metric.id: metric.limit.hard_high for metric in self.asked.metrics}
        named = {"longest_mm": "intracranial_length", "steepest_deg": "incidence"}
        given = {name: hard.get(metric) for name, metric in named.items()}
        limits = {name: bound for name, bound in given.items() if bound is not None}
        return Reach(radius_mm=device.radius_mm, **limits)

    @property
    def grounded(self) -> bool:
        """Whether there is a ground: the procedure needs a brain, and the twin has one."""
        return "brain" in self.asked.needs and self.scene.has("brain")

    def admit(self, device: Device) -> None:
        """Raises PlanError where the procedure takes no such device."""
        if device.kind not in self.asked.devices:
            raise PlanError(f"{self.asked.title} takes no {device.kind.replace('_', ' ')}.")

    def owns(self, plan: Plan) -> None:
        """Raises PlanError where a plan is of another procedure or profile."""
        if (plan.procedure, plan.profile) != (self.asked.id, self.profile):
            raise PlanError(
                f"Plan {plan.id} is one of {plan.procedure} by profile {plan.profile}, and this "
                f"station is for {self.asked.id} by {self.profile}. Open the one it belongs to."
            )

    def placement(self, device: Device, entry_mm: Point, target_mm: Point) -> Placement:
        """The device on a path: its first contact's centre at the target where contacts are asked
        for, else its tip."""
        by_contact = any(metric.measure is ends.contact_error for metric in self.asked.metrics)
        depth = device.contact_centres_mm[0] if by_contact and device.contacts else 0.0
        frame = self.scene.anatomy.frame
        way = Trajectory(entry_mm=entry_mm, target_mm=target_mm, frame=frame)
        return Placement(device=device.id, trajectory=way, depth_mm=depth)

    def plan(self, device: Device, *ends_mm: tuple[Point, Point], way: str, id: str) -> Plan:
        """A plan of one device on each path, entry and target [mm], on this scene's anatomy."""
        return Plan(
            id=id, procedure=self.procedure.id, anatomy=self.scene.digest, delivery=way,
            placements=tuple(self.placement(device, *pair) for pair in ends_mm),
            profile=self.profile,
        )  # fmt: skip

    def risk_map(self, device: Device, target_mm: Point) -> RiskMap:
        """Each of the entries for one target, in their order."""
        return risk_map(self.ground, self.entries, target_mm, reach=self.reach(device))


def planning_box(scene: Scene) -> Box:
    """The brain's box with AROUND_MM around it [mm], on whole millimetres."""
    brain = scene.find("brain")
    if not brain:
        raise TermError("There is no brain in this twin, so no path into it can be searched.")
    vertices = brain[0].surfaces["fine"].vertices_mm
    low, high = vertices.min(axis=0) - AROUND_MM, vertices.max(axis=0) + AROUND_MM
    pairs = zip(np.floor(low), np.ceil(high), strict=True)
    x0, x1, y0, y1, z0, z1 = (float(v) for pair in pairs for v in pair)
    return x0, x1, y0, y1, z0, z1


def packed(scene: Scene, words: tuple[str, ...]) -> Packed:
    """Distances to the nearest of each word over the planning box, kept by the scene."""

    def make() -> Packed:
        box = planning_box(scene)
        return pack([scene.field(word, box_mm=box) for word in words])

    return scene.once("packed", "|".join(words), make)


def entries_of(scene: Scene, *, count: int = ENTRIES) -> Entries:
    """Places over the vault with the normals of the skull; of the brain where there is no scalp.

    Kept by the scene.
    """

    def make() -> Entries:
        brain = scene.find("brain")
        if not brain:
            raise TermError("There is no brain in this twin, so nothing says where its vault is.")
        envelope = brain[0].surfaces["fine"]
        low, high = envelope.vertices_mm[:, 2].min(), envelope.vertices_mm[:, 2].max()
        above = float(low + VAULT * (high - low))
        scalp, skull = scene.find("scalp"), scene.find("skull")
        if not scalp:
            bare = entries_on(envelope, scene.outside("brain"), count=count, above_mm=above)
            return Entries(bare.points_mm + OFF_MM * bare.normals, bare.normals)
        bone = scene.outside(skull[0].id if skull else "brain")
        return entries_on(scalp[0].surfaces["fine"], bone, count=count, above_mm=above)

    return scene.once("entries", str(count), make)

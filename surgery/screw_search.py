"""The longest, widest screws of the catalogue that stay in the pedicles of labelled vertebrae."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from anatomy.errors import GeometryError, TermError
from anatomy.geometry import Point
from anatomy.structure import Structure
from anatomy.terms import terms
from surgery import pedicle
from surgery.assess import assess
from surgery.device import Device
from surgery.offer import ORDER, Offer, Offers, Request, found_or_told
from surgery.pedicle import Side
from surgery.plan import PlanError
from surgery.scene import Scene
from surgery.screw_fit import Option, delivered, fitted, pedicle_from

VERTEBRAE = tuple(sorted(id for id in terms() if id.startswith("vertebra")))
BARE = ("vertebra_c1",)
"""Vertebrae without pedicles."""
WORTH_MM = 1.0
"""House value: a way that misses grade A by less is refined; refining gained 0.2 to 0.7 mm."""
SPARE_SIZES = 3
"""House value: sizes kept beyond those shown, for where two screws would meet in the body."""
SIDES: tuple[Side, Side] = ("left", "right")


@dataclass(frozen=True, eq=False, kw_only=True)
class Pedicle:
    """What the search found for one pedicle."""

    bone: Structure
    side: Side
    options: tuple[Option, ...]
    """The best of each size that keeps the limits, the widest and longest first."""
    examined: int
    feasible: int
    widest_mm: float | None
    """Diameter of the widest straight cylinder found, as long as the smallest screw; None without
    a way that a driver can take."""

    @property
    def title(self) -> str:
        return f"the {self.side} pedicle of {self.bone.title}"


def propose(scene: Scene, request: Request) -> Offers:
    """Screws for both pedicles of each vertebra asked for, or for the one nearest to a point.

    The best plan has the widest and then longest screw in each pedicle; each further one stays
    below a smaller size.
    """
    sizes = sorted(request.devices, key=lambda one: (-one.radius_mm, -one.length_mm, one.id))
    bound = next(m.limit for m in request.asked.metrics if m.id == "pedicle_breach")
    found: list[Pedicle] = []
    lost: list[str] = []
    for bone, sides in _wanted(scene, request).items():
        try:
            found += _pedicles(
                scene, bone, sides, sizes, most_mm=bound.good_high or 0.0,
                enough=request.top + SPARE_SIZES,
            )  # fmt: skip
        except GeometryError as reason:
            lost.append(reason.message)
    lost += [_no_screw(one, sizes[-1]) for one in found if not one.options]
    open_ = [one for one in found if one.options]
    offers = _offers(scene, request, open_, sizes, lost) if open_ else []
    kept = [one for one in offers if one.assessment.verdict != "rejected"]
    kept.sort(key=lambda one: ORDER[one.assessment.verdict])  # Stable: sizes stay in order.
    binding = None
    if not kept:
        binding = " ".join(lost) or offers[0].assessment.sentence
    return Offers(
        examined=sum(one.examined for one in found),
        feasible=sum(one.feasible for one in found),
        offers=tuple(kept[: request.top]),
        turned_down=len(offers) - len(kept),
        binding=binding,
        notes=tuple(lost) if kept else (),
    )


def _wanted(scene: Scene, request: Request) -> dict[Structure, tuple[Side, ...]]:
    """Vertebrae and the sides asked for; raises TermError, PlanError."""
    wanted: dict[Structure, tuple[Side, ...]] = {}
    for target in request.targets:
        if isinstance(target, str):
            for bone in found_or_told(scene, target):
                if bone.id not in VERTEBRAE:
                    raise PlanError(f"{bone.title} is no vertebra: a pedicle screw needs one.")
                wanted[bone] = SIDES
        else:
            bone = _nearest(scene, target)
            beside = pedicle.vertebra(scene, bone)
            left = float((np.array(target) - beside.canal_mm) @ beside.left) > 0
            side: Side = "left" if left else "right"
            wanted[bone] = tuple({*wanted.get(bone, ()), side})
    for bone in wanted:
        if bone.id in BARE:
            raise PlanError(f"{bone.title} has no pedicles: name a vertebra below it.")
    if (count := sum(map(len, wanted.values()))) > request.asked.most_placements:
        raise PlanError(
            f"{request.asked.title} takes at most {request.asked.most_placements} placements, and "
            f"{count} pedicles are asked for. Name fewer vertebrae."
        )
    return wanted


def _nearest(scene: Scene, place: Point) -> Structure:
    bones = [one for word in VERTEBRAE for one in scene.find(word)]
    if not bones:
        raise TermError("There is no vertebra in this twin.")
    away = [float(scene.exact(one.id).points([place])[0][0]) for one in bones]
    return bones[int(np.argmin(away))]


def _pedicles(
    scene: Scene,
    bone: Structure,
    sides: Sequence[Side],
    sizes: Sequence[Device],
    *,
    most_mm: float,
    enough: int,
) -> list[Pedicle]:
    """Both or one pedicle of a vertebra, each with its options; raises GeometryError."""
    where = pedicle.vertebra(scene, bone)
    return [
        _pedicle(scene, where, side, sizes, most_mm=most_mm, enough=enough)
        for side in SIDES
        if side in sides
    ]


def _pedicle(
    scene: Scene,
    where: pedicle.Vertebra,
    side: Side,
    sizes: Sequence[Device],
    *,
    most_mm: float,
    enough: int,
) -> Pedicle:
    """The `enough` largest sizes that keep the limit on their best way through one pedicle."""
    longest_mm = max(one.length_mm for one in sizes)
    every = pedicle.ways(where, side, longest_mm=longest_mm)
    free = pedicle.reachable(scene, where, every.entries_mm, every.directions)
    options: list[Option] = []
    feasible, widest = 0, None
    for made in sizes:
        breaches = made.radius_mm - every.room(from_mm=pedicle_from(made), to_mm=made.length_mm)
        breaches[~free] = np.inf
        best = int(np.argmin(breaches)) if free.any() else 0
        feasible += int(np.count_nonzero(breaches <= most_mm))
        if not free.any() or len(options) == enough:
            continue
        smallest = made is sizes[-1]
        if breaches[best] > most_mm + WORTH_MM and not (smallest and not options):
            continue
        option = fitted(scene, where, made, side, (every.entries_mm[best], every.directions[best]))
        if option is None:
            continue
        if option.breach.depth.value <= most_mm:
            options.append(option)
        if smallest:
            widest = 2 * (made.radius_mm - option.breach.depth.value)
    return Pedicle(
        bone=where.bone, side=side, options=tuple(options), examined=len(free) * len(sizes),
        feasible=feasible, widest_mm=widest,
    )  # fmt: skip


def _offers(
    scene: Scene,
    request: Request,
    pedicles: Sequence[Pedicle],
    sizes: Sequence[Device],
    lost: Sequence[str],
) -> list[Offer]:
    """A plan for each size that no screw may exceed, without repeats, the largest first."""
    offers: list[Offer] = []
    seen: set[tuple[str, ...]] = set()
    for cap in sizes:
        if len(offers) >= request.top:
            break
        by_bone = _chosen(pedicles, (cap.radius_mm, cap.length_mm))
        chosen = [screw for id in sorted(by_bone) for screw in by_bone[id]]
        key = tuple(f"{one.bone.id}.{one.side}.{option.placement.device}" for one, option in chosen)
        if not chosen or key in seen:
            continue
        seen.add(key)
        plan = request.plan(
            scene, [option.placement for _, option in chosen], number=len(offers) + 1
        )
        facts = [_fact(scene, request, one, option) for one, option in chosen]
        meet = [
            f"The screws of {one.bone.title} would meet in its body, so it gets none here."
            for one in pedicles
            if one.bone.id not in by_bone
        ]
        said = [_said(*pair, fact) for pair, fact in zip(chosen, facts, strict=True)]
        offers.append(
            Offer(
                plan=plan,
                assessment=assess(scene, plan, seed=request.seed),
                words=(*said, *dict.fromkeys(meet), *lost),
                facts={"screws": facts},
            )
        )
    return offers


def _chosen(
    pedicles: Sequence[Pedicle], cap: tuple[float, float]
) -> dict[str, list[tuple[Pedicle, Option]]]:
    """By vertebra, the largest screws up to `cap` that do not meet in the body."""
    bones: dict[str, list[Pedicle]] = {}
    for one in pedicles:
        bones.setdefault(one.bone.id, []).append(one)
    chosen = {}
    for id, pair in bones.items():
        within = [[o for o in one.options if o.size <= cap] or [one.options[-1]] for one in pair]
        fits = [
            options
            for options in product(*within)
            if len(options) < 2 or options[0].clear_of(options[1])
        ]
        best = max(fits, key=lambda options: sorted(o.size for o in options), default=None)
        if best is not None:
            chosen[id] = list(zip(pair, best, strict=True))
    return chosen


def _said(one: Pedicle, option: Option, fact: Mapping[str, Any]) -> str:
    made, spare = option.placement.made_of, -option.breach.depth.value
    up_down = "caudal" if option.caudal_deg >= 0 else "cranial"
    shares = fact["delivered"]
    return (
        f"{one.bone.title}, {one.side}: {made.title}, grade {option.breach.grade}, at least "
        f"{spare:.1f} mm of bone around the thread, {option.medial_deg:.0f} degrees medial, "
        f"{abs(option.caudal_deg):.0f} {up_down}; delivered by {shares['delivery']} "
        f"{100 * shares['grade_a']['share']:.0f} % grade A, "
        f"{100 * shares['grade_a_or_b']['share']:.0f} % A or B."
    )


def _fact(scene: Scene, request: Request, one: Pedicle, option: Option) -> dict[str, Any]:
    made = option.placement.made_of
    where = pedicle.vertebra(scene, one.bone)
    return {
        "structure": one.bone.id,
        "side": one.side,
        "device": made.id,
        "diameter_mm": 2 * made.radius_mm,
        "length_mm": made.length_mm,
        "grade": option.breach.grade,
        "breach_mm": option.breach.depth.value,
        "breach_at_mm": option.breach.depth.point_mm,
        "medial_deg": option.medial_deg,
        "caudal_deg": option.caudal_deg,
        "delivered": delivered(where, option, by=request.delivery, seed=request.seed),
    }


def _no_screw(one: Pedicle, smallest: Device) -> str:
    if one.widest_mm is None or one.widest_mm <= 0:
        return (
            f"No straight way goes through {one.title} that a driver can take from behind, so it "
            "takes no screw."
        )
    return (
        f"No screw stays inside {one.title}: it lets a cylinder of {one.widest_mm:.1f} mm through, "
        f"and {smallest.title} is {2 * smallest.radius_mm:.1f} mm wide."
    )

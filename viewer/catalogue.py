"""What can be planned on a case: procedures with what each needs of this twin, devices, deliveries.

Plain data for the page (`planning` of the scene); nothing is measured here.
"""

from collections.abc import Sequence
from typing import Any

from anatomy.terms import split, terms, title
from surgery import ends
from surgery.assess import ENGINE
from surgery.delivery import deliveries
from surgery.device import Device, devices
from surgery.procedure import STEPS, Procedure, procedures
from surgery.profile import profiles
from surgery.words import KINDS, means
from twin.records import Case


def planning(case: Case) -> dict[str, Any]:
    """All that the page offers to plan with on this case. Lengths in mm, angles in degrees."""
    ids = [record.id for record in case.structures]
    return {
        "procedures": [_procedure(one, ids) for one in procedures().values()],
        "devices": [_device(one) for one in devices().values()],
        "deliveries": [
            {
                "id": one.id,
                "title": one.title,
                "sigma_entry_mm": one.sigma_entry_mm,
                "sigma_target_mm": one.sigma_target_mm,
                "source": " ".join(filter(None, (one.source, one.bias, one.note))),
            }
            for one in deliveries().values()
        ],
        "profiles": [
            {
                "id": one.id,
                "title": one.title,
                "weights": {
                    metric: rule.weight
                    for metric, rule in one.rules.items()
                    if rule.weight is not None
                },
                "sentence": one.source,
            }
            for one in profiles().values()
        ],
        "engine": ENGINE,
    }


def found(word: str, ids: Sequence[str]) -> list[str]:
    """Of the ids, those that a word of planning speaks of, as `Scene.find` does."""
    if word not in KINDS and word not in terms():
        return [id for id in ids if id == word]
    return [id for id in ids if means(word, split(id)[0])]


def _procedure(asked: Procedure, ids: Sequence[str]) -> dict[str, Any]:
    needs, wants = (_words(asked, words, ids) for words in (asked.needs, asked.wants))
    tools = [one.id for one in devices().values() if one.kind in asked.devices]
    aims = _targets(asked, ids)
    stops = _stops(asked, ids, aims, tools)
    missing = [one["title"].lower() for one in needs if not one["present"]]
    return {
        "id": asked.id,
        "title": asked.title,
        "offered": not stops,
        "reason": stops or (f"{', '.join(missing)}: not assessed" if missing else ""),
        "needs": needs,
        "wants": wants,
        "devices": tools,
        "targets": [{"id": id, "title": title(id)} for id in aims],
        "lesson": asked.lesson,
        "references": list(asked.references),
        "most_placements": asked.most_placements,
        "steps": [{"id": id, "title": STEPS[id]} for id in asked.steps],
        "by_contact": any(one.measure is ends.contact_error for one in asked.metrics),
    }


def _stops(asked: Procedure, ids: Sequence[str], aims: Sequence[str], tools: Sequence[str]) -> str:
    """Why nothing of a procedure could be judged on this twin; empty where something can."""
    if not aims and not asked.any_point:
        return f"There is no {_title(asked.targets[0]).lower()} in this twin to aim at."
    if "brain" in asked.needs and not found("brain", ids):
        return "There is no brain in this twin, so no path into it can be judged."
    return "" if tools else "The catalogue holds no device for it."


def _targets(asked: Procedure, ids: Sequence[str]) -> list[str]:
    """Structures that a procedure is aimed at: pathology first, then as it names them."""
    ranks = {id: n for n, word in reversed([*enumerate(asked.targets)]) for id in found(word, ids)}
    order = list(terms())

    def place(id: str) -> tuple[bool, int, int, str]:
        term, side = split(id)
        return term.group != "pathology", ranks[id], order.index(term.id), side or ""

    return sorted(ranks, key=place)


def _words(asked: Procedure, words: Sequence[str], ids: Sequence[str]) -> list[dict[str, Any]]:
    """Words of a procedure, and whether this twin has any. Of those that stand for each other in
    one metric, such as the vertebrae, the ones it has; the first where it has none."""
    either = [set(metric.needs) for metric in asked.metrics if len(metric.needs) > 1]
    listed = []
    for word in words:
        group = next((one for one in either if word in one), {word})
        first = next(one for one in words if one in group)
        present = bool(found(word, ids))
        if present or (word == first and not any(found(one, ids) for one in group)):
            listed.append({"word": word, "title": _title(word), "present": present})
    return listed


def _title(word: str) -> str:
    return terms()[word].title if word in terms() else word[:1].upper() + word[1:]


def _device(one: Device) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "kind": one.kind,
        "length_mm": one.length_mm,
        "segments": [
            {"from_mm": part.from_mm, "to_mm": part.to_mm, "radius_mm": part.radius_mm}
            for part in one.segments
        ],
        "contacts": [
            {
                "centre_mm": part.centre_mm,
                "length_mm": part.length_mm,
                "radius_mm": part.radius_mm,
                "arc_deg": part.arc_deg,
                "facing_deg": part.facing_deg,
            }
            for part in one.contacts
        ],
        "source": " ".join(filter(None, (one.source, one.note))),
    }

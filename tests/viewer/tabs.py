"""Tabs of a person who plans on a ball of a head, and what they send."""

from typing import Any

from paging import Page

from anatomy.phantom_bodies import SKIN_MM

NEEDLE = "side_cutting_needle_25"
ABOVE, MIDDLE = [0.0, 0.0, SKIN_MM + 1.0], [0.0, 0.0, 0.0]


def moved(wire: dict[str, Any], **placement: Any) -> dict[str, Any]:
    return {**wire, "placements": [{**wire["placements"][0], **placement}]}


def keep(page: Page, wire: dict[str, Any], reason: str = "placed") -> dict[str, Any]:
    saved: dict[str, Any] = page.asked(
        "plan_save", "plan_saved", plan=wire, look={"name": "One"}, reason=reason
    )
    return saved

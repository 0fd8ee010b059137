"""The import part of the drawer: choose a scan, start, and follow what was started."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import panel as pn
import panel_material_ui as pmui

from anatomy.schemes import scheme, schemes
from twin.records import name_from
from viewer.pages.card import Card
from viewer.pages.question import Question
from viewer.pages.theatre import Arrived, Logic
from viewer.panes.drop import Drop

WIDE = {"sizing_mode": "stretch_width", "size": "small"}


@dataclass(frozen=True)
class Imports:
    """Parts for the drawer, dialogs for the page; what to call after a change, and in between."""

    parts: list[Any]
    dialogs: list[Any]
    changed: Callable[[], None]
    tick: Callable[[], None]


def imports(logic: Logic) -> Imports:
    """The form, the cards of the imports below it, and the question's dialog."""
    form, question = _Form(logic), Question(logic)
    still = pn.Spacer(height=0)
    shown = pn.Column(still, sizing_mode="stretch_width", margin=(8, 0))
    cards: dict[str, Card] = {}

    def changed() -> None:
        jobs = logic.state.jobs
        for job in jobs:
            if job.id not in cards:
                cards[job.id] = Card(logic, job)
            cards[job.id].show(job)
        for gone in set(cards) - {job.id for job in jobs}:
            del cards[gone]
        there = [card.box for card in reversed(cards.values())] or [still]
        if there != list(shown.objects):
            shown.objects = there
        form.show()
        question.show()

    def tick() -> None:
        for card in list(cards.values()):
            card.tick()

    heading = pmui.Typography("Import", variant="overline", margin=(14, 12, 0, 12))
    return Imports(
        parts=[heading, *form.parts, shown], dialogs=[question.dialog], changed=changed, tick=tick
    )


class _Source:
    """Where one file is chosen: a place to drop it and, on this machine alone, its path."""

    def __init__(self, logic: Logic, *, labels: bool, hint: str, side: int) -> None:
        self._logic, self._labels = logic, labels
        self.drop = Drop(
            hint=hint,
            accept=".nii,.gz,.nrrd",
            arrived=lambda ticket, _: logic.choose(labels=labels, ticket=ticket),
            failed=logic.warn, sizing_mode="stretch_width", margin=(4, side),
        )  # fmt: skip
        self.path = pmui.TextInput(
            label="or a path on this machine", margin=(4, side),
            visible=logic.services.settings.local, **WIDE,
        )  # fmt: skip
        self.path.param.watch(
            lambda event: logic.choose_path(labels=labels, path=event.new), "value"
        )

    def show(self) -> None:
        """Name the file that is chosen, and say at the path why it was not taken."""
        state = self._logic.state
        chosen: Arrived | None = state.labels if self._labels else state.scan
        refused = state.refused_path.get(self._labels, "")
        self.drop.done = chosen.name if chosen else ""
        self.path.error_state, self.path.helper_text = bool(refused), refused
        if not refused and (chosen is None or chosen.ticket) and self.path.value:
            self.path.value = ""


class _Form:
    """What to import, under what name, and the button that starts it."""

    def __init__(self, logic: Logic) -> None:
        self._logic, self._named = logic, ""
        self._scan = _Source(
            logic, labels=False, side=12,
            hint="Drop a whole-head T1 here, or click to choose (.nii, .nii.gz)",
        )  # fmt: skip
        self._map = _Source(
            logic, labels=True, side=0, hint="Drop a label map (.nii, .nii.gz, .nrrd)"
        )
        self._numbers = pmui.Select(
            label="What its numbers mean", options={"choose …": "", **_schemes()}, value="",
            margin=(4, 0), **WIDE,
        )  # fmt: skip
        self._wins = pmui.Checkbox(label="It wins over the reconstruction", value=True, margin=0)
        self._name = pmui.TextInput(label="Name of the case (a pseudonym)", margin=(4, 12), **WIDE)
        more = pn.Column(self._map.drop, self._map.path, self._numbers, self._wins, margin=0)
        self._go = pmui.Button(
            label="Reconstruct", icon="play_arrow", color="primary", variant="contained",
            sizing_mode="stretch_width", margin=(4, 12), disabled=True, on_click=self._start,
        )  # fmt: skip
        self.parts = [
            self._scan.drop,
            self._scan.path,
            self._name,
            pmui.Accordion(
                ("Add a label map", more), sizing_mode="stretch_width", margin=(4, 12),
                disable_gutters=True, title_variant="body2",
            ),
            self._go,
        ]  # fmt: skip

    def show(self) -> None:
        """Bring the form up to what is chosen; a new scan proposes the case's name."""
        self._scan.show()
        self._map.show()
        scan = self._logic.state.scan
        if (scan.name if scan else "") != self._named:
            self._named = scan.name if scan else ""
            self._name.value = self._name.value_input = name_from(self._named) if scan else ""
        self._go.disabled = scan is None

    def _start(self, _: Any) -> None:
        name = self._name.value_input
        self._logic.start(
            case=name_from(name) if name else "",
            scheme=self._numbers.value,
            precedence=self._wins.value,
        )


def _schemes() -> dict[str, str]:
    """Titles of the schemes that ship, to their names."""
    return {scheme(name).title: name for name in schemes()}

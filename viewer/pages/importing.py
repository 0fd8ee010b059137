"""The import part of the drawer: choose a scan, follow it, answer what it asks."""

import html
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import panel as pn
import panel_material_ui as pmui

from anatomy.schemes import scheme, schemes
from twin.jobs import Job
from twin.records import name_from
from viewer.pages.theatre import Logic
from viewer.panes.drop import Drop

CHOICES: dict[str, tuple[str, dict[str, str]]] = {
    "unit": (
        "The numbers in this file are",
        {"mm": "millimetres", "m": "metres", "um": "micrometres"},
    ),
    "orientation": (
        "Which way the patient lies",
        {"trust": "Read it along its storage axes; I have checked left and right"},
    ),
    "use": (
        "Place the scan by",
        {"sform": "the sform (often aligned to an atlas)", "qform": "the qform (the scanner)"},
    ),
}


@dataclass(frozen=True)
class Imports:
    """Parts for the drawer, dialogs for the page, and what to call after a change."""

    parts: list[Any]
    dialogs: list[Any]
    changed: Callable[[], None]


def imports(logic: Logic) -> Imports:
    """The form, the running imports and the question's dialog."""
    scan = Drop(
        hint="Drop a whole-head T1 here, or click to choose (.nii, .nii.gz)",
        accept=".nii,.gz,.nrrd",
        arrived=lambda ticket, _: logic.choose(labels=False, ticket=ticket),
        failed=logic.warn, sizing_mode="stretch_width", margin=(4, 12),
    )  # fmt: skip
    labels = Drop(
        hint="Drop a label map (.nii, .nii.gz, .nrrd)",
        accept=".nii,.gz,.nrrd",
        arrived=lambda ticket, _: logic.choose(labels=True, ticket=ticket),
        failed=logic.warn, sizing_mode="stretch_width", margin=(4, 0),
    )  # fmt: skip
    wide = {"sizing_mode": "stretch_width", "size": "small"}
    path = pmui.TextInput(
        label="or a path on this machine", margin=(4, 12),
        visible=logic.services.settings.local, **wide,
    )  # fmt: skip
    labels_path = pmui.TextInput(
        label="or a path on this machine", margin=(4, 0),
        visible=logic.services.settings.local, **wide,
    )  # fmt: skip
    numbers = pmui.Select(
        label="What its numbers mean", options={"choose …": "", **_schemes()}, value="",
        margin=(4, 0), **wide,
    )  # fmt: skip
    wins = pmui.Checkbox(label="It wins over the reconstruction", value=True, margin=(0, 0))
    name = pmui.TextInput(label="Name of the case (a pseudonym)", margin=(4, 12), **wide)
    more = pmui.Accordion(
        ("Add a label map", pn.Column(labels, labels_path, numbers, wins, margin=0)),
        sizing_mode="stretch_width", margin=(4, 12), disable_gutters=True,
        title_variant="body2",
    )  # fmt: skip
    go = pmui.Button(
        label="Reconstruct", icon="play_arrow", color="primary", variant="contained",
        sizing_mode="stretch_width", margin=(4, 12), disabled=True,
    )  # fmt: skip
    still = pn.Spacer(height=0)
    running = pn.Column(still, sizing_mode="stretch_width", margin=0)
    cards: dict[str, _Card] = {}
    question = _Question(logic)

    def typed(box: Any, *, labels: bool) -> None:
        box.param.watch(
            lambda event: logic.choose_path(labels=labels, path=event.new) if event.new else None,
            "value",
        )

    typed(path, labels=False)
    typed(labels_path, labels=True)

    def start(_: Any) -> None:
        logic.start(
            case=name_from(name.value_input) if name.value_input else "",
            scheme=numbers.value,
            precedence=wins.value,
        )

    go.on_click(start)
    named: list[str] = [""]

    def changed() -> None:
        state = logic.state
        chosen = state.scan.name if state.scan else ""
        scan.done = chosen
        labels.done = state.labels.name if state.labels else ""
        if chosen != named[0]:
            named[0] = chosen
            name.value = name.value_input = name_from(chosen) if chosen else ""
            if not chosen:
                path.value = labels_path.value = ""
        go.disabled = state.scan is None
        for job in state.jobs:
            if job.id not in cards:
                cards[job.id] = _Card(logic, job)
            cards[job.id].show(job)
        for gone in set(cards) - {job.id for job in state.jobs}:
            del cards[gone]
        there = [card.box for card in cards.values()] or [still]
        if there != list(running.objects):
            running.objects = there
        question.show(state.jobs)

    async def tick() -> None:
        for card in list(cards.values()):
            card.tick()

    if pn.state.curdoc is not None:
        pn.state.add_periodic_callback(tick, period=1000)
    heading = pmui.Typography("Import", variant="overline", margin=(14, 12, 0, 12))
    return Imports(
        parts=[running, heading, scan, path, name, more, go],
        dialogs=[question.dialog],
        changed=changed,
    )


class _Card:
    """One import in the drawer: its stage, its time, its end."""

    def __init__(self, logic: Logic, job: Job) -> None:
        self._logic, self._job = logic, job
        self._words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(6, 12, 2, 12))
        self._bar = pmui.LinearProgress(
            value=0, sizing_mode="stretch_width", margin=(2, 12), variant="determinate"
        )
        small = {"size": "small", "variant": "text"}
        self._stop = pmui.Button(
            label="Cancel", on_click=lambda _: logic.cancel(self._job), **small
        )
        self._open = pmui.Button(label="Open it", on_click=lambda _: self._opened(), **small)
        self._again = pmui.Button(
            label="Reconstruct again", on_click=lambda _: logic.redo(self._job), **small
        )
        self._close = pmui.Button(
            label="Dismiss", on_click=lambda _: logic.dismiss(self._job), **small
        )
        self.box = pn.Column(
            self._words,
            self._bar,
            pn.Row(self._stop, self._open, self._again, self._close, margin=(0, 4)),
            sizing_mode="stretch_width",
            margin=(8, 0),
            styles={"background": "#141c23", "border-top": "1px solid #26323c"},
        )

    def show(self, job: Job) -> None:
        """Draw the job as it is now."""
        self._job = job
        self._bar.visible = self._stop.visible = job.open
        self._bar.value = round(100 * job.fraction)
        self._open.visible = job.state == "done"
        self._again.visible = job.state == "done" and job.found
        self._close.visible = not job.open and job.state != "question"
        self.tick()

    def tick(self) -> None:
        """Bring the words and the elapsed time up to date."""
        job = self._job
        name = html.escape(job.order.shown)
        sentence = html.escape(_sentence(job))
        colour = {"refused": "#e79a90", "done": "#9ccfb2"}.get(job.state, "#c9d5dd")
        took = f" · {job.elapsed_s(time.time()):.0f} s" if job.state != "question" else ""
        self._words.object = (
            '<div style="font:13px/1.45 Roboto,system-ui,sans-serif;overflow-wrap:anywhere">'
            f'<b>{name}</b>{took}<br><span role="status" style="color:{colour}">{sentence}'
            "</span></div>"
        )

    def _opened(self) -> None:
        case = self._job.case
        self._logic.dismiss(self._job)
        self._logic.open(case)


def _sentence(job: Job) -> str:
    if job.state == "done" and job.found:
        return f"This scan is in the library already, as {job.case}."
    if job.state == "done":
        return f"Case {job.case} is ready."
    if job.state == "question":
        return "Waiting for your answer."
    return job.sentence


class _Question:
    """The dialog that asks what the file leaves open, and goes on with the answer."""

    def __init__(self, logic: Logic) -> None:
        self._logic = logic
        self._job: Job | None = None
        self._flag = ""
        self._words = pn.pane.HTML("", sizing_mode="stretch_width")
        self._choice = pmui.RadioBoxGroup(options={}, sizing_mode="stretch_width")
        go = pmui.Button(
            label="Go on", variant="contained", disabled=True, on_click=lambda _: self._go()
        )
        self._choice.param.watch(lambda e: go.param.update(disabled=e.new is None), "value")
        self.dialog = pmui.Dialog(
            self._words, self._choice,
            pn.Row(
                go,
                pmui.Button(label="Cancel the import", variant="text",
                            on_click=lambda _: self._stop()),
            ),
            title="The file leaves something open", title_variant="h6", open=False,
            close_on_click=False, width_option="sm",
        )  # fmt: skip

    def show(self, jobs: list[Job]) -> None:
        """Open the dialog for the first import that asks; close it when none does."""
        asking = next((job for job in jobs if job.state == "question"), None)
        if asking is None or (self._job and asking.id == self._job.id):
            if asking is None and self.dialog.open:
                self.dialog.open, self._job = False, None
            return
        refusal = asking.refusal or {}
        flag, _, values = str(refusal.get("facts", {}).get("flag", "")).lstrip("-").partition(" ")
        title, words = CHOICES.get(flag, ("Answer", {}))
        options = {words.get(value, value): value for value in values.split("|") if value}
        self._job, self._flag = asking, flag
        said = re.sub(r": (if that is so, )?say .*--.*$", ".", str(refusal.get("message", "")))
        self._words.object = (
            '<div style="font:14px/1.5 Roboto,system-ui,sans-serif">'
            f"<p>{html.escape(said)}</p><p>{title}:</p></div>"
        )
        self._choice.options = options
        self._choice.value = None
        self.dialog.open = True

    def _go(self) -> None:
        job, value = self._job, self._choice.value
        self.dialog.open, self._job = False, None
        if job is not None and value is not None:
            self._logic.answer(job, **{self._flag: value})

    def _stop(self) -> None:
        job = self._job
        self.dialog.open, self._job = False, None
        if job is not None:
            self._logic.dismiss(job)


def _schemes() -> dict[str, str]:
    """Titles of the schemes that ship, to their names."""
    return {scheme(name).title: name for name in schemes()}

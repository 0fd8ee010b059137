"""The card of one import in the drawer: its stage, its time, its end."""

import html
import time

import panel as pn
import panel_material_ui as pmui

from twin.jobs import Job
from viewer.pages.theatre import Logic


class Card:
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
        self._answer = pmui.Button(label="Answer", on_click=lambda _: logic.ask(self._job), **small)
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
            pn.Row(self._stop, self._answer, self._open, self._again, self._close, margin=(0, 4)),
            sizing_mode="stretch_width",
            margin=(8, 0),
            styles={"background": "#141c23", "border-top": "1px solid #26323c"},
        )

    def show(self, job: Job) -> None:
        """Draw the job as it is now."""
        self._job = job
        self._bar.visible = self._stop.visible = job.open
        self._bar.value = round(100 * job.fraction)
        self._answer.visible = job.state == "question"
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
        return "Waits for an answer."
    return job.sentence

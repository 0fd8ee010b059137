"""The dialog that asks what a file leaves open: one button for each answer."""

import html
import re
import threading
from dataclasses import dataclass
from typing import Any

import panel as pn
import panel_material_ui as pmui

from twin.jobs import Job
from viewer.pages.theatre import Logic


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How one flag is asked for: what to know before answering, and the answers in words."""

    advice: str
    answers: dict[str, str]


ASKED = {
    "unit": Asked(
        advice="In what unit are the lengths in this file?",
        answers={"mm": "Millimetres", "m": "Metres", "um": "Micrometres"},
    ),
    "orientation": Asked(
        advice="Trust its storage axes only if you have checked left and right in another way.",
        answers={"trust": "Trust the storage axes"},
    ),
    "use": Asked(
        advice="The sform is often an alignment to an atlas; the qform is mostly the scanner's.",
        answers={"sform": "Use the sform", "qform": "Use the qform"},
    ),
}


class Question:
    """Shows what `logic.state.asking` asks; an answer goes on with the import, Cancel ends it."""

    def __init__(self, logic: Logic) -> None:
        self._logic = logic
        self._shown = ""
        self._one_by_one = threading.RLock()
        self._words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(0, 10))
        self._answers = pn.Column(pn.Spacer(height=0), sizing_mode="stretch_width", margin=0)
        self.dialog = pmui.Dialog(
            self._words, self._answers, title="The file leaves something open",
            title_variant="h6", open=False, close_on_click=True, show_close_button=True,
            width_option="sm",
        )  # fmt: skip
        self.dialog.param.watch(self._closed, "open")

    def show(self) -> None:
        """Open or close the dialog, as the state says; callbacks run in several threads."""
        with self._one_by_one:
            state = self._logic.state
            job = next((job for job in state.jobs if job.id == state.asking), None)
            if (job.id if job else "") == self._shown:
                return
            self._shown = job.id if job else ""
            if job is not None:
                self._fill(job)
            self.dialog.open = job is not None

    def _fill(self, job: Job) -> None:
        refusal = job.refusal or {}
        flag, _, values = str(refusal.get("facts", {}).get("flag", "")).lstrip("-").partition(" ")
        asked = ASKED.get(flag, Asked(advice="", answers={}))
        said = re.sub(r": (if that is so, )?say .*--.*$", ".", str(refusal.get("message", "")))
        self._words.object = (
            '<div style="font:14px/1.5 Roboto,system-ui,sans-serif">'
            f"<p>{html.escape(said)}</p><p>{html.escape(asked.advice)}</p></div>"
        )
        wide = {"sizing_mode": "stretch_width", "margin": (4, 10)}
        self._answers.objects = [
            *(
                pmui.Button(label=asked.answers.get(value, value), variant="contained",
                            on_click=self._answering(job, {flag: value}), **wide)
                for value in values.split("|") if value
            ),
            pmui.Button(label="Cancel the import", variant="text",
                        on_click=lambda _: self._logic.dismiss(job), **wide),
        ]  # fmt: skip

    def _answering(self, job: Job, given: dict[str, str]) -> Any:
        return lambda _: self._logic.answer(job, **given)

    def _closed(self, event: Any) -> None:
        """Closed by hand: the import's card goes on saying that it waits."""
        if not event.new and self._shown:
            self._shown = ""
            self._logic.put_off()

"""The page of the theatre: what it knows, what it does, and the function that makes one a visit."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anatomy.errors import TwinError
from twin.build import LabelFile, Order
from twin.jobs import Job
from twin.records import Case
from viewer.answers import measure
from viewer.pages.planning import Planning
from viewer.scene import scene

if TYPE_CHECKING:
    from viewer.app import Services

log = logging.getLogger(__name__)

PLANNING = ("plan_", "pins_")
"""How messages begin that planning answers."""
MOST_ENDED = 3
"""Ended imports that stay on the page; an older one is forgotten."""


@dataclass(slots=True)
class Arrived:
    """A file chosen for import: where it lies and what people call it."""

    path: Path
    name: str
    ticket: str = ""


@dataclass(slots=True)
class State:
    """What one visit shows. `cases` and `jobs` are the server's, as last seen."""

    case: Case | None = None
    scene: dict[str, Any] = field(default_factory=dict)
    """What the theatre draws: viewer.scene.scene() of the case."""
    cases: list[Case] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    scan: Arrived | None = None
    labels: Arrived | None = None
    caution: str = ""
    mine: set[str] = field(default_factory=set)
    """Imports asked for on this visit: their end opens the case or a question."""
    asking: str = ""
    """The import whose question this page asks; others see only that it waits for an answer."""
    refused_path: dict[bool, str] = field(default_factory=dict)
    """Why a typed path was not taken, of the scan (False) and of the label map (True)."""


class Logic:
    """What a visitor can do. `changed` is called after each change; `say` reaches the theatre."""

    def __init__(self, services: "Services") -> None:
        self.services = services
        self.state = State()
        self.changed: Callable[[], None] = lambda: None
        self.say: Callable[[dict[str, Any]], None] = lambda _: None
        self.room: Callable[[], None] = lambda: None
        """Called when the theatre asks for the room of the drawer."""
        self.planning = Planning(services, lambda message: self.say(message))
        self._lock = threading.RLock()
        self._seen: tuple[int, tuple[str, ...]] | None = None

    # Cases

    def open(self, name: str) -> None:
        """Show a case, or say in words that there is none of that name."""
        try:
            case = self.services.repository.case(name)
            drawn = scene(case)
        except TwinError as refusal:
            self.warn(refusal.message)
            return
        with self._lock:
            self.state.case, self.state.scene, self.state.caution = case, drawn, ""
        self.services.threads.submit(self.services.rays.caster, case)
        self.changed()

    def warn(self, sentence: str) -> None:
        """Show a caution until the next step."""
        with self._lock:
            self.state.caution = sentence
        self.changed()

    # Imports

    def choose(self, *, labels: bool, ticket: str) -> None:
        """A file has arrived by upload."""
        try:
            upload = self.services.uploads.get(ticket)
        except TwinError as refusal:
            self.warn(refusal.message)
            return
        self._take(Arrived(upload.path, upload.name, ticket), labels=labels)

    def choose_path(self, *, labels: bool, path: str) -> None:
        """A file on this machine, named by the person who sits at it."""
        text = path.strip().strip("'\"")
        before = self.state.labels if labels else self.state.scan
        if not text:
            typed = before is not None and not before.ticket
            self._take(None if typed else before, labels=labels)
        elif not self.services.settings.local:
            self._refuse_path(
                "Paths are taken only where the server listens on this machine alone.",
                labels=labels,
            )
        elif (file := _file(text)) is None:
            self._refuse_path(f"There is no file {text} on this machine.", labels=labels)
        else:
            self._take(Arrived(file, file.name), labels=labels)

    def _refuse_path(self, sentence: str, *, labels: bool) -> None:
        with self._lock:
            self.state.refused_path[labels] = sentence
        self.changed()

    def _take(self, arrived: Arrived | None, *, labels: bool) -> None:
        with self._lock:
            before = self.state.labels if labels else self.state.scan
            if before is not None and before.ticket and before != arrived:
                self.services.uploads.discard(before.ticket)
            if labels:
                self.state.labels = arrived
            else:
                self.state.scan = arrived
            self.state.caution = ""
            self.state.refused_path.pop(labels, None)
        self.changed()

    def start(self, *, case: str, scheme: str, precedence: bool) -> None:
        """Import what was chosen."""
        scan, labels = self.state.scan, self.state.labels
        if scan is None:
            self.warn("Choose a scan first.")
            return
        maps: tuple[LabelFile, ...] = ()
        if labels is not None:
            if not scheme:
                self.warn(f"Say what the numbers in {labels.name} mean: choose a scheme.")
                return
            maps = (
                LabelFile(path=labels.path, name=labels.name, scheme=scheme, precedence=precedence),
            )
        order = Order(path=scan.path, name=scan.name, case=case, labels=maps)
        if self._submit(order):
            with self._lock:
                self.state.scan = self.state.labels = None
                self.state.refused_path.clear()
            self.changed()

    def ask(self, job: Job) -> None:
        """Ask on this page what an import left open, whoever ordered it."""
        with self._lock:
            self.state.asking = job.id
        self.changed()

    def put_off(self) -> None:
        """Close the question without an answer; the import goes on waiting for one."""
        with self._lock:
            self.state.mine.discard(self.state.asking)
            self.state.asking = ""
        self.changed()

    def answer(self, job: Job, **given: str) -> None:
        """Go on with an import that asked, with the answers added."""
        self.put_off()
        if all(one.id != job.id or one.state != "question" for one in self.services.jobs.all()):
            self.warn(f"What {job.order.shown} left open has been settled on another page.")
            return
        order = replace(job.order, answers={**job.order.answers, **given})
        self._submit(order, instead_of=job.id)

    def redo(self, job: Job) -> None:
        """Import again what the library had already."""
        self._submit(replace(job.order, again=True), instead_of=job.id)

    def cancel(self, job: Job) -> None:
        """Call off a running import."""
        self.services.jobs.cancel(job.id)

    def dismiss(self, job: Job) -> None:
        """Take the end of an import off the page, and its upload off the disk."""
        self._forget(job)
        self.refresh()

    def _forget(self, job: Job) -> None:
        self.services.jobs.dismiss(job.id)
        for path in (job.order.path, *(file.path for file in job.order.labels)):
            self.services.uploads.discard_path(path)

    def _submit(self, order: Order, *, instead_of: str = "") -> bool:
        try:
            job = self.services.jobs.submit(order, instead_of=instead_of)
        except TwinError as refusal:
            self.warn(refusal.message)
            return False
        with self._lock:
            self.state.mine.add(job.id)
            self.state.caution = ""
        self.refresh()
        return True

    def refresh(self) -> None:
        """Look at the library and the imports; cheap when nothing changed."""
        jobs, repository = self.services.jobs, self.services.repository
        seen = jobs.version, tuple(repository.names())
        if seen == self._seen:
            return
        with self._lock:
            self._seen = seen
            self.state.cases = repository.cases()
            self.state.jobs, old = _recent(jobs.all())
            asking = [job.id for job in self.state.jobs if job.state == "question"]
            if self.state.asking not in asking:
                self.state.asking = next((id for id in asking if id in self.state.mine), "")
            ready = [
                job
                for job in self.state.jobs
                if job.id in self.state.mine and job.state == "done" and not job.found
            ]
            self.state.mine -= {job.id for job in ready}
        for job in old:
            self._forget(job)
        for job in ready:
            jobs.dismiss(job.id)
            self.open(job.case)
        self.changed()

    # Messages of the theatre

    def heard(self, message: dict[str, Any]) -> None:
        """Answer one message of the theatre (docs/server.md); runs off the event loop."""
        case = self.state.case
        try:
            if case is not None and message["type"].startswith(PLANNING):
                self.planning.heard(case, message)
            elif message["type"] == "pick" and case is not None:
                self.say(self.services.rays.pick(case, message))
            elif message["type"] == "measure":
                self.say(measure(message))
            elif message["type"] == "room":
                self.room()
            elif message["type"] == "lost":
                self.warn(str(message.get("sentence", ""))[:500])
        except (TwinError, KeyError, TypeError, ValueError) as reason:
            log.info("message refused: %s", reason)
            sentence = (
                reason.message
                if isinstance(reason, TwinError)
                else ("The server could not read what the page asked; load the page again.")
            )
            self.say({"type": "say", "level": "caution", "sentence": sentence})


def _file(text: str) -> Path | None:
    """The file of that path, or None where there is none or none can be had."""
    try:
        file = Path(text).expanduser().absolute()
        return file if file.is_file() else None
    except (OSError, RuntimeError):
        return None


def _recent(jobs: list[Job]) -> tuple[list[Job], list[Job]]:
    """The imports to show, oldest first, and the ended ones that are too many."""
    ended = [job for job in jobs if not job.open and job.state != "question"]
    old = sorted(ended, key=lambda job: job.ended_s or 0.0)[:-MOST_ENDED]
    return [job for job in jobs if job not in old], old


def page(services: "Services", view: Callable[[Logic], Any]) -> Callable[[], Any]:
    """A function that makes the page of one visit; what fails is said on the page."""

    def made() -> Any:
        from viewer.pages.trouble import trouble

        try:
            return view(Logic(services))
        except Exception as fault:
            log.exception("the page could not be made")
            return trouble(fault)

    return made

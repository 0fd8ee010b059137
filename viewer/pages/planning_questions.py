"""One visit's questions to the planning engine, and what its page hears of them.

Answers come on the engine's own thread, and are said only while the case is open that was asked
about; a plan is scored by whatever that case holds in the library by then.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from anatomy.errors import TwinError
from surgery.delivery import delivery
from surgery.device import device
from surgery.plan import Plan
from surgery.procedure import procedure
from surgery.profile import profile
from twin.engine import Engine
from twin.pins import place
from twin.question import Answer, EngineFailed
from twin.records import Case
from viewer.catalogue import found
from viewer.pages import planning_wire as wire
from viewer.pages.pace import Pace
from viewer.pages.planning_wire import plan_of, said, targets_of, whole, word

log = logging.getLogger(__name__)

SEED = 1
"""Of what is drawn to score a plan: the same plan always gets the same numbers."""
RISK = "Vessel risk of each entry"
NO_RISK = "No vessels in this twin: only lengths, angles and ventricles tell entries apart"
Say = Callable[[dict[str, Any]], None]


class Questions:
    """The questions of one visit about one case. `say` may be called from any thread."""

    def __init__(self, engine: Engine, case: Case, say: Say) -> None:
        self._engine, self._case, self._say_now = engine, case, say
        self._hand = f"live {secrets.token_hex(8)}"
        """Of all questions about a path in this visit's hand, only the newest waits."""
        self._lock = threading.Lock()
        self._running: set[Answer] = set()
        self._jobs: dict[str, Answer] = {}
        self._entries: Answer | None = None
        self._mapped = self._closed = False
        vessels = found("vessels", [record.id for record in case.structures])
        self._title = RISK if vessels else NO_RISK
        self.answers: Mapping[str, Callable[[dict[str, Any]], None]] = {
            "plan_live": self._live,
            "plan_score": self._score,
            "plan_search": self._search,
            "plan_stop": self._stop,
            "plan_map": self._map,
            "plan_run": self._run,
        }

    def begin(self, procedure_id: str) -> None:
        """Have the anatomy read and measured before anybody waits for it."""
        self._entries = self._ask(lambda _: None, "open", procedure=procedure_id)

    def close(self) -> None:
        """Call off everything; nothing more is said."""
        with self._lock:
            self._closed, running = True, tuple(self._running)
        for answer in running:
            answer.cancel()

    def _ask(self, done: Callable[[Answer], None], name: Any, **given: Any) -> Answer:
        """Ask about the case; `done` hears of the end of it, while the case is open."""
        answer = self._engine.ask(name, case=self._case.case, **given)
        with self._lock:
            self._running.add(answer)

        def ended(_: object) -> None:
            with self._lock:
                self._running.discard(answer)
                if self._closed:
                    return
            try:
                done(answer)
            except Exception:  # The engine's thread must not end with one page.
                log.exception("an answer of the planning engine could not be told")

        answer.add_done_callback(ended)
        return answer

    def _say(self, message: dict[str, Any]) -> None:
        if not self._closed:
            self._say_now(message)

    # A path in the hand, and one that was let go

    def _live(self, message: dict[str, Any]) -> None:
        began, plan = time.perf_counter(), plan_of(message)
        moved = whole(message, "moved", 0, 0, wire.MOST_PLACEMENTS)

        def done(answer: Answer) -> None:
            live = self._answered(message, answer)
            if live is not None:
                ms = round(1000 * (time.perf_counter() - began), 1)
                self._say({"type": "plan_lived", **said(message), "live": live, "ms": ms})

        self._ask(
            done, "quick", plan=plan.wire(), moved=moved, seed=SEED, latest=self._hand
        )  # fmt: skip

    def _score(self, message: dict[str, Any]) -> None:
        try:
            plan = plan_of(message)
            self._ask(partial(self._scored, message, plan), "score", plan=plan.wire(), seed=SEED)
        except TwinError as refusal:
            self._tell_score(message, refusal)

    def whole_score(
        self, message: dict[str, Any], plan: Plan, then: Callable[[dict[str, Any]], None]
    ) -> None:
        """Have a plan scored; `then` gets all that the engine says, on the engine's thread. The
        page is told only where it refuses."""

        def done(answer: Answer) -> None:
            made = self._answered(message, answer)
            if made is not None:
                then(made)

        self._ask(done, "score", plan=plan.wire(), seed=SEED)

    def _scored(self, message: dict[str, Any], plan: Plan, answer: Answer) -> None:
        if answer.cancelled():
            return
        refusal = answer.exception()
        if isinstance(refusal, TwinError):
            self._tell_score(message, refusal)
        else:
            made = wire.result(answer.result(), plan)
            told = {"status": "ok", "sentence": made["sentence"], "result": made}
            self._say({"type": "plan_scored", **said(message), **told})

    def _tell_score(self, message: dict[str, Any], refusal: TwinError) -> None:
        """A plan that got no number: refused for what it is, or failed for what broke."""
        status = "failed" if isinstance(refusal, EngineFailed) else "refused"
        told = {"status": status, "sentence": refusal.message, "result": None}
        self._say({"type": "plan_scored", **said(message), **told})

    def _run(self, message: dict[str, Any]) -> None:
        def done(answer: Answer) -> None:
            steps = self._answered(message, answer)
            if steps is not None:
                self._say({"type": "plan_ran", **said(message), "run": steps})

        self._ask(done, "run", plan=plan_of(message).wire(), seed=SEED)

    # Searches

    def _search(self, message: dict[str, Any]) -> None:
        job, asked = word(message, "job"), procedure(word(message, "procedure"))
        aims = targets_of(message)
        given = {
            "procedure": asked.id,
            "device": device(word(message, "device")).id if message.get("device") else None,
            "targets": aims,
            "delivery": delivery(word(message, "delivery", "frame")).id,
            "profile": profile(word(message, "profile", "default")).id,
            "seed": whole(message, "seed", SEED, 0, 2**31),
        }
        top = whole(message, "top", 5, 1, wire.MOST_SHOWN)
        pace = Pace(self._say)

        def tell(share: float, sentence: str) -> None:
            pace.say({"type": "plan_progress", "job": job, "share": share, "sentence": sentence})

        def done(answer: Answer) -> None:
            self._jobs.pop(job, None)
            pace.end()
            if answer.cancelled():
                self._say({"type": "plan_found", "job": job, "stopped": True})
            elif (came := self._answered(message, answer)) is not None:
                self._say({"type": "plan_found", "job": job, **wire.found(came)})

        self._stop_job(job)
        several = len(aims) > 1 and asked.most_placements > 1
        answer = (
            self._ask(done, "array", tell=tell, **given)
            if several
            else self._ask(done, "search", tell=tell, top=top, **given)
        )
        if not answer.done():
            self._jobs[job] = answer

    def _stop(self, message: dict[str, Any]) -> None:
        self._stop_job(word(message, "job"))

    def _stop_job(self, job: str) -> None:
        answer = self._jobs.get(job)
        if answer is not None:
            answer.cancel()

    # The risk of every entry

    def _map(self, message: dict[str, Any]) -> None:
        given = {
            "procedure": procedure(word(message, "procedure")).id,
            "profile": profile(word(message, "profile", "default")).id,
        }
        if self._entries is None or (self._entries.done() and self._entries.exception()):
            self._entries = self._ask(lambda _: None, "open", **given)
        entries = self._entries

        def done(answer: Answer) -> None:
            seen = self._answered(message, answer)
            if seen is not None:
                entries.add_done_callback(partial(self._tell_map, message, seen))

        self._ask(
            done, "risk_map", **given, device=device(word(message, "device")).id,
            target_mm=list(place(message.get("target_mm"))), latest=f"map {self._hand}",
        )  # fmt: skip

    def _tell_map(self, message: dict[str, Any], seen: Mapping[str, Any], opened: Answer) -> None:
        known = None if opened.cancelled() else self._answered(message, opened)
        if known is None:
            return
        with self._lock:
            first, self._mapped = not self._mapped, True
        self._say(
            {
                "type": "plan_mapped",
                **said(message),
                "entries": wire.packed(known["entries_mm"], "<f4") if first else None,
                "levels": wire.packed(seen["level"], "u1"),
                "feasible": seen["feasible"],
                "legend": {"title": self._title, "low": 0.0, "high": 1.0, "unit": "1"},
                "best": seen["best"],
            }
        )

    def _answered(self, message: Mapping[str, Any], answer: Answer) -> Any:
        """What the engine answered; None where it refused, which the page is told."""
        if answer.cancelled():
            return None
        refusal = answer.exception()
        if refusal is None:
            return answer.result()
        sentence = refusal.message if isinstance(refusal, TwinError) else str(refusal)
        self._say(
            {
                "type": "plan_refused",
                "of": message["type"],
                **said(message),
                "sentence": sentence,
            }
        )
        return None

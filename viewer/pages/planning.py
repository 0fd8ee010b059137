"""One visit's planning: messages of the page to the library and to the engine, and what they say.

Messages are listed in docs/server.md. What the library answers is said at once; what the engine
answers is said when it comes, from the engine's thread, and only while the same case is open.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from anatomy.errors import TwinError
from surgery.commissures import CENTRES_MM, estimated
from surgery.plan import Plan
from surgery.plan_file import MOST_BYTES
from surgery.stereotaxy import Landmarks
from twin.pins import Marks, landmarks_of
from twin.plan_import import plan_from
from twin.plan_records import LONGEST_REASON, Conflict, Kept, Shelf, free_id
from twin.planning import structure_of
from twin.plans import Plans
from twin.records import Case
from viewer.catalogue import planning
from viewer.pages.planning_export import kind_of, make
from viewer.pages.planning_forms import forms, placed
from viewer.pages.planning_questions import Questions, Say
from viewer.pages.planning_wire import MOST_PLACEMENTS, MessageError, plan_of, said, whole, word

if TYPE_CHECKING:
    from viewer.app import Services

log = logging.getLogger(__name__)

MOST_VERSIONS = 1_000_000
UNREADABLE = "The server could not read what the page asked; load the page again."


@dataclass(eq=False, slots=True)
class Opened:
    """A case as this visit knows it: what it was told of, so that nothing of others is lost."""

    case: Case
    questions: Questions
    seen: dict[str, int] = field(default_factory=dict)
    """Version of each plan that the page was told of last."""
    removed: set[str] = field(default_factory=set)
    """Plans that this page itself put into the trash."""
    arrived: dict[str, int] = field(default_factory=dict)
    """The number of the last save of each plan: an older one that comes late is dropped."""
    marks: Marks = field(default_factory=Marks)
    estimate: Landmarks | str | None = None
    """Landmarks of the atlas, or why there are none; None: not looked for yet."""


class Planning:
    """Answers of one visit. `say` reaches its page; it may be called from any thread."""

    def __init__(self, services: "Services", say: Say) -> None:
        self._services, self._say = services, say
        self._plans = Plans(services.repository)
        self._opened: Opened | None = None
        self._lock = threading.RLock()
        self._answers: Mapping[str, Callable[[Opened, dict[str, Any]], None]] = {
            "plan_open": self._open,
            "plan_save": self._save,
            "plan_remove": self._remove,
            "plan_restore": self._restore,
            "plan_import": self._import,
            "plan_export": self._export,
            "pins_save": self._save_marks,
            "plan_forms": self._forms,
            "plan_place": self._place,
        }

    def heard(self, case: Case, message: dict[str, Any]) -> None:
        """Answer one message about the case that is open; never raises."""
        try:
            opened, kind = self._at(case), message["type"]
            if kind in opened.questions.answers:
                opened.questions.answers[kind](message)
            else:
                self._answers[kind](opened, message)
        except TwinError as refusal:
            self._refuse(message, refusal)
        except (KeyError, TypeError, ValueError, AttributeError) as reason:
            log.info("planning message refused: %r", reason)
            self._refuse(message, MessageError(UNREADABLE))

    def close(self) -> None:
        """The page is gone, or shows no case: all that was asked is called off."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.questions.close()

    def _at(self, case: Case) -> Opened:
        """What this visit knows of the case; nothing at first, and after another one was open."""
        with self._lock:
            before = self._opened
            if before is not None and before.case is case:
                return before
            self.close()
            questions = Questions(self._services.engine, case, self._say)
            self._opened = opened = (
                replace(before, case=case, questions=questions, estimate=None)
                if before is not None and before.case.case == case.case
                else Opened(case, questions)
            )
            return opened

    def _refuse(self, message: Mapping[str, Any], refusal: TwinError) -> None:
        answer = {"type": "plan_refused", "of": str(message.get("type"))[:40], **said(message)}
        if isinstance(message.get("plan"), Mapping) and "key" not in answer:
            answer |= said({"id": message["plan"].get("id")})
        if isinstance(refusal, Conflict) and refusal.current is not None and self._opened:
            answer["current"] = refusal.current.wire(anatomy=self._opened.case.anatomy)
        self._say({**answer, "sentence": refusal.message})

    # What the library keeps

    def _open(self, opened: Opened, _: dict[str, Any]) -> None:
        shelf = self._tell_all(opened)
        for sentence in shelf.damaged:
            self._say({"type": "say", "level": "caution", "sentence": sentence})
        offered = [one["id"] for one in planning(opened.case)["procedures"] if one["offered"]]
        planned = [one.newest.plan.procedure for one in reversed(shelf.plans)]
        wanted = [id for id in planned if id in offered] or offered
        if wanted:
            opened.questions.begin(wanted[0])

    def _tell_all(self, opened: Opened) -> Shelf:
        """Say `plans`, and give what was said."""
        with self._lock:
            shelf, anatomy = self._plans.all(opened.case.case), opened.case.anatomy
            opened.seen = {one.id: one.newest.plan.rev for one in (*shelf.plans, *shelf.trash)}
            opened.marks = shelf.marks
            marks = shelf.marks.wire()
            self._say(
                {
                    "type": "plans",
                    "plans": [one.wire(anatomy=anatomy) for one in shelf.plans],
                    "trash": [one.wire(anatomy=anatomy) for one in shelf.trash],
                    **{name: marks[name] for name in ("pins", "measures", "landmarks")},
                    "damaged": list(shelf.damaged),
                }
            )
        return shelf

    def _save(self, opened: Opened, message: dict[str, Any]) -> None:
        plan, number = plan_of(message), message.get("arrived", 0)
        look, reason = message.get("look") or {}, word(message, "reason", "")
        with self._lock:
            if number < opened.arrived.get(plan.id, 0):
                return
            opened.arrived[plan.id] = number
            kept = self._kept(opened, plan, look=dict(look), reason=reason)
        self._say(
            {
                "type": "plan_saved",
                "id": kept.id,
                "rev": kept.newest.plan.rev,
                "saved_s": kept.newest.saved_s,
                "history": [dict(entry) for entry in kept.history],
            }
        )

    def _kept(self, opened: Opened, plan: Plan, *, look: Mapping[str, Any], reason: str) -> Kept:
        """The plan saved on what the page was told of last; what it removed comes back so.

        A page that is refused has been shown the newest version: its next save goes on top of it.
        """
        case, base = opened.case.case, opened.seen.get(plan.id, 0)
        if plan.id in opened.removed:
            self._plans.restore(case, plan.id)
            opened.removed.discard(plan.id)
        try:
            kept = self._plans.save(
                case, plan, base=base, look=look, reason=reason, saved_s=time.time()
            )
        except Conflict as refusal:
            if base and refusal.current is not None:
                opened.seen[plan.id] = refusal.current.newest.plan.rev
            raise
        opened.seen[plan.id] = kept.newest.plan.rev
        return kept

    def _remove(self, opened: Opened, message: dict[str, Any]) -> None:
        id = word(message, "id")
        with self._lock:
            self._plans.remove(opened.case.case, id)
            opened.removed.add(id)
        self._tell_all(opened)

    def _restore(self, opened: Opened, message: dict[str, Any]) -> None:
        """A plan out of the trash; or with a `rev` that version once more, as the newest."""
        id, case = word(message, "id"), opened.case.case
        with self._lock:
            if "rev" in message:
                rev = whole(message, "rev", 0, 1, MOST_VERSIONS)
                old = self._plans.version(case, id, rev)
                reason = f"version {rev} restored"
                self._kept(opened, old.plan, look=old.look, reason=reason)
            else:
                self._plans.restore(case, id)
                opened.removed.discard(id)
        self._tell_all(opened)

    def _import(self, opened: Opened, message: dict[str, Any]) -> None:
        """A plan from a file's text, or from an upload, which is gone then."""
        name, content = self._file(message)
        given = {key: word(message, key, "") for key in ("procedure", "device", "delivery")}
        came = plan_from(content, name, opened.case, **given)
        with self._lock:
            shelf = self._plans.all(opened.case.case)
            taken = [one.id for one in (*shelf.plans, *shelf.trash)]
            plan = replace(came.plan, id=free_id(came.plan.id, taken), rev=1, parent=None)
            reason = f"brought in from {name}"[:LONGEST_REASON]
            self._kept(opened, plan, look={"name": came.plan.id[:80]}, reason=reason)
        self._tell_all(opened)
        level = "caution" if came.stale else "note"
        self._say({"type": "say", "level": level, "sentence": came.sentence})

    def _file(self, message: Mapping[str, Any]) -> tuple[str, bytes]:
        """Name and content of a file that may hold a plan; raises TwinErrors."""
        if "ticket" not in message:
            text = message.get("text")
            if not isinstance(text, str):
                raise MessageError("The page sent no file. Choose it again.")
            return word(message, "name", "The file"), text.encode()
        ticket = word(message, "ticket")
        upload = self._services.uploads.get(ticket)
        with upload.path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        self._services.uploads.discard(ticket)
        return upload.name, content

    def _export(self, opened: Opened, message: dict[str, Any]) -> None:
        """The file of a plan as the library has it, scored anew so that file and page agree."""
        kind, kept = kind_of(message), self._plans.plan(opened.case.case, word(message, "id"))

        def told(made: dict[str, Any]) -> None:
            self._say({"type": "plan_exported", "id": kept.id, **made})

        def scored(result: dict[str, Any]) -> None:
            make(
                self._services, opened.case, kind, result,
                told=told, refused=lambda refusal: self._refuse(message, refusal),
            )  # fmt: skip

        opened.questions.whole_score(message, kept.newest.plan, scored)

    def _save_marks(self, opened: Opened, message: dict[str, Any]) -> None:
        marks, number = Marks.read(message, now_s=time.time()), message.get("arrived", 0)
        with self._lock:
            if number < opened.arrived.get("", 0):
                return
            opened.arrived[""] = number
            try:
                base = opened.marks.rev
                opened.marks = self._plans.save_marks(opened.case.case, marks, base=base)
            except Conflict:
                opened.marks = self._plans.all(opened.case.case).marks
                raise
        self._say({"type": "pins_saved", **opened.marks.wire()})

    # Forms

    def _forms(self, opened: Opened, message: dict[str, Any]) -> None:
        plan, number = plan_of(message), whole(message, "placement", 0, 0, MOST_PLACEMENTS)
        told = forms(plan, number, *self._landmarks(opened, message))
        answer = {"type": "plan_formed", **said(message), "placement": number, "forms": told}
        self._say(answer)

    def _place(self, opened: Opened, message: dict[str, Any]) -> None:
        plan, number = plan_of(message), whole(message, "placement", 0, 0, MOST_PLACEMENTS)
        ends = placed(message, plan, number, *self._landmarks(opened, message))
        self._say({"type": "plan_placed", **said(message), "placement": number, **ends})

    def _landmarks(
        self, opened: Opened, message: Mapping[str, Any]
    ) -> tuple[Landmarks | None, str]:
        """Those of the message, of the library, or of the atlas; and why there are none."""
        given = landmarks_of(message.get("landmarks")) or opened.marks.landmarks
        if given is not None:
            return given, ""
        with self._lock:
            if opened.estimate is None:
                opened.estimate = self._estimated(opened.case)
        if isinstance(opened.estimate, str):
            return None, opened.estimate
        return opened.estimate, ""

    def _estimated(self, case: Case) -> Landmarks | str:
        wanted = [record for record in case.structures if record.id in CENTRES_MM]
        try:
            return estimated(
                {one.id: structure_of(self._services.repository, one) for one in wanted}
            )
        except TwinError as reason:
            return reason.message

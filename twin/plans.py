"""The plans of a case, every save a version: `<library>/plans/<case>/<id>/<number>.json`.

A version never changes once it is there, so what was read of it is remembered. A plan that is
removed lies whole in `.trash` beside the others; pins and measures are versions in `.pins`.
"""

import contextlib
import fcntl
import json
import logging
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from anatomy.errors import TwinError
from surgery.plan import Plan
from twin.pins import Marks
from twin.plan_records import ID, Conflict, Kept, PlanStoreError, Shelf, Version
from twin.records import NAME
from twin.repository import LibraryError, NotFound, Repository

log = logging.getLogger(__name__)

VERSION = re.compile(r"\d{6,}\.json")
TRASH, PINS = ".trash", ".pins"
MOST_PLANS = 300
"""House value: plans of one case."""


class Plans:
    """The plans of one library. Safe for several threads, and for several processes at once."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._root = repository.root / "plans"
        self._known: dict[Path, Mapping[str, Any]] = {}
        self._lock = threading.Lock()

    def all(self, case: str) -> Shelf:
        """Everything of a case that can be read; what cannot is named."""
        damaged: list[str] = []
        folder = self._folder(case)
        plans = [self._kept(one, damaged) for one in _folders(folder)]
        trash = [self._kept(one, damaged) for one in _folders(folder / TRASH)]
        return Shelf(
            plans=tuple(sorted(filter(None, plans), key=_begun)),
            trash=tuple(sorted(filter(None, trash), key=_begun)),
            marks=self._marks(folder / PINS, damaged),
            damaged=tuple(damaged),
        )

    def plan(self, case: str, id: str) -> Kept:
        """One plan as it stands; raises NotFound."""
        kept = self._kept(self._plan_folder(case, id), [])
        if kept is None:
            raise NotFound(f"The library holds no plan '{id}' of case '{case}'.", plan=id)
        return kept

    def version(self, case: str, id: str, rev: int) -> Version:
        """One version of a plan, removed or not; raises NotFound."""
        for folder in (self._plan_folder(case, id), self._trash_folder(case, id)):
            for file in _files(folder):
                if (entry := self._entry(file, [])) and entry["rev"] == rev:
                    return Version.read(json.loads(file.read_bytes()))
        raise NotFound(f"The library holds no version {rev} of plan '{id}'.", plan=id, rev=rev)

    def save(
        self, case: str, plan: Plan, *, base: int, saved_s: float,
        look: Mapping[str, Any] | None = None, reason: str = "",
    ) -> Kept:  # fmt: skip
        """The plan with its next version, made on version `base`; 0 for a new plan.

        `rev` and `parent` of the plan are set here. Raises Conflict where the newest is not `base`.
        """
        version = Version(
            plan=replace(plan, rev=1, parent=None), look=look or {}, reason=reason, saved_s=saved_s
        )
        folder = self._plan_folder(case, plan.id)
        with self._locked(case):
            if self._trash_folder(case, plan.id).is_dir():
                raise Conflict(
                    f"Plan '{plan.id}' lies in the trash. Take it out, or save under another name.",
                    plan=plan.id,
                )
            now = self._kept(folder, [])
            self._on_newest(plan.id, base, now)
            if now is None and len(_folders(self._folder(case))) >= MOST_PLANS:
                raise PlanStoreError(f"Case '{case}' has {MOST_PLANS} plans. Remove some first.")
            if now is not None:
                older = now.newest.plan
                made = replace(version.plan, rev=older.rev + 1, parent=older.digest)
                version = replace(version, plan=made)
            file = folder / f"{_last(folder) + 1:06}.json"
            self._write(file, version.wire())
            self._known[file] = entry = version.entry
            return Kept(newest=version, history=(*(now.history if now else ()), entry))

    def remove(self, case: str, id: str) -> None:
        """Put a plan into the trash, with all its versions; raises NotFound."""
        self._carry(self._plan_folder(case, id), self._trash_folder(case, id), case, id)

    def restore(self, case: str, id: str) -> None:
        """Take a plan out of the trash; raises NotFound."""
        self._carry(self._trash_folder(case, id), self._plan_folder(case, id), case, id)

    def save_marks(self, case: str, marks: Marks, *, base: int) -> Marks:
        """The pins and measures of a case as they are now; Conflict as in `save`."""
        folder = self._folder(case) / PINS
        with self._locked(case):
            now = self._marks(folder, [])
            if now.rev != base:
                raise Conflict(
                    "The pins of this case were changed on another page meanwhile, so yours were "
                    "not saved. Look at both, then change one again."
                )
            made = replace(marks, rev=_last(folder) + 1)
            self._write(folder / f"{made.rev:06}.json", made.wire())
            return made

    def _on_newest(self, id: str, base: int, now: Kept | None) -> None:
        newest = now.newest.plan.rev if now else 0
        if base == newest:
            return
        if now is None:
            raise Conflict(f"Plan '{id}' is no longer in the library. Copy it to keep it.", plan=id)
        raise Conflict(
            f"Plan '{id}' was changed on another page meanwhile (version {newest}: "
            f"{now.newest.reason or 'no reason given'}), so yours was not saved over it.",
            now, plan=id, base=base, newest=newest,
        )  # fmt: skip

    def _carry(self, source: Path, target: Path, case: str, id: str) -> None:
        with self._locked(case):
            if not source.is_dir():
                raise NotFound(f"There is no plan '{id}' to be found there any more.", plan=id)
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                source.rename(target)
            except OSError as reason:
                raise LibraryError(
                    f"Plan '{id}' could not be moved: {reason.strerror or reason}.", plan=id
                ) from reason

    def _kept(self, folder: Path, damaged: list[str]) -> Kept | None:
        """What can be read of a plan's folder; None where that is nothing."""
        files = _files(folder)
        history = [entry for file in files if (entry := self._entry(file, damaged))]
        for file in reversed(files):
            with contextlib.suppress(TwinError, OSError, KeyError, TypeError, ValueError):
                newest = Version.read(json.loads(file.read_bytes()))
                return Kept(newest=newest, history=tuple(history))
        return None

    def _entry(self, file: Path, damaged: list[str]) -> Mapping[str, Any] | None:
        """The line of a version in a history; None and a sentence where it cannot be read."""
        known = self._known.get(file)
        if known is not None:
            return known
        try:
            entry = Version.read(json.loads(file.read_bytes())).entry
        except (TwinError, OSError, KeyError, TypeError, ValueError) as reason:
            log.warning("%s: %s", file, reason)
            damaged.append(
                f"The file {file.relative_to(self._root)} is damaged ({reason}); "
                "all other versions are there."
            )
            return None
        self._known[file] = entry
        return entry

    def _marks(self, folder: Path, damaged: list[str]) -> Marks:
        for file in reversed(_files(folder)):
            try:
                return Marks.read(json.loads(file.read_bytes()), rev=int(file.stem))
            except (TwinError, OSError, KeyError, TypeError, ValueError) as reason:
                log.warning("%s: %s", file, reason)
                damaged.append(f"The file {file.relative_to(self._root)} is damaged ({reason}).")
        return Marks(rev=_last(folder))

    def _folder(self, case: str) -> Path:
        if not NAME.fullmatch(case):
            raise NotFound(f"There is no case '{case:.80}'.", case=case[:80])
        return self._root / case

    def _plan_folder(self, case: str, id: str) -> Path:
        if not ID.fullmatch(id):
            raise NotFound(f"There is no plan '{id:.80}'.", plan=id[:80])
        return self._folder(case) / id

    def _trash_folder(self, case: str, id: str) -> Path:
        return self._plan_folder(case, id).parent / TRASH / id

    @contextlib.contextmanager
    def _locked(self, case: str) -> Iterator[None]:
        """One writer of a case's plans at a time, over all threads and processes."""
        folder = self._folder(case)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = (folder / ".lock").open("wb")
        except OSError as reason:
            raise LibraryError(
                f"The plans of case '{case}' cannot be written: {reason.strerror or reason}.",
                case=case,
            ) from reason
        with file, self._lock:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _write(self, file: Path, wire: Mapping[str, Any]) -> None:
        text = json.dumps(wire, ensure_ascii=False, allow_nan=False) + "\n"
        self._repository.write(file, text.encode())


def _folders(folder: Path) -> list[Path]:
    """Of the plans in a folder, in order of their names."""
    if not folder.is_dir():
        return []
    return sorted(one for one in folder.iterdir() if ID.fullmatch(one.name) and one.is_dir())


def _files(folder: Path) -> list[Path]:
    """Of the versions in a folder, the oldest first."""
    if not folder.is_dir():
        return []
    found = [one for one in folder.iterdir() if VERSION.fullmatch(one.name)]
    return sorted(found, key=lambda one: int(one.stem))


def _last(folder: Path) -> int:
    """The number of the newest file, readable or not; 0 without one."""
    files = _files(folder)
    return int(files[-1].stem) if files else 0


def _begun(kept: Kept) -> tuple[float, str]:
    return float(kept.history[0]["saved_s"]), kept.id

"""The server's planning behind the development page, and a layered ball of a head to plan on.

What the page says of plans goes to the server's own `Planning`, on a real case of a library; only
the engine's child process is left out: what it would be asked is answered at once, by its own code.
"""

import gzip
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from anatomy.errors import TwinError
from surgery.plan_file import read
from twin import answers
from twin.planning import Desk
from twin.plans import Plans
from twin.question import Answer, Name, Tell
from twin.repository import Repository
from viewer.pages.planning import Planning
from viewer.scene import scene

BALL = "ball"
PAGE = """() => {
  const rest = answers.reply.bind(answers);
  globalThis.held = new Set();
  answers.reply = async (message) => {
    if (!message.type.startsWith('plan_')) return rest(message);
    if (held.has(message.type)) return null;
    for (const answer of await planningAnswers(message)) theatre.receive(answer);
    return null;
  };
}"""
"""What the development page does with messages about plans; of a type that is held, nothing."""


def library_with_a_ball(folder: Path) -> Path:
    """A library that holds the ball of `anatomy.phantom_bodies`, its surfaces as they are."""
    import numpy as np

    from anatomy.phantom_bodies import HEAD, bodies
    from anatomy.quality import Quality
    from anatomy.reconstruct import Reconstruction
    from anatomy.volume import Volume
    from twin.build import Order, Reading, store

    anatomy, labelmap = bodies(HEAD, spacing_mm=2.0, times=3)
    greys = np.where(labelmap.labels > 0, 60.0 + 23.0 * labelmap.labels, 4.0)
    made = Reconstruction(
        labelmap=labelmap, origin={one.id: "manual" for one in anatomy},
        quality=Quality(passed=True, checks=()), stages=(("phantom", 0.0, False),),
        skull_stripped=False, notes=("A ball of a head, drawn from closed forms.",),
    )  # fmt: skip
    reading = Reading(
        volume=Volume(grid=labelmap.grid, voxels=greys.astype(np.float32), source=BALL),
        report={"file": BALL, "axes": "RAS"}, overlays=[], laid=[], recipe=BALL,
    )  # fmt: skip
    store(Repository(folder), Order(path=Path(BALL), case=BALL), reading, made, tuple(anatomy))
    return folder


def page_scene(library: Path, case: str, out: Path) -> Path:
    """The scene of a case as files for the development page."""
    repository = Repository(library)
    made = scene(repository.case(case))
    (out / "data").mkdir(parents=True, exist_ok=True)
    files = [made["volume"], made["labels"], *(m for s in made["structures"] for m in s["meshes"])]
    for file in files:
        digest = file["url"].removeprefix("data/")
        shutil.copyfile(repository.blob(digest), out / "data" / digest)
    (out / "scene.json").write_text(json.dumps(made))
    return out


class AtOnce:
    """Stands where `twin.engine.Engine` does, and answers in this process."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def ask(
        self, name: Name, *, latest: str = "", tell: Tell = lambda *_: None, **given: Any
    ) -> Answer:
        """The same answers and refusals; `latest` is nothing to what never waits."""
        _ = latest
        answer = Answer(lambda: None)
        try:
            answer.set_result(answers.answer(self._desk, name, tell, given))
        except TwinError as refusal:
            answer.set_exception(refusal)
        return answer


class Server:
    """The part of the server that hears of plans, for one case; `begin` forgets all plans."""

    def __init__(self, library: Path, case: str) -> None:
        self.library, self.desk = library, Desk(Repository(library))
        self.case = Repository(library).case(case)
        self._said: list[dict[str, Any]] = []
        self.begin()

    def begin(self) -> None:
        """As on the first day."""
        shutil.rmtree(self.library / "plans", ignore_errors=True)
        services: Any = SimpleNamespace(
            repository=Repository(self.library), engine=AtOnce(self.desk),
            settings=SimpleNamespace(library=self.library), uploads=None,
            threads=SimpleNamespace(submit=lambda work: work()),
        )  # fmt: skip
        self._planning = Planning(services, self._said.append)

    def answers(self, message: Mapping[str, Any]) -> list[dict[str, Any]]:
        """All that is said to one message of the page, in order."""
        self._said.clear()
        self._planning.heard(self.case, dict(message))
        return list(self._said)

    def keep(self, plan: Mapping[str, Any]) -> None:
        """Put a plan into the library, from elsewhere and in the place of all others."""
        self.begin()
        kept = read({**plan, "rev": 1, "parent": None})
        Plans(Repository(self.library)).save(self.case.case, kept, base=0, saved_s=1.0)

    def file(self, digest: str) -> bytes:
        """What the server gives for a digest."""
        return gzip.decompress(Repository(self.library).blob(digest).read_bytes())

    def put_behind(self, page: Any) -> None:
        """Let a development page speak with this server about plans."""
        page.expose_function("planningAnswers", self.answers)
        page.evaluate(PAGE)

"""Plans, pins and measures of a case on disk: versions, conflicts, trash, damage."""

import json
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from anatomy.errors import GeometryError
from surgery.plan import Placement, Plan, Trajectory
from surgery.stereotaxy import Landmarks
from twin.pins import Marks, Measure, Pin
from twin.plan_records import ID, Conflict, Kept, PlanStoreError, free_id
from twin.plans import Plans
from twin.repository import LibraryError, NotFound, Repository

ANATOMY, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def kept(library: Path) -> Plans:
    return Plans(Repository(library))


def a_plan(*, depth_mm: float = 0.0, id: str = "biopsy-1", anatomy: str = ANATOMY) -> Plan:
    way = Trajectory(entry_mm=(40.1, 52.0, 60.3), target_mm=(20.0, 10.0, 0.1), frame="patient-ras")
    one = Placement(device="side_cutting_needle_25", trajectory=way, depth_mm=depth_mm)
    return Plan(
        id=id, procedure="needle_biopsy", anatomy=anatomy, placements=(one,), author="A. Surgeon"
    )


def saved(kept: Plans, *, times: int = 1, **what: object) -> Kept:
    """A plan after `times` saves, each with another depth."""
    for base in range(times):
        made = kept.save(
            "anna",
            a_plan(depth_mm=float(base), **what),  # type: ignore[arg-type]
            base=base,
            reason=f"edit {base}",
            look={"name": "Left <b>", "colour": "#f0e442"},
            saved_s=1000.0 + base,
        )
    return made


def test_every_save_is_a_version_with_its_parent_its_reason_and_its_time(
    kept: Plans, library: Path
) -> None:
    saved(kept, times=3)
    (plan,) = Plans(Repository(library)).all("anna").plans
    parents = [a_plan(depth_mm=float(n)).digest for n in range(3)]

    assert [(e["rev"], e["reason"], e["saved_s"]) for e in plan.history] == [
        (1, "edit 0", 1000.0), (2, "edit 1", 1001.0), (3, "edit 2", 1002.0),
    ]  # fmt: skip
    assert [entry["parent"] for entry in plan.history] == [None, *parents[:2]]
    assert plan.newest.plan.digest == parents[2]
    assert plan.history[0]["author"] == "A. Surgeon"
    assert plan.newest.look["name"] == "Left <b>"


def test_an_older_version_is_as_it_was_saved(kept: Plans) -> None:
    saved(kept, times=3)

    assert kept.version("anna", "biopsy-1", 2).plan.placements[0].depth_mm == 1.0
    with pytest.raises(NotFound, match="no version 9"):
        kept.version("anna", "biopsy-1", 9)


def test_the_same_saves_give_the_same_bytes(tmp_path: Path) -> None:
    def written(folder: Path) -> dict[str, bytes]:
        saved(Plans(Repository(folder)), times=2)
        return {one.name: one.read_bytes() for one in folder.glob("plans/anna/biopsy-1/*")}

    assert written(tmp_path / "one") == written(tmp_path / "two")
    assert list((tmp_path / "one" / "tmp").iterdir()) == []


def test_a_save_that_was_not_made_on_the_newest_version_is_refused_with_it(kept: Plans) -> None:
    saved(kept, times=2)

    with pytest.raises(Conflict, match="another page") as refused:
        kept.save("anna", a_plan(depth_mm=7.0), base=1, saved_s=2000.0)
    assert refused.value.current is not None
    assert refused.value.current.newest.plan.placements[0].depth_mm == 1.0
    assert kept.plan("anna", "biopsy-1").newest.plan.rev == 2
    assert kept.save("anna", a_plan(depth_mm=7.0), base=2, saved_s=2001.0).newest.plan.rev == 3


def test_of_eight_pages_that_save_at_once_one_is_kept_and_seven_are_told(
    kept: Plans, library: Path
) -> None:
    saved(kept)
    begin, won, lost = threading.Barrier(8), [], []

    def page(number: int) -> None:
        begin.wait()
        try:
            own = Plans(Repository(library))
            own.save("anna", a_plan(depth_mm=10.0 + number), base=1, saved_s=2000.0)
            won.append(10.0 + number)
        except Conflict:
            lost.append(number)

    pages = [threading.Thread(target=page, args=(n,)) for n in range(8)]
    for one in pages:
        one.start()
    for one in pages:
        one.join()

    assert (len(won), len(lost)) == (1, 7)
    assert kept.plan("anna", "biopsy-1").newest.plan.placements[0].depth_mm == won[0]


def test_a_plan_of_another_anatomy_is_stale(kept: Plans) -> None:
    saved(kept)
    (plan,) = kept.all("anna").plans

    assert plan.wire(anatomy=ANATOMY)["stale"] is False
    assert plan.wire(anatomy=OTHER)["stale"] is True


def test_a_removed_plan_lies_in_the_trash_and_comes_back_whole(kept: Plans) -> None:
    saved(kept, times=2)
    before = kept.plan("anna", "biopsy-1")
    kept.remove("anna", "biopsy-1")
    shelf = kept.all("anna")

    assert (shelf.plans, [one.id for one in shelf.trash]) == ((), ["biopsy-1"])
    assert kept.version("anna", "biopsy-1", 1).plan.rev == 1
    with pytest.raises(Conflict, match="in the trash"):
        kept.save("anna", a_plan(), base=0, saved_s=1.0)
    with pytest.raises(NotFound):
        kept.remove("anna", "biopsy-1")
    kept.restore("anna", "biopsy-1")
    assert kept.all("anna").plans == (before,)
    with pytest.raises(NotFound):
        kept.restore("anna", "biopsy-1")


def test_a_plan_that_is_gone_is_not_made_anew_by_a_page_that_still_shows_it(kept: Plans) -> None:
    with pytest.raises(Conflict, match="no longer in the library"):
        kept.save("anna", a_plan(), base=4, saved_s=1.0)
    assert kept.all("anna").plans == ()


@pytest.mark.parametrize("damage", [b"", b"{", b'{"plan": {"format": "theatrum-plan"}}', b"[1]"])
def test_a_damaged_version_is_named_and_everything_else_is_there(
    kept: Plans, damage: bytes, library: Path
) -> None:
    saved(kept, times=3)
    saved(kept, id="biopsy-2")
    (library / "plans" / "anna" / "biopsy-1" / "000003.json").write_bytes(damage)
    fresh = Plans(Repository(library))
    shelf = fresh.all("anna")

    assert [(one.id, one.newest.plan.rev) for one in shelf.plans] == [
        ("biopsy-1", 2), ("biopsy-2", 1),
    ]  # fmt: skip
    (sentence,) = shelf.damaged
    assert "anna/biopsy-1/000003.json is damaged" in sentence
    assert fresh.save("anna", a_plan(depth_mm=9.0), base=2, saved_s=1.0).newest.plan.rev == 3
    assert len(Plans(Repository(library)).all("anna").damaged) == 1


def test_five_hundred_versions_are_listed_and_added_to_without_waiting(
    kept: Plans, library: Path
) -> None:
    saved(kept)
    first_file = library / "plans" / "anna" / "biopsy-1" / "000001.json"
    for rev in range(2, 501):
        wire = json.loads(first_file.read_bytes())
        wire["plan"] |= {"rev": rev, "parent": "c" * 64}
        first_file.with_name(f"{rev:06}.json").write_text(json.dumps(wire))
    fresh = Plans(Repository(library))

    def cpu_ms(work: object) -> float:
        began = time.thread_time()
        work()  # type: ignore[operator]
        return 1000 * (time.thread_time() - began)

    first = cpu_ms(lambda: fresh.all("anna"))
    later = cpu_ms(lambda: fresh.all("anna"))
    one = cpu_ms(lambda: fresh.save("anna", a_plan(), base=500, saved_s=1.0))
    print(f"first {first:.1f} ms, later {later:.1f} ms, save {one:.1f} ms")

    assert first < 500
    assert later < 50
    assert one < 50


@pytest.mark.parametrize("id", ["../anna", "..", "a/b", "", ".trash", "x" * 81, "a\nb"])
def test_no_id_leads_out_of_the_folder_of_its_case(kept: Plans, id: str) -> None:
    with pytest.raises((PlanStoreError, NotFound)):
        kept.save("anna", replace(a_plan(), id=id or " x"), base=0, saved_s=1.0)
    with pytest.raises(NotFound):
        kept.remove("anna", id)
    with pytest.raises(NotFound):
        kept.all(id)


def test_what_is_too_long_to_be_kept_is_refused_in_words(kept: Plans) -> None:
    with pytest.raises(PlanStoreError, match="200 characters"):
        kept.save("anna", a_plan(), base=0, saved_s=1.0, reason="x" * 201)
    with pytest.raises(PlanStoreError, match="Shorten the name"):
        kept.save("anna", a_plan(), base=0, saved_s=1.0, look={"name": "x" * 3000})
    with pytest.raises(PlanStoreError, match="4000"):
        kept.save("anna", replace(a_plan(), note="x" * 4001), base=0, saved_s=1.0)
    assert kept.all("anna").plans == ()


def test_a_library_that_cannot_be_written_is_said_in_words(tmp_path: Path) -> None:
    kept = Plans(Repository(tmp_path / "library"))
    (tmp_path / "library" / "plans").write_text("in the way")

    with pytest.raises(LibraryError, match="cannot be written"):
        saved(kept)


MARKS = Marks(
    pins=(Pin(id="p1", point_mm=(1.5, -2.0, 3.25), text="Here <i>", saved_s=7.0),),
    measures=(
        Measure(id="m1", kind="distance", points_mm=((0.0, 0.0, 0.0), (3.0, 4.0, 0.0)),
                text="5.0 mm"),
    ),
    landmarks=Landmarks(ac_mm=(0.0, 13.0, 1.0), pc_mm=(0.5, -13.0, 0.0), mid_mm=(0.0, 0.0, 60.0)),
)  # fmt: skip


def test_pins_and_measures_stay_with_the_case(kept: Plans, library: Path) -> None:
    assert kept.all("anna").marks == Marks()
    kept.save_marks("anna", MARKS, base=0)
    found = Plans(Repository(library)).all("anna").marks

    assert (found.rev, found.pins, found.measures) == (1, MARKS.pins, MARKS.measures)
    assert found.landmarks == MARKS.landmarks
    with pytest.raises(Conflict, match="pins of this case were changed on another page"):
        kept.save_marks("anna", Marks(), base=0)
    assert kept.save_marks("anna", Marks(), base=1).rev == 2
    assert kept.all("anna").plans == ()


def test_damaged_pins_are_named_and_the_older_ones_are_there(kept: Plans, library: Path) -> None:
    kept.save_marks("anna", MARKS, base=0)
    (library / "plans" / "anna" / ".pins" / "000002.json").write_text("{")
    shelf = kept.all("anna")

    assert shelf.marks.pins == MARKS.pins
    assert "000002.json is damaged" in shelf.damaged[0]


@pytest.mark.parametrize(
    "wire",
    [
        {"pins": "many"},
        {"pins": [1]},
        {"pins": [{"id": "p", "point_mm": [0, 0], "text": "two"}]},
        {"pins": [{"id": "p", "point_mm": [0, 0, float("nan")], "text": ""}]},
        {"pins": [{"id": "p", "point_mm": [0, 0, True], "text": ""}]},
        {"pins": [{"id": "p", "point_mm": "xyz", "text": ""}]},
        {"pins": [{"id": "p", "point_mm": [0, 0, 0], "text": "x" * 501}]},
        {"pins": [{"id": "p", "point_mm": [0, 0, 0], "text": "", "saved_s": "now"}]},
        {"pins": [{"id": "p", "point_mm": [0, 0, 0], "text": ""}] * 501},
        {"landmarks": [[0, 0, 0]]},
        {"landmarks": {"ac_mm": [0, 13, 0], "pc_mm": [0, -13, 0]}},
        {"measures": [{"id": "m", "kind": "volume", "points_mm": [], "text": ""}]},
        {"measures": [{"id": "m", "kind": "angle", "points_mm": [[0, 0, 0]], "text": ""}]},
    ],
)
def test_pins_that_are_none_are_refused_in_words(wire: dict[str, object]) -> None:
    with pytest.raises(GeometryError):
        Marks.read(wire)
    assert (
        json.dumps(Marks.read({}).wire())
        == '{"rev": 0, "pins": [], "measures": [], "landmarks": null}'
    )


@pytest.mark.parametrize(
    ("id", "taken", "free"),
    [
        ("biopsy", [], "biopsy"),
        ("biopsy", ["biopsy"], "biopsy_2"),
        ("biopsy", ["biopsy", "biopsy_2"], "biopsy_3"),
        ("Müller's plan/1", [], "M_ller_s_plan_1"),
        ("../..", [], "plan"),
        ("x" * 200, ["x" * 70], "x" * 70 + "_2"),
    ],
)
def test_a_plan_that_is_brought_in_gets_an_id_that_is_free(
    id: str, taken: list[str], free: str
) -> None:
    assert free_id(id, taken) == free
    assert ID.fullmatch(free)

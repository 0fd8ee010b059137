/** What people can do in the theatre, by name: keys, buttons and pointers all end here. */

import { dolly, standard } from "./camera.js";
import { gridBounds, inside } from "./grid.js";
import { NEEDS, answer, words } from "./measure.js";
import { PLANES } from "./planes.js";
import { Handles } from "./plan/pointer.js";

/** How long a click's answer may take before it is called lost [ms]. */
const ANSWER_MS = 5000;

/** @param {any} theatre see theatre.js */
export function actions(theatre) {
  const { store, send } = theatre;
  let serial = 0;
  /** @type {Map<string, {purpose: string, timer: any}>} */
  const asked = new Map();
  /** @type {any[]} the last two presses, with what stood before each */
  let presses = [];
  const fresh = (kind) => `${kind}${(serial += 1)}-${Math.random().toString(36).slice(2, 7)}`;

  const acts = {
    handles: new Handles(theatre),
    run,
    moveTo,
    scroll,
    addPoint,
    pick,
    receivePicked,
    receiveMeasured,
    goTo,
    goToPoint,
    removeMeasure,
    isolate: (id) =>
      store.change("isolate", { isolated: store.display.isolated === id ? null : id }),
    toggle,
    opacity: (id, value) =>
      store.change(`opacity ${id}`, { opacity: { ...store.display.opacity, [id]: value } }),
    select: (id) => store.look({ selected: id }),
    preset,
    hover: (point) => theatre.hover(point),
    press,
    unpress,
    placed,
    redraw: () => theatre.dirty("slices"),
    describe: (point, picked) => theatre.describe(point, picked),
    fine: () => theatre.fine(),
    panelOpen: () => theatre.panelOpen(),
    pathsOpen: () => theatre.pathsOpen(),
    forget: () => {
      for (const { timer } of asked.values()) clearTimeout(timer);
      asked.clear();
      presses = [];
      acts.handles.forget();
    },
  };

  /** @param {import("./types.js").Point} point */
  function moveTo(point) {
    if (!store.scene) return;
    const grid = store.scene.volume;
    store.look({ cursor: grid ? inside(grid, point) : point, picked: null });
    theatre.tellCursor();
  }

  /** Remember what stands before a press in a view: it may begin a double click. */
  function press(name) {
    const { cursor, drawing, selected, picked } = store.view;
    presses = [
      ...presses.slice(-1),
      {
        name,
        look: { cursor, drawing, selected, picked },
        steps: store.history.mark(),
        measures: new Set(store.display.measures.map((m) => m.id)),
        asked: new Set(asked.keys()),
        places: Object.entries(theatre.slices).map(([plane, { placed }]) => [plane, placed]),
      },
    ];
  }

  /** A double click only enlarges: take back what its two presses did, and what they asked. */
  function unpress(name) {
    const [before, second] = presses;
    presses = [];
    if (!second || before.name !== name || second.name !== name) return;
    for (const [id, { timer }] of asked) {
      if (before.asked.has(id)) continue;
      clearTimeout(timer);
      asked.delete(id);
    }
    for (const [plane, placed] of before.places) theatre.slices[plane].placed = placed;
    const kept = store.display.measures.filter((m) => before.measures.has(m.id));
    if (kept.length < store.display.measures.length) {
      store.history.forgetSince(before.steps, { ...store.display, measures: kept });
      store.tell("measures");
    }
    store.look(before.look);
    theatre.tellCursor();
  }

  function goToPoint(point) {
    moveTo(point);
    theatre.reveal(store.view.cursor);
  }

  function goTo(structure) {
    const b = structure.bounds_mm;
    if (!b) return theatre.notices.tell("note", `${structure.title} has no stated place.`);
    goToPoint(theatre.centre(structure) ?? [0, 1, 2].map((a) => (b[2 * a] + b[2 * a + 1]) / 2));
  }

  function scroll(plane, steps) {
    const grid = store.scene?.volume;
    if (!store.scene) return;
    const cursor = /** @type {any} */ ([...store.view.cursor]);
    cursor[plane.through] += steps * (grid ? grid.spacing_mm[plane.through] : 1);
    moveTo(cursor);
  }

  function toggle(id) {
    const { isolated, shown } = store.display;
    const on = isolated ? isolated !== id : !shown[id];
    store.change(`show ${id}`, { isolated: null, shown: { ...shown, [id]: on } });
  }

  function preset(index) {
    const preset = store.scene?.volume?.presets[index];
    if (preset) store.change(`preset ${index}`, { window: [preset.low, preset.high] });
    else theatre.refresh();
  }

  /** A point of the measure that is being drawn. */
  function addPoint(point) {
    const kind = /** @type {"distance" | "angle"} */ (store.view.mode);
    if (!(kind in NEEDS)) return;
    const last = store.view.drawing.at(-1);
    if (last?.every((x, axis) => x === point[axis])) return;
    const points = [...store.view.drawing, point];
    if (points.length < NEEDS[kind]) return store.look({ drawing: points });
    const id = fresh("m");
    const measure = { id, kind, points_mm: points, text: words(kind, points), confirmed: false };
    store.look({ drawing: [] });
    store.change(`measure ${id}`, { measures: [...store.display.measures, measure] });
    send({ type: "measure", id, kind, points_mm: points });
  }

  function receiveMeasured({ id, value, unit, sentence }) {
    if (!store.display.measures.some((m) => m.id === id)) return;
    const text =
      Number.isFinite(value) && value !== null
        ? answer(value, unit)
        : String(sentence ?? "no answer");
    store.amend({
      measures: store.display.measures.map((m) =>
        m.id === id ? { ...m, text, confirmed: true } : m,
      ),
    });
  }

  function removeMeasure(id) {
    store.change("delete measure", { measures: store.display.measures.filter((m) => m.id !== id) });
  }

  /**
   * Ask the server what a ray meets.
   * @param {{origin_mm: number[], direction: number[]}} ray
   * @param {{only?: string, then?: (point: any) => void}} [question]  ask of one structure alone, if
   *   the case has it, and do something else with the answer
   */
  function pick({ origin_mm, direction }, { only, then } = {}) {
    if (!store.scene) return;
    const id = fresh("p");
    const { arming, mode } = store.view;
    const entry = store.view.map && theatre.book.current ? "entry" : null;
    const purpose = arming ?? entry ?? (mode in NEEDS ? "measure" : "cursor");
    const timer = setTimeout(() => {
      asked.delete(id);
      theatre.notices.tell("caution", "The server did not answer the click in 3D.", {
        key: "pick",
      });
    }, ANSWER_MS);
    asked.set(id, { purpose, timer, then });
    const seen = store.scene.structures.filter(
      (s) => store.visible(s.id) && store.display.opacity[s.id] > 0.01,
    );
    const alone = store.scene.structures.filter((s) => s.id === only);
    const structures = (alone.length ? alone : seen).map((s) => s.id);
    const clip = theatre.clipPlane();
    send({ type: "pick", id, origin_mm, direction, structures, clip });
  }

  function receivePicked({ id, point_mm, structure }) {
    const question = asked.get(id);
    if (!question) return;
    clearTimeout(question.timer);
    asked.delete(id);
    if (question.then) return question.then(point_mm);
    if (!point_mm) return;
    if (question.purpose === "measure") return addPoint(point_mm);
    if (question.purpose === "entry" || question.purpose === "target") {
      placed(point_mm, question.purpose);
      return goToPoint(point_mm);
    }
    goToPoint(point_mm);
    if (structure) {
      store.look({ selected: structure, picked: structure });
      theatre.list.reveal(structure);
    }
  }

  /** Where E or T was pressed before, the end goes to this point. @returns {boolean} */
  function placed(point, end = store.view.arming) {
    if (!end) return false;
    store.look({ arming: null, aim: null });
    const { book } = theatre;
    const plan = book.draft ? null : book.current;
    if (plan) book.moveEnd(plan.id, store.view.placement, end, point);
    else begun(end, point);
    return true;
  }

  /** A plan's first end asks for its other one. */
  function begun(end, point) {
    const { book } = theatre;
    book.begun({ [`${end}_mm`]: point });
    const missing = ["entry", "target"].find((one) => book.draft && !book.draft[`${one}_mm`]);
    if (missing) store.look({ arming: missing });
  }

  /** Once: the next click places the end. Once more: the end is in hand for the arrow keys. */
  function arm(end) {
    if (!store.scene?.planning) return;
    const twice = store.view.arming === end;
    store.look({ tab: "plan", arming: twice ? null : end, aim: null, mode: "cross" });
    if (!twice) theatre.panes[store.view.active].element.focus({ preventScroll: true });
    else if (theatre.book.current) acts.handles.focus(end);
  }

  function placeHere() {
    if (store.view.arming) placed(store.view.cursor);
  }

  function cycle(values, value) {
    return values[(values.indexOf(value) + 1) % values.length];
  }

  function mode(name) {
    store.look({ mode: store.view.mode === name ? "cross" : name, drawing: [] });
  }

  function zoom(factor) {
    const view = theatre.slices[store.view.active];
    if (view) {
      view.zoom(factor);
      theatre.dirty("slices");
    } else if (theatre.camera()) theatre.setCamera(dolly(theatre.camera(), factor));
  }

  function look(letter) {
    const bounds =
      store.scene?.bounds_mm ?? (store.scene?.volume && gridBounds(store.scene.volume));
    if (bounds) theatre.setCamera(standard(letter, bounds, theatre.aspect()));
  }

  function preference(patch) {
    store.change("convention", patch);
  }

  /** Do an action by its name; false when it is not one. */
  function run(action) {
    const { display, view } = store;
    if (action.startsWith("view_")) return look(action.slice(5));
    if (action.startsWith("preset_")) return preset(Number(action.slice(7)) - 1);
    if (action.startsWith("mode_")) return mode(action.slice(5));
    if (action.startsWith("arm_")) return arm(action.slice(4));
    const plane = PLANES[view.active] ?? PLANES.axial;
    const table = {
      slice_up: () => scroll(plane, 1),
      slice_down: () => scroll(plane, -1),
      overlay: () =>
        store.change("overlay", { overlay: cycle(["outline", "fill", "off"], display.overlay) }),
      crosshair: () => store.change("crosshair", { crosshair: !display.crosshair }),
      planes: () => store.change("planes", { planes: !display.planes }),
      clip: () => store.change("clip", { clip: { ...display.clip, on: !display.clip.on } }),
      convention: () =>
        preference({
          convention: display.convention === "radiological" ? "neurological" : "radiological",
        }),
      nose: () => preference({ nose: display.nose === "left" ? "right" : "left" }),
      zoom_in: () => zoom(1.25),
      zoom_out: () => zoom(0.8),
      maximise: () => store.look({ maximised: view.maximised ? null : view.active }),
      reset: () => theatre.reset(),
      detail: () => theatre.toggleFine(),
      undo: () => step("undo", "Nothing to undo."),
      redo: () => step("redo", "Nothing to do again."),
      tab_plan: () => store.look({ tab: view.tab === "plan" ? "structures" : "plan" }),
      ghost: () => store.look({ ghost: !view.ghost }),
      place_here: placeHere,
      snap: () => store.look({ snap: !view.snap }),
      tube: () => store.look({ tube: !view.tube }),
      paths: () => store.look({ tab: "plan", paths: !theatre.pathsOpen() }),
      play: () => theatre.scrubber.walk(),
      map: () => store.look({ tab: "plan", map: !view.map }),
      help: () => theatre.help.open(!theatre.help.isOpen()),
      panel: () => theatre.togglePanel(),
      search: () => theatre.searchStructures(),
      cancel,
    };
    table[action]?.();
  }

  function step(way, otherwise) {
    acts.handles.rest();
    if (store[way]() === null) theatre.notices.tell("note", otherwise, { key: "undo" });
    else theatre.book.settle(way === "undo" ? "undone" : "done again");
  }

  /** Escape: the innermost thing first. */
  function cancel() {
    if (acts.handles.escape()) return;
    if (theatre.help.isOpen()) return theatre.help.open(false);
    if (theatre.tools.closeMenus()) return;
    if (store.view.arming) return store.look({ arming: null, aim: null });
    if (store.view.drawing.length) return store.look({ drawing: [] });
    if (store.view.mode !== "cross") return store.look({ mode: "cross" });
    if (store.view.maximised) store.look({ maximised: null });
  }

  return acts;
}

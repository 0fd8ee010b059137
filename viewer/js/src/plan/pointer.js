/** The hand on a path: hover, drag of an end or of the whole, snaps, and steps by arrow keys. */

import { arrow, hit, moved, shift } from "./geometry.js";
import { shownPaths, whole } from "./shown.js";
import { Snaps } from "./snap.js";

/**
 * @typedef {object} View  one that paths are held in
 * @property {string} name
 * @property {import("../planes.js").PlaneSpec | null} plane  null: 3D
 * @property {HTMLElement} stage
 * @property {() => import("./geometry.js").Sight | null} sight  null: nothing can be held now
 */

/** A press that moves less than this is a click [px]. */
const CLICK_PX = 3;
/** Steps of an arrow key, and with Shift [mm]. */
const STEP_MM = 0.5;
const LONG_STEP_MM = 5;
/** Arrow keys so close together are one move [ms]. */
const REST_MS = 350;

export class Handles {
  /** @param {any} theatre see theatre.js */
  constructor(theatre) {
    this.theatre = theatre;
    this.store = theatre.store;
    this.snaps = new Snaps(theatre);
    /** @type {Map<string, any>} what stands over each view, see layer.js */ this.layers =
      new Map();
    this.hold = null;
    this.timer = 0;
    this.magnet = false;
    this.onkey = (event) => {
      if (event.key.toLowerCase() !== "s") return;
      event.preventDefault();
      this.magnet = event.type === "keydown";
    };
  }

  get book() {
    return this.theatre.book;
  }

  /** Is the pointer free to take a path: nothing else is being done with it? */
  get free() {
    const { scene, view } = this.store;
    return Boolean(scene?.planning) && view.mode === "cross" && !view.arming;
  }

  #under(view, pixel) {
    const sight = this.free ? view.sight() : null;
    if (!sight) return null;
    const shown = shownPaths(this.store, this.book)
      .filter(({ plan }) => plan)
      .reverse();
    const paths = shown.map((one) => ({
      entry_mm: one.placement.entry_mm,
      target_mm: one.placement.target_mm,
      shaft: one.role !== "ghost" && whole(one),
    }));
    const found = hit(sight, paths, pixel);
    return found && { ...found, sight, shown: shown[found.index] };
  }

  /** The pointer moves without a button. @param {View} view @returns {boolean} over a path */
  hover(view, pixel) {
    if (this.hold) return true;
    const found = this.#under(view, pixel);
    this.#touch(
      found && {
        plan: found.shown.plan,
        placement: found.shown.n,
        end: found.end,
        view: view.name,
        former: null,
        words: "",
      },
    );
    const aiming = this.store.view.arming ? "aim" : "";
    view.stage.dataset.plan = !found ? aiming : found.shown.fixed ? "fixed" : "over";
    return Boolean(found);
  }

  #touch(handle) {
    const now = this.store.view.handle;
    const same = ["plan", "placement", "end", "view", "former", "words"];
    if (now === handle || (now && handle && same.every((k) => now[k] === handle[k]))) return;
    this.store.look({ handle });
  }

  leave(view) {
    if (this.hold || this.timer) return;
    view.stage.dataset.plan = "";
    this.#touch(null);
  }

  /** A press that takes hold of a path. @param {View} view @returns {boolean} taken */
  press(view, pixel) {
    this.rest();
    const found = this.#under(view, pixel);
    if (!found || found.shown.fixed) return false;
    const { shown, end, point, sight } = found;
    this.hold = {
      id: shown.plan,
      n: shown.n,
      ghost: shown.role === "ghost",
      end,
      point,
      from: shown.placement,
      ray: sight.ray(pixel),
      normal: sight.normal,
      pixel,
      moved: false,
    };
    if (!this.hold.ghost && shown.n !== this.store.view.placement) {
      this.store.look({ placement: shown.n, depth_mm: null });
    }
    for (const type of ["keydown", "keyup"]) window.addEventListener(type, this.onkey, true);
    return true;
  }

  /** @param {View} view @param {[number, number]} pixel @param {{altKey: boolean}} keys */
  move(view, pixel, { altKey }) {
    const { hold } = this;
    const sight = hold && view.sight();
    if (!sight || hold.ghost) return;
    const way = Math.hypot(pixel[0] - hold.pixel[0], pixel[1] - hold.pixel[1]);
    if (!hold.moved && way < CLICK_PX) return;
    hold.moved = true;
    view.stage.dataset.plan = "drag";
    const ray = sight.ray(pixel);
    const delta = shift(hold, ray, altKey);
    if (!delta) return;
    if (this.#snapping && hold.end !== "both") {
      if (!view.plane && hold.end === "entry") return this.#snapInSpace(view, ray);
      const free = hold.from[`${hold.end}_mm`].map((x, axis) => x + delta[axis]);
      const found = this.#snapped(view, hold.end, free);
      if (found) return this.#to(view, delta, found);
    }
    this.#to(view, delta, null);
  }

  get #snapping() {
    return this.magnet !== Boolean(this.store.view.snap);
  }

  #snapped({ plane }, end, point) {
    return end === "entry" ? plane && this.snaps.scalp(plane, point) : this.snaps.centre(point);
  }

  /** In 3D the server tells where the ray meets the scalp: one question in flight. */
  #snapInSpace(view, ray) {
    const { hold } = this;
    if (hold.asking) {
      hold.next = ray;
      return;
    }
    hold.asking = true;
    this.theatre.acts.pick(ray, {
      only: "scalp",
      then: (point) => {
        hold.asking = false;
        if (this.hold !== hold) return;
        if (point) this.#to(view, [0, 0, 0], { point, words: "on the scalp" });
        const { next } = hold;
        hold.next = null;
        if (next && this.#snapping) this.#snapInSpace(view, next);
      },
    });
  }

  /** Move what is held, from where it was taken. */
  #to(view, delta, found) {
    const { id, n, end, from } = this.hold;
    const path = found ? { ...from, [`${end}_mm`]: found.point } : moved(from, end, delta);
    if (!path || (found && !moved(/** @type {any} */ (path), end, [0, 0, 0]))) return;
    const words = found?.words ?? "";
    this.#remember(id);
    this.#touch({ plan: id, placement: n, end, view: view.name, former: from, words });
    if (end === "both") this.book.moveWhole(id, n, from, delta, { dragging: true });
    else this.book.moveEnd(id, n, end, path[`${end}_mm`], { dragging: true });
  }

  /** The button is up. @param {View} view */
  release(view) {
    const { hold } = this;
    this.#letGo(view);
    if (!hold) return;
    if (hold.moved) this.book.drop();
    else if (hold.ghost) this.book.choose(hold.id);
    else if (hold.end === "both") this.theatre.acts.moveTo(hold.point);
    else this.theatre.acts.goToPoint(hold.point);
    if (!hold.ghost) this.focus(hold.end, view.name);
  }

  #letGo(view) {
    this.hold = null;
    this.magnet = false;
    for (const type of ["keydown", "keyup"]) window.removeEventListener(type, this.onkey, true);
    view.stage.dataset.plan = "";
    const { handle } = this.store.view;
    this.#touch(handle && { ...handle, former: null, words: "" });
  }

  /** Escape: take back what is being moved. @returns {boolean} whether something was */
  escape() {
    const { handle } = this.store.view;
    const busy = this.hold?.moved || this.timer;
    if (!busy) return false;
    clearTimeout(this.timer);
    this.timer = 0;
    this.#takeBack();
    const layer = this.layers.get(handle?.view);
    if (this.hold && layer) this.#letGo(layer.view);
    else this.#touch(handle && { ...handle, former: null, words: "" });
    return true;
  }

  /** What stands before a move begins. */
  #remember(id) {
    if (this.book.dragging) return;
    const { placements } = /** @type {any} */ (this.book.plans.find((plan) => plan.id === id));
    this.before = { id, placements, mark: this.store.history.mark() };
  }

  /** As if the move had never begun. */
  #takeBack() {
    const { id, placements, mark } = this.before;
    const plans = this.book.plans.map((plan) => (plan.id === id ? { ...plan, placements } : plan));
    this.book.dragging = null;
    this.store.history.forgetSince(mark, { ...this.store.display, plans });
    this.store.tell("plans");
  }

  /** After the views are drawn: what stands over them follows. */
  settle() {
    for (const layer of this.layers.values()) layer.settle();
  }

  // --- keys ---

  /** Take an end in hand for the arrow keys. @param {string} end @param {string} [name] of a view */
  focus(end, name = this.store.view.active) {
    const layer = this.layers.get(name) ?? this.layers.get("axial");
    layer?.focus(end);
  }

  /** @param {View} view @param {import("./geometry.js").End} end @param {KeyboardEvent} event */
  key(view, end, event) {
    const plan = this.book.current;
    const n = this.store.view.placement;
    const from = plan?.placements[n];
    const sight = view.sight();
    if (!from || !sight || this.book.stale(plan) || this.hold) return false;
    const step = arrow(sight, from, event.key, event.altKey);
    if (!step) return false;
    const mm = event.shiftKey ? LONG_STEP_MM : STEP_MM;
    const delta = /** @type {any} */ (step.map((x) => x * mm));
    const path = moved(from, end, delta);
    if (!path) return true;
    const former = this.timer ? this.store.view.handle?.former : from;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.rest(), REST_MS);
    this.#remember(plan.id);
    this.#touch({ plan: plan.id, placement: n, end, view: view.name, former, words: "" });
    if (end === "both") this.book.moveWhole(plan.id, n, from, delta, { dragging: true });
    else this.book.moveEnd(plan.id, n, end, path[`${end}_mm`], { dragging: true });
    return true;
  }

  /** The arrow keys rest: what they moved is one step. */
  rest() {
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.timer = 0;
    this.book.drop();
    this.#touch(null);
  }

  /** Where a click goes that places an end. @param {View} view */
  aimed(view, point) {
    const end = this.store.view.arming;
    return (end && this.#snapping && this.#snapped(view, end, point)?.point) || point;
  }

  /** The case is closed. */
  forget() {
    clearTimeout(this.timer);
    this.timer = 0;
    for (const type of ["keydown", "keyup"]) window.removeEventListener(type, this.onkey, true);
    this.hold = null;
  }
}

/** What the theatre shows: an undoable display, and the passing state of the views. */

import { NO_CLIP } from "./clip.js";
import { History } from "./history.js";

/**
 * @typedef {import("./types.js").Scene} Scene
 * @typedef {import("./types.js").Point} Point
 * @typedef {object} Display  undoable
 * @property {[number, number]} window
 * @property {"outline" | "fill" | "off"} overlay
 * @property {number} overlay_opacity
 * @property {import("./types.js").Convention} convention
 * @property {import("./types.js").Nose} nose
 * @property {boolean} crosshair
 * @property {Record<string, boolean>} shown
 * @property {Record<string, number>} opacity
 * @property {string | null} isolated
 * @property {import("./clip.js").Clip} clip
 * @property {boolean} planes
 * @property {string} volume  id of a volume preset, "off"
 * @property {boolean} volume_surfaces  surfaces together with the volume rendering
 * @property {import("./types.js").Measure[]} measures
 * @property {import("./plan/plan.js").Plan[]} plans
 * @property {string | null} current  id of the plan that is edited
 * @property {{id: string, point_mm: Point, text: string}[]} pins
 * @property {{ac_mm: Point, pc_mm: Point, mid_mm: Point} | null} landmarks  as a person set them
 */

const PLAIN = {
  window: [0, 1],
  overlay: "outline",
  overlay_opacity: 0.8,
  crosshair: true,
  shown: {},
  opacity: {},
  isolated: null,
  clip: NO_CLIP,
  planes: false,
  volume: "off",
  volume_surfaces: false,
  measures: [],
  plans: [],
  current: null,
  pins: [],
  landmarks: null,
};

export class Store {
  /** @param {{convention: string, nose: string}} taste  kept over all cases */
  constructor(taste) {
    this.taste = taste;
    /** @type {Set<(what: Set<string>) => void>} */ this.listeners = new Set();
    this.clear(null);
  }

  /** Begin anew with a scene. @param {Scene | null} scene */
  clear(scene) {
    this.scene = scene;
    const display = { ...PLAIN, ...this.taste, window: scene?.volume?.window ?? [0, 1] };
    display.shown = Object.fromEntries((scene?.structures ?? []).map((s) => [s.id, s.visible]));
    display.opacity = Object.fromEntries((scene?.structures ?? []).map((s) => [s.id, s.opacity]));
    /** @type {History<Display>} */
    this.history = new History(/** @type {any} */ (display));
    const bounds = scene?.bounds_mm;
    const middle = bounds
      ? [0, 1, 2].map((a) => (bounds[2 * a] + bounds[2 * a + 1]) / 2)
      : [0, 0, 0];
    this.view = {
      cursor: /** @type {Point} */ (middle),
      mode: "cross",
      active: "axial",
      maximised: null,
      selected: null,
      /** The structure whose surface a click in 3D met, while the crosshair stands there. */
      picked: null,
      drawing: /** @type {Point[]} */ ([]),
      hover: null,
      detail: "auto",
      tab: "structures",
      /** Number of the placement that is edited. */
      placement: 0,
      /** The end, or the whole path, under the pointer or being moved: {plan, placement, end, view,
       * former: where it was before, words: what it snapped to}. */
      handle: null,
      /** Where the scrubber stands: depth from the entry [mm], null for the target. */
      depth_mm: null,
      /** "entry" or "target": the next click in a view places it. */
      arming: null,
      /** Under the pointer while an end waits for its click. */
      aim: null,
      /** Drags and clicks are drawn to the scalp and to centres of structures. */
      snap: false,
      /** Other plans are drawn, as ghosts. */
      ghost: true,
      map: false,
      /** A proposed plan that is looked at, and not kept. */
      preview: null,
      /** Whether the tube in which no slip misses a margin is drawn. */
      tube: false,
      /** Electrodes that come too near each other: {a, b, point_mm, distance_mm}. */
      conflicts: /** @type {any[]} */ ([]),
      /** Views along the path: true, false, or null for wherever there is a plan. */
      paths: null,
    };
    this.tell("scene");
  }

  /** @returns {Display} */
  get display() {
    return this.history.present;
  }

  /** Change the display, as one undoable step. @param {string} tag @param {Partial<Display>} patch */
  change(tag, patch) {
    this.history.push({ ...this.display, ...patch }, { tag, now: performance.now() });
    this.tell(...Object.keys(patch));
  }

  /** Change the display without a step. @param {Partial<Display>} patch */
  amend(patch) {
    this.history.amend({ ...this.display, ...patch });
    this.tell(...Object.keys(patch));
  }

  /** Change passing state. */
  look(patch) {
    Object.assign(this.view, patch);
    this.tell(...Object.keys(patch));
  }

  undo() {
    return this.#stepped(this.history.undo());
  }

  redo() {
    return this.#stepped(this.history.redo());
  }

  #stepped(tag) {
    if (tag !== null) this.tell(...Object.keys(this.display));
    return tag;
  }

  /** Ids drawn in 3D and outlined in slices. */
  visible(id) {
    const { isolated, shown } = this.display;
    return isolated ? id === isolated : shown[id] === true;
  }

  subscribe(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  tell(...what) {
    const set = new Set(what);
    for (const listener of this.listeners) listener(set);
  }
}

/** One slice view: its canvas, its texts and what the pointer does in it. */

import { fitCanvas, say } from "./dom.js";
import { rasOne } from "./format.js";
import { gridBounds, inside, sliceIndex, slicePosition } from "./grid.js";
import { words } from "./measure.js";
import { edges } from "./orientation.js";
import { sliceSight } from "./plan/geometry.js";
import { PlanLayer } from "./plan/layer.js";
import { PLANES, acrossSign, axes, fit, toPixel, toPoint } from "./planes.js";
import { SliceImage } from "./slice_image.js";
import { paintCross, paintImage, paintMeasures, paintPolyline, paintScale } from "./slice_paint.js";
import { slicePointer } from "./slice_pointer.js";

/**
 * @typedef {import("./types.js").Point} Point
 * @typedef {object} Layers  what all slices share
 * @property {any} volume  null until loaded
 * @property {any} labels
 * @property {string} stamp
 * @property {(label: number) => boolean} wanted
 */

export class SliceView {
  /**
   * @param {import("./types.js").PlaneName} name
   * @param {ReturnType<import("./pane.js").pane>} pane
   * @param {import("./store.js").Store} store
   * @param {Layers} layers
   * @param {any} acts  what pointers may cause, see theatre.js
   */
  constructor(name, pane, store, layers, acts) {
    this.plane = PLANES[name];
    this.pane = pane;
    this.store = store;
    this.layers = layers;
    this.image = new SliceImage(this.plane);
    this.context = pane.canvas.getContext("2d", { willReadFrequently: true });
    this.placed = null;
    /** @type {Point | null} */ this.rubber = null;
    this.plans = new PlanLayer(
      pane,
      { name, plane: this.plane, stage: pane.stage, sight: () => this.sight() },
      acts.handles,
    );
    slicePointer(this, acts);
  }

  /** Forget the case: no pixel stays. */
  clear() {
    this.image.clear();
    this.placed = null;
    this.rubber = null;
    const { canvas } = this.pane;
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.clearRect(0, 0, canvas.width, canvas.height);
    for (const place of [this.pane.position, this.pane.info]) say(place, "");
    this.plans.clear();
    this.#letters(null);
  }

  /** Bounds that "fit" shows: the anatomy's, else the image's. */
  get bounds() {
    const { scene } = this.store;
    return scene?.bounds_mm ?? (scene?.volume ? gridBounds(scene.volume) : null);
  }

  reset() {
    this.placed = null;
  }

  /** Where the slice stands on screen now. @returns {import("./planes.js").Frame | null} */
  frame() {
    const bounds = this.bounds;
    const { clientWidth, clientHeight } = this.pane.canvas;
    if (!bounds || clientWidth < 8 || clientHeight < 8) return null;
    const size = /** @type {[number, number]} */ ([clientWidth, clientHeight]);
    const place = this.placed ?? fit(this.plane.name, bounds, [size[0] - 36, size[1] - 40]);
    return {
      plane: this.plane,
      sign: acrossSign(this.plane.name, this.store.display),
      size,
      ...place,
    };
  }

  /** Point of a pointer event at this slice. @returns {Point | null} */
  pointAt(x, y) {
    const frame = this.frame();
    if (!frame) return null;
    const grid = this.store.scene?.volume;
    const at = /** @type {Point} */ ([...this.store.view.cursor]);
    if (grid) at[this.plane.through] = this.position(grid);
    const point = toPoint(frame, [x, y], at);
    return grid ? inside(grid, point) : point;
  }

  /** Millimetres of the slice that is drawn. */
  position(grid) {
    const axis = this.plane.through;
    return slicePosition(grid, axis, sliceIndex(grid, axis, this.store.view.cursor[axis]));
  }

  /**
   * The slice as paths are seen in it.
   * @param {import("./planes.js").Frame | null} [frame]
   * @returns {import("./plan/geometry.js").Sight | null}
   */
  sight(frame = this.frame()) {
    const { scene, display, view } = this.store;
    if (!scene || !frame) return null;
    const at = scene.volume ? this.position(scene.volume) : view.cursor[this.plane.through];
    return sliceSight(frame, at, display);
  }

  /** Draw the plans alone: the picture below them stays. */
  drawPlans(frame = this.frame()) {
    const grid = this.store.scene?.volume;
    this.plans.draw(this.sight(frame), grid ? grid.spacing_mm[this.plane.through] / 2 : 1);
  }

  /** Move the picture so that a point is in sight. @param {Point} point */
  reveal(point) {
    const frame = this.frame();
    if (!frame || !this.placed) return;
    const [x, y] = toPixel(frame, point);
    const [w, h] = frame.size;
    if (x < 20 || y < 20 || x > w - 20 || y > h - 20) {
      const { across, upward } = this.plane;
      this.placed = { zoom: frame.zoom, centre_mm: [point[across], point[upward]] };
    }
  }

  /** Zoom about a pixel. */
  zoom(factor, about) {
    const frame = this.frame();
    if (!frame) return;
    const pixel = about ?? [frame.size[0] / 2, frame.size[1] / 2];
    const zoom = Math.min(Math.max(frame.zoom * factor, 0.2), 60);
    const before = toPoint(frame, pixel, [0, 0, 0]);
    const after = toPoint({ ...frame, zoom }, pixel, [0, 0, 0]);
    const { across, upward } = this.plane;
    this.placed = {
      zoom,
      centre_mm: [
        frame.centre_mm[0] + before[across] - after[across],
        frame.centre_mm[1] + before[upward] - after[upward],
      ],
    };
  }

  /** Move the picture by pixels. */
  pan(dx, dy) {
    const frame = this.frame();
    if (!frame) return;
    const [u, v] = frame.centre_mm;
    this.placed = {
      zoom: frame.zoom,
      centre_mm: [u - (frame.sign * dx) / frame.zoom, v + dy / frame.zoom],
    };
  }

  /** Draw everything as it now is. */
  draw() {
    const ratio = Math.min(globalThis.devicePixelRatio || 1, 2);
    const size = fitCanvas(this.pane.canvas, ratio);
    const context = this.context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.pane.canvas.width, this.pane.canvas.height);
    const frame = this.frame();
    if (!frame) return this.#letters(null);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    frame.size = size;
    const { display, view, scene } = this.store;
    const axis = this.plane.through;
    const grid = scene.volume;
    const at = grid ? this.position(grid) : view.cursor[axis];
    if (this.layers.volume)
      this.#picture(context, frame, sliceIndex(grid, axis, view.cursor[axis]));
    const half = grid ? grid.spacing_mm[axis] * 0.75 : 1;
    paintMeasures(context, frame, display.measures, at, half);
    this.#rubberBand(context, frame);
    paintCross(context, frame, view.cursor, this.#crossColours(), display.crosshair);
    paintScale(context, frame);
    this.#letters(axes(this.plane.name, display));
    const count = grid
      ? `  ${sliceIndex(grid, axis, view.cursor[axis]) + 1}/${grid.shape[axis]}`
      : "";
    say(this.pane.position, rasOne(axis, at) + count);
    this.drawPlans(frame);
  }

  #picture(context, frame, index) {
    const { volume, labels, wanted, stamp } = this.layers;
    const { display, view } = this.store;
    this.image.draw(volume, index);
    if (labels) this.image.drawLabels(labels, index, display.overlay, wanted, stamp);
    const overlay = labels ? display.overlay : "off";
    paintImage(
      context,
      frame,
      volume.grid,
      this.image,
      { ...display, overlay },
      labels?.colours ?? new Map(),
      labels?.numbers.get(view.selected),
    );
  }

  #rubberBand(context, frame) {
    const { drawing, mode } = this.store.view;
    if (!drawing.length) return;
    const points = this.rubber ? [...drawing, this.rubber] : drawing;
    const text = points.length > 1 ? words(/** @type {any} */ (mode), points) : "";
    paintPolyline(
      context,
      points.map((p) => toPixel(frame, p)),
      text,
      { dashed: true },
    );
  }

  /** A line in this view is another plane seen from its edge: it wears that plane's colour. */
  #crossColours() {
    const through = (axis) => Object.values(PLANES).find((p) => p.through === axis)?.colour;
    return { vertical: through(this.plane.across), horizontal: through(this.plane.upward) };
  }

  #letters(screen) {
    const words = screen
      ? edges(screen.right, screen.up)
      : { left: "", right: "", top: "", bottom: "" };
    for (const [edge, text] of Object.entries(words)) say(this.pane.letters[edge], text);
  }
}

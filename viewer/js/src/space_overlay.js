/** What is written over the 3D picture: letters, cube, crosshair, measures. */

import { frame, project } from "./camera.js";
import { fitCanvas, say } from "./dom.js";
import { PlanLayer } from "./plan/layer.js";
import { paintPlansOver } from "./plan/space_paint.js";
import { cube, edges } from "./orientation.js";
import { paintPolyline } from "./slice_paint.js";
import { words } from "./measure.js";

const FACE = { R: "#7d3a3a", L: "#7d3a3a", A: "#3f6b3a", P: "#3f6b3a", S: "#3a557d", I: "#3a557d" };
const HALF = 19;

export class SpaceOverlay {
  /**
   * @param {ReturnType<import("./pane.js").pane>} pane
   * @param {import("./store.js").Store} store
   * @param {import("./plan/pointer.js").View} paths  the view as paths are held in it
   * @param {import("./plan/pointer.js").Handles} handles
   */
  constructor(pane, store, paths, handles) {
    this.pane = pane;
    this.store = store;
    this.plans = new PlanLayer(pane, paths, handles);
    this.context = pane.canvas.getContext("2d", { willReadFrequently: true });
    /** @type {[number, number] | null} */ this.rubber = null;
  }

  clear() {
    const { canvas } = this.pane;
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.clearRect(0, 0, canvas.width, canvas.height);
    for (const letter of Object.values(this.pane.letters)) say(letter, "");
    this.plans.clear();
  }

  /** @param {import("./camera.js").Camera | null} camera */
  draw(camera) {
    const ratio = Math.min(globalThis.devicePixelRatio || 1, 2);
    const size = fitCanvas(this.pane.canvas, ratio);
    this.clear();
    if (!camera || !this.store.scene) return;
    const context = this.context;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const screen = frame(camera);
    for (const [edge, text] of Object.entries(edges(screen.right, screen.up))) {
      say(this.pane.letters[edge], text);
    }
    const { display, view } = this.store;
    if (display.crosshair) this.#cross(context, camera, view.cursor, size);
    for (const measure of display.measures) {
      this.#line(context, camera, size, measure.points_mm, measure.text, !measure.confirmed);
    }
    if (view.drawing.length) {
      const text =
        view.drawing.length > 1 ? words(/** @type {any} */ (view.mode), view.drawing) : "";
      this.#line(context, camera, size, view.drawing, text, false, true);
    }
    const sight = this.plans.view.sight();
    if (sight) paintPlansOver(context, sight, this.store, this.plans.handles.book);
    this.plans.draw(sight);
    this.plans.settle();
    paintCube(context, cube(screen), [36, size[1] - 44]);
  }

  #line(context, camera, size, points, text, pending, dashed = false) {
    const seen = points.map((p) => project(camera, p, size));
    if (seen.some((p) => p === null)) return;
    paintPolyline(
      context,
      seen.map((p) => [p.x, p.y]),
      text,
      { pending, dashed },
    );
  }

  /** Three short lines along R, A and S through the crosshair's point. */
  #cross(context, camera, cursor, size) {
    context.lineWidth = 1.25;
    for (const [axis, colour] of [
      [0, "#edd54c"],
      [1, "#6eb04b"],
      [2, "#f4695c"],
    ]) {
      const ends = [-14, -3, 3, 14].map((offset) => {
        const point = /** @type {any} */ ([...cursor]);
        point[axis] += offset;
        return project(camera, point, size);
      });
      if (ends.some((p) => p === null)) continue;
      context.strokeStyle = /** @type {string} */ (colour);
      context.beginPath();
      for (const [from, to] of [
        [0, 1],
        [2, 3],
      ]) {
        context.moveTo(ends[from].x, ends[from].y);
        context.lineTo(ends[to].x, ends[to].y);
      }
      context.stroke();
    }
  }
}

/** The orientation cube, its letters lying in its faces. */
function paintCube(context, faces, [x, y]) {
  for (const { letter, centre, across, down, facing } of faces) {
    context.save();
    context.transform(
      across[0] * HALF,
      across[1] * HALF,
      down[0] * HALF,
      down[1] * HALF,
      x + centre[0] * HALF,
      y + centre[1] * HALF,
    );
    context.fillStyle = FACE[letter];
    context.fillRect(-1, -1, 2, 2);
    context.strokeStyle = "rgba(230, 238, 243, 0.75)";
    context.lineWidth = 0.07;
    context.strokeRect(-1, -1, 2, 2);
    if (facing > 0.15) {
      context.fillStyle = "#ffffff";
      context.font = "700 1.35px system-ui, sans-serif";
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.fillText(letter, 0, 0.08);
    }
    context.restore();
  }
}

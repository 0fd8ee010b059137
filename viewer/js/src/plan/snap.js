/** Where a dragged end is drawn to: the head's outer edge in a slice, or a structure's centre. */

import { cut, sliceIndex, slicePosition, valueAt } from "../grid.js";

/** Larger boxes are envelopes and tissue, whose centre is nobody's target [mm]. House value. */
const LARGEST_MM = 90;

/**
 * The outer edge of what is labelled in a slice: middles of the faces between the outside, as far as
 * it reaches in from the picture's border, and the first labelled voxel.
 * @param {import("../types.js").GridSpec} grid @param {Uint16Array} array
 * @param {import("../planes.js").PlaneSpec} plane @param {number} index
 * @returns {Float64Array} pairs (across, upward) mm
 */
export function rim(grid, array, plane, index) {
  const { values, width, height } = cut(grid, array, plane, index);
  const outside = new Uint8Array(values.length);
  const queue = [];
  const reach = (u, v) => {
    const at = u + v * width;
    if (u < 0 || v < 0 || u >= width || v >= height || values[at] || outside[at]) return;
    outside[at] = 1;
    queue.push(at);
  };
  for (let u = 0; u < width; u += 1) [0, height - 1].forEach((v) => reach(u, v));
  for (let v = 0; v < height; v += 1) [0, width - 1].forEach((u) => reach(u, v));
  const edge = [];
  const place = (axis, n) => slicePosition(grid, axis, n);
  while (queue.length) {
    const at = /** @type {number} */ (queue.pop());
    const [u, v] = [at % width, Math.floor(at / width)];
    for (const [du, dv] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ]) {
      const [x, y] = [u + du, v + dv];
      if (x < 0 || y < 0 || x >= width || y >= height) continue;
      if (values[x + y * width]) {
        edge.push(place(plane.across, u + du / 2), place(plane.upward, v + dv / 2));
      } else reach(x, y);
    }
  }
  return Float64Array.from(edge);
}

/** The point of an edge nearest to (u, v), or null. @param {Float64Array} edge */
export function nearestOnEdge(edge, u, v) {
  let best = null;
  let least = Infinity;
  for (let i = 0; i < edge.length; i += 2) {
    const far = Math.hypot(edge[i] - u, edge[i + 1] - v);
    if (far < least) [best, least] = [[edge[i], edge[i + 1]], far];
  }
  return best;
}

/** @param {any} theatre see theatre.js */
export class Snaps {
  constructor(theatre) {
    this.theatre = theatre;
    this.labels = null;
  }

  /** What was found out holds for one label map. */
  #map() {
    const { labels } = this.theatre.layers;
    if (this.labels !== labels) {
      this.labels = labels;
      this.edges = new Map();
      this.centres = new Map();
    }
    return labels;
  }

  /** The head's edge nearest to a point in its slice; null without labels. */
  scalp(plane, point) {
    const labels = this.#map();
    if (!labels) return null;
    const index = sliceIndex(labels.grid, plane.through, point[plane.through]);
    const key = `${plane.name} ${index}`;
    if (!this.edges.has(key)) {
      this.edges.set(key, rim(labels.grid, labels.array, plane, index));
    }
    const found = nearestOnEdge(this.edges.get(key), point[plane.across], point[plane.upward]);
    if (!found) return null;
    const snapped = [...point];
    [snapped[plane.across], snapped[plane.upward]] = found;
    return { point: snapped, words: "on the scalp" };
  }

  /** The centre of the structure that a point lies in; null in none, or in a large one. */
  centre(point) {
    const labels = this.#map();
    const { scene } = this.theatre.store;
    const label = labels && valueAt(labels.grid, labels.array, point);
    const structure = scene.structures.find((s) => s.id === scene.labels?.key[String(label)]);
    const box = structure?.bounds_mm;
    if (!box || [0, 1, 2].some((a) => box[2 * a + 1] - box[2 * a] > LARGEST_MM)) return null;
    if (!this.centres.has(structure.id)) {
      this.centres.set(structure.id, this.theatre.centre(structure));
    }
    const centre = this.centres.get(structure.id);
    return centre && { point: centre, words: `at the centre of ${structure.title}` };
  }
}

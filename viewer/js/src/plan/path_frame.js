/** The two planes of a path: one that holds it, one across it. Vectors RAS, lengths mm. */

import { add, cross, dot, unit } from "../camera.js";

/**
 * @typedef {import("../types.js").Point} Point
 * @typedef {object} Plane  a picture's place: its middle, and what its edges show
 * @property {Point} centre_mm
 * @property {Point} right  unit
 * @property {Point} up     unit
 */

/** @param {{entry_mm: Point, target_mm: Point}} placement @returns {Point} unit, entry to target */
export const direction = ({ entry_mm, target_mm }) => unit(add(target_mm, entry_mm, -1));

/** How long a path is [mm]. */
export const length = ({ entry_mm, target_mm }) => Math.hypot(...add(target_mm, entry_mm, -1));

/** The point at a depth from the entry. @returns {Point} */
export const at = (placement, depth_mm) => add(placement.entry_mm, direction(placement), depth_mm);

/** Depth from the entry of the point of the axis that is nearest to a point [mm]. */
export const depthOf = (placement, point) =>
  dot(add(point, placement.entry_mm, -1), direction(placement));

/** What of `axis` is at right angles to `way`; null where nothing is. */
function across(axis, way) {
  const rest = add(axis, way, -dot(axis, way));
  return Math.hypot(...rest) < 0.35 ? null : unit(rest);
}

/**
 * The plane that holds the path, the entry above. Unturned, the patient's right is where the
 * convention wants it; a path along that axis shows front and back instead.
 * @param {{entry_mm: Point, target_mm: Point}} placement
 * @param {string} convention
 * @param {number} roll_deg  turn about the path, seen from the entry
 * @returns {Plane}
 */
export function along(placement, convention, roll_deg = 0) {
  const way = direction(placement);
  const side = convention === "neurological" ? 1 : -1;
  const flat = across([side, 0, 0], way) ?? /** @type {Point} */ (across([0, side, 0], way));
  const turned = cross(way, flat);
  const angle = (roll_deg * Math.PI) / 180;
  const right = add(
    flat.map((x) => x * Math.cos(angle)),
    turned,
    Math.sin(angle),
  );
  const centre_mm = at(placement, length(placement) / 2);
  return { centre_mm, right: unit(right), up: /** @type {Point} */ (way.map((x) => -x)) };
}

/**
 * The plane across the path at a depth, as seen from the entry; the head's top above, or its
 * front where the path runs up and down.
 * @returns {Plane}
 */
export function probe(placement, depth_mm) {
  const way = direction(placement);
  const up = across([0, 0, 1], way) ?? /** @type {Point} */ (across([0, 1, 0], way));
  return { centre_mm: at(placement, depth_mm), right: cross(way, up), up };
}

/** Pixel of a point's foot in a plane. @param {Plane} plane @param {number} zoom pixels per mm */
export function toPixel(plane, zoom, [width, height], point) {
  const away = add(point, plane.centre_mm, -1);
  return [width / 2 + dot(away, plane.right) * zoom, height / 2 - dot(away, plane.up) * zoom];
}

/** The point of a plane under a pixel. @returns {Point} */
export function toPoint(plane, zoom, [width, height], [x, y]) {
  const right = add(plane.centre_mm, plane.right, (x - width / 2) / zoom);
  return add(right, plane.up, (height / 2 - y) / zoom);
}

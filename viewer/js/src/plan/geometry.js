/** Straight paths under the pointer: what is met, where a drag leads, and which way arrows point. */

import { add, cross, dot, frame as cameraFrame, project, ray, unit } from "../camera.js";
import { axes, toPixel, toPoint } from "../planes.js";

/**
 * @typedef {import("../types.js").Point} Point
 * @typedef {import("./book.js").Placement} Placement
 * @typedef {{origin_mm: Point, direction: Point}} Ray  the direction has unit length
 * @typedef {"entry" | "target" | "both"} End
 * @typedef {object} Sight  a view as a drag needs it
 * @property {(point: Point) => [number, number] | null} pixel
 * @property {(pixel: [number, number]) => Ray} ray
 * @property {Point} right   RAS direction of screen right
 * @property {Point} up
 * @property {Point} normal  towards the viewer
 * @property {[number, number]} size  px
 * @property {(point: Point) => number} away  mm before (+) or behind (-) the slice; 0 in 3D
 */

/** How near to a handle the pointer takes it, and to the shaft between [px]. */
export const HIT_PX = 9;
export const SHAFT_PX = 6;
/** A path that lies farther from a slice is not taken by its shaft there [mm]. House value. */
export const SHAFT_MM = 20;
/** A path is at least so long [mm], as surgery.plan has it. */
const LEAST_MM = 1;

/** @param {import("../planes.js").Frame} frame @param {number} at_mm the slice @returns {Sight} */
export function sliceSight(frame, at_mm, display) {
  const { right, up } = axes(frame.plane.name, display);
  const normal = cross(/** @type {any} */ (right), /** @type {any} */ (up));
  const { through } = frame.plane;
  const slice = /** @type {Point} */ ([0, 0, 0]);
  slice[through] = at_mm;
  return {
    pixel: (point) => /** @type {any} */ (toPixel(frame, point)),
    ray: (pixel) => ({ origin_mm: toPoint(frame, pixel, slice), direction: normal }),
    right: /** @type {any} */ (right),
    up: /** @type {any} */ (up),
    normal,
    size: frame.size,
    away: (point) => (point[through] - at_mm) * normal[through],
  };
}

/** @param {import("../camera.js").Camera} camera @param {[number, number]} size @returns {Sight} */
export function spaceSight(camera, size) {
  const { right, up, back } = cameraFrame(camera);
  return {
    pixel: (point) => {
      const seen = project(camera, point, size);
      return seen && [seen.x, seen.y];
    },
    ray: (pixel) => ray(camera, pixel, size),
    right,
    up,
    normal: back,
    size,
    away: () => 0,
  };
}

/** From entry to target, unit length. @param {{entry_mm: Point, target_mm: Point}} path */
export const directionOf = ({ entry_mm, target_mm }) => unit(add(target_mm, entry_mm, -1));
export const lengthOf = ({ entry_mm, target_mm }) => Math.hypot(...add(target_mm, entry_mm, -1));

/** How far a pixel lies from a stretch, and where along it (0..1). */
export function fromStretch([x, y], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const square = dx * dx + dy * dy;
  const share = square ? Math.min(Math.max(((x - ax) * dx + (y - ay) * dy) / square, 0), 1) : 0;
  return { px: Math.hypot(x - ax - share * dx, y - ay - share * dy), share };
}

/**
 * The handle or shaft under a pixel. Handles come before shafts; of two in reach the nearer one is
 * taken, of two as near the one closer to the slice, then the one that stands first in `paths`.
 * @param {Sight} sight
 * @param {{entry_mm?: Point | null, target_mm?: Point | null, shaft?: boolean}[]} paths
 * @param {[number, number]} pixel
 * @returns {{index: number, end: End, point: Point} | null}  the point taken hold of, RAS mm
 */
export function hit(sight, paths, pixel) {
  let best = null;
  let least = Infinity;
  paths.forEach(({ entry_mm, target_mm }, index) => {
    for (const [end, point] of /** @type {const} */ ([
      ["entry", entry_mm],
      ["target", target_mm],
    ])) {
      const at = point && sight.pixel(point);
      if (!at) continue;
      const px = Math.hypot(at[0] - pixel[0], at[1] - pixel[1]);
      const cost = px + 0.02 * Math.abs(sight.away(point)) + 1e-6 * index;
      if (px <= HIT_PX && cost < least) [best, least] = [{ index, end, point }, cost];
    }
  });
  return best ?? shaftHit(sight, paths, pixel);
}

function shaftHit(sight, paths, pixel) {
  let best = null;
  let least = SHAFT_PX;
  paths.forEach(({ entry_mm, target_mm, shaft = true }, index) => {
    const [a, b] = [entry_mm, target_mm].map((point) => point && sight.pixel(point));
    if (!shaft || !a || !b) return;
    const { px, share } = fromStretch(pixel, a, b);
    const point = add(entry_mm, add(target_mm, entry_mm, -1), share);
    if (px < least && Math.abs(sight.away(point)) <= SHAFT_MM) {
      [best, least] = [{ index, end: /** @type {End} */ ("both"), point }, px];
    }
  });
  return best;
}

/** Where a ray meets the plane through a point; null along it. @param {Ray} ray @returns {Point | null} */
export function onPlane({ origin_mm, direction }, through, normal) {
  const slope = dot(direction, normal);
  if (Math.abs(slope) < 1e-3) return null;
  return add(origin_mm, direction, dot(add(through, origin_mm, -1), normal) / slope);
}

/**
 * Where a line comes nearest to a ray, as a distance from `from` along the unit `direction` [mm];
 * null when both run alike.
 * @param {Ray} ray
 */
export function alongLine(ray, from, direction) {
  const between = add(from, ray.origin_mm, -1);
  const alike = dot(direction, ray.direction);
  const square = 1 - alike * alike;
  if (square < 1e-3) return null;
  return (alike * dot(ray.direction, between) - dot(direction, between)) / square;
}

/**
 * What the pointer's way from one ray to another moves [mm]: in the plane through the point that was
 * taken, facing the viewer, or along the path.
 * @param {{from: Placement, point: Point, ray: Ray, normal: Point}} hold  as it was taken
 * @param {Ray} now
 * @param {boolean} along
 * @returns {Point | null}
 */
export function shift({ from, point, ray: then, normal }, now, along) {
  if (along) {
    const direction = directionOf(from);
    const [a, b] = [then, now].map((one) => alongLine(one, point, direction));
    return a === null || b === null
      ? null
      : /** @type {Point} */ (direction.map((x) => x * (b - a)));
  }
  const [a, b] = [then, now].map((one) => onPlane(one, point, normal));
  return a && b && add(b, a, -1);
}

/**
 * The ends of a path after a move; null where it would be too short to have a direction.
 * @param {Placement} from @param {End} end @param {Point} delta mm
 * @returns {{entry_mm: Point, target_mm: Point} | null}
 */
export function moved(from, end, delta) {
  const path = {
    entry_mm: end === "target" ? from.entry_mm : add(from.entry_mm, delta),
    target_mm: end === "entry" ? from.target_mm : add(from.target_mm, delta),
  };
  return lengthOf(path) < LEAST_MM ? null : path;
}

/**
 * What an arrow key moves: on the screen, or with `along` deeper (down) and back (up).
 * @param {Sight} sight @param {Placement} from @param {string} key @param {boolean} along
 * @returns {Point | null} unit direction
 */
export function arrow(sight, from, key, along) {
  const back = (v) => /** @type {Point} */ (v.map((x) => -x));
  if (along) {
    const direction = directionOf(from);
    return { ArrowDown: direction, ArrowUp: back(direction) }[key] ?? null;
  }
  const { right, up } = sight;
  return (
    { ArrowRight: right, ArrowLeft: back(right), ArrowUp: up, ArrowDown: back(up) }[key] ?? null
  );
}

/**
 * A path cut by how it lies to a slice: in it (0), before it (1) or behind it (-1).
 * @param {Sight} sight @param {Point} a @param {Point} b @param {number} half_mm
 * @returns {{from: Point, to: Point, side: -1 | 0 | 1}[]} from a to b
 */
export function pieces(sight, a, b, half_mm) {
  const [za, zb] = [sight.away(a), sight.away(b)];
  const cuts = [-half_mm, half_mm]
    .map((z) => (z - za) / (zb - za))
    .filter((t) => t > 0 && t < 1)
    .sort((x, y) => x - y);
  const at = (t) => add(a, add(b, a, -1), t);
  const ends = [0, ...cuts, 1];
  return ends.slice(1).map((t, n) => {
    const middle = za + ((ends[n] + t) / 2) * (zb - za);
    const side = Math.abs(middle) <= half_mm ? 0 : middle > 0 ? 1 : -1;
    return { from: at(ends[n]), to: at(t), side };
  });
}

/** Where a stretch meets a slice, or null. @param {Sight} sight */
export function crossing(sight, a, b) {
  const [za, zb] = [sight.away(a), sight.away(b)];
  if (za === zb || za * zb > 0) return null;
  return add(a, add(b, a, -1), za / (za - zb));
}

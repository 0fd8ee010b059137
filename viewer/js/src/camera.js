/** Turning, moving and asking a perspective camera. All vectors RAS mm. */

import { DIRECTION } from "./orientation.js";

/**
 * @typedef {import("./types.js").Point} Point
 * @typedef {object} Camera
 * @property {Point} position
 * @property {Point} focus
 * @property {Point} up     unit, at right angles to the view direction
 * @property {number} angle_deg  full vertical view angle
 */

const RADIANS = Math.PI / 180;

export const add = (a, b, k = 1) => /** @type {Point} */ (a.map((x, i) => x + k * b[i]));
export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a, b) =>
  /** @type {Point} */ ([
    a[1] * b[2] - a[2] * b[1],
    a[2] * b[0] - a[0] * b[2],
    a[0] * b[1] - a[1] * b[0],
  ]);
export const unit = (a) => {
  const size = Math.hypot(...a) || 1;
  return /** @type {Point} */ (a.map((x) => x / size));
};

/** Screen axes in RAS: right, up, and back (from the scene to the viewer). @param {Camera} c */
export function frame(c) {
  const back = unit(add(c.position, c.focus, -1));
  const right = unit(cross(c.up, back));
  return { right, up: cross(back, right), back };
}

/** Turn `v` about a unit axis. */
function turn(v, axis, radians) {
  const cos = Math.cos(radians);
  const sin = Math.sin(radians);
  const along = dot(axis, v) * (1 - cos);
  const side = cross(axis, v);
  return /** @type {Point} */ (v.map((x, i) => x * cos + side[i] * sin + axis[i] * along));
}

/** Trackball: dragging right turns the head to the right, dragging down tips it towards you. */
export function orbit(c, dx, dy, perPixel = 0.5 * RADIANS) {
  const { right, up } = frame(c);
  let arm = add(c.position, c.focus, -1);
  arm = turn(arm, up, -dx * perPixel);
  arm = turn(arm, right, -dy * perPixel);
  const tipped = turn(up, right, -dy * perPixel);
  const back = unit(arm);
  const straight = unit(add(tipped, back, -dot(tipped, back)));
  return { ...c, position: add(c.focus, arm), up: straight };
}

/** Move the scene with the pointer. `height` of the view in pixels. */
export function pan(c, dx, dy, height) {
  const { right, up } = frame(c);
  const perPixel =
    (2 * Math.hypot(...add(c.position, c.focus, -1)) * Math.tan((c.angle_deg / 2) * RADIANS)) /
    height;
  const shift = add(
    right.map((x) => -x * dx * perPixel),
    up,
    dy * perPixel,
  );
  return { ...c, position: add(c.position, shift), focus: add(c.focus, shift) };
}

/** Come closer by a factor > 1, at least to 20 mm. */
export function dolly(c, factor) {
  const arm = add(c.position, c.focus, -1);
  const far = Math.min(Math.max(Math.hypot(...arm) / factor, 20), 4000);
  return { ...c, position: add(c.focus, unit(arm), far) };
}

/**
 * Look from one of A P L R S I at everything in `bounds`.
 * @param {string} letter @param {number[]} bounds @param {number} aspect width / height
 * @returns {Camera}
 */
export function standard(letter, bounds, aspect = 1, angle_deg = 30) {
  return looking(DIRECTION[letter], bounds, aspect, angle_deg);
}

/** Where a case opens: from the patient's left front, a little from above, for depth. */
const OBLIQUE = unit([-0.62, 0.72, 0.32]);

/** @param {number[]} bounds @param {number} aspect width / height @returns {Camera} */
export function oblique(bounds, aspect = 1, angle_deg = 30) {
  return looking(OBLIQUE, bounds, aspect, angle_deg);
}

/** Look from a unit direction at everything in `bounds`, the head or the nose up. */
function looking(from, bounds, aspect, angle_deg) {
  const focus = /** @type {Point} */ (
    [0, 1, 2].map((a) => (bounds[2 * a] + bounds[2 * a + 1]) / 2)
  );
  const radius = Math.hypot(...[0, 1, 2].map((a) => (bounds[2 * a + 1] - bounds[2 * a]) / 2));
  const half = Math.atan(Math.tan((angle_deg / 2) * RADIANS) * Math.min(1, aspect));
  const wanted = Math.abs(from[2]) > 0.5 ? [0, 1, 0] : [0, 0, 1];
  const up = unit(add(wanted, from, -dot(wanted, from)));
  return { position: add(focus, from, (0.86 * radius) / Math.sin(half)), focus, up, angle_deg };
}

/** Pixel of a point, with its depth before the camera [mm]; null behind it. */
export function project(c, point, [width, height]) {
  const { right, up, back } = frame(c);
  const away = add(point, c.position, -1);
  const depth = -dot(away, back);
  if (depth <= 0.1) return null;
  const scale = height / 2 / Math.tan((c.angle_deg / 2) * RADIANS) / depth;
  return { x: width / 2 + dot(away, right) * scale, y: height / 2 - dot(away, up) * scale, depth };
}

/** The ray through a pixel: origin at the camera, unit direction. */
export function ray(c, [x, y], [width, height]) {
  const { right, up, back } = frame(c);
  const perPixel = (2 * Math.tan((c.angle_deg / 2) * RADIANS)) / height;
  const direction = unit(
    add(
      add(
        back.map((b) => -b),
        right,
        (x - width / 2) * perPixel,
      ),
      up,
      (height / 2 - y) * perPixel,
    ),
  );
  return { origin_mm: c.position, direction };
}

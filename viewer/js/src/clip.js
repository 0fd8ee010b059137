/** The clip plane: what lies on its normal's side stays. */

import { add, dot, unit } from "./camera.js";

/**
 * @typedef {import("./types.js").Point} Point
 * @typedef {object} Clip
 * @property {boolean} on
 * @property {0 | 1 | 2 | "path"} axis   RAS axis of the plane's normal; or the plane holds the path
 * @property {boolean} flipped  false: the part towards L, P or I stays
 * @property {boolean} follow   at the crosshair's slice
 * @property {number} share     0..1 of the bounds, when it does not follow
 */

/** @type {Clip} */
export const NO_CLIP = { on: false, axis: 0, flipped: false, follow: true, share: 0.5 };

/**
 * The plane through a path cuts away what lies before it for a viewer: peeled down to the target.
 * @param {Clip} clip @param {Point} cursor @param {number[] | null} bounds
 * @param {{entry_mm: Point, target_mm: Point, back: Point} | null} [path]  with the direction to the viewer
 * @returns {{origin_mm: Point, normal: Point} | null} null when nothing is cut
 */
export function clipPlane(clip, cursor, bounds, path = null) {
  if (!clip.on) return null;
  if (clip.axis === "path") {
    if (!path) return null;
    const way = unit(add(path.target_mm, path.entry_mm, -1));
    const facing = add(path.back, way, -dot(path.back, way));
    if (Math.hypot(...facing) < 1e-3) return null;
    const away = /** @type {Point} */ (unit(facing).map((x) => (clip.flipped ? x : -x)));
    return { origin_mm: path.target_mm, normal: away };
  }
  const origin = /** @type {Point} */ ([...cursor]);
  if (!clip.follow && bounds) {
    const [low, high] = [bounds[2 * clip.axis], bounds[2 * clip.axis + 1]];
    origin[clip.axis] = low + clip.share * (high - low);
  }
  const normal = /** @type {Point} */ ([0, 0, 0]);
  normal[clip.axis] = clip.flipped ? 1 : -1;
  return { origin_mm: origin, normal };
}

/** What the plane keeps, in words. @param {Clip} clip */
export function clipWords({ axis, flipped }) {
  if (axis === "path") return flipped ? "keeps what is before the path" : "peels down to the path";
  const sides = [
    ["the patient's left", "the patient's right"],
    ["the back", "the front"],
    ["what is below", "what is above"],
  ];
  return `keeps ${sides[axis][flipped ? 1 : 0]}`;
}

/** The clip plane: what lies on its normal's side stays. */

/**
 * @typedef {import("./types.js").Point} Point
 * @typedef {object} Clip
 * @property {boolean} on
 * @property {0 | 1 | 2} axis   RAS axis of the plane's normal
 * @property {boolean} flipped  false: the part towards L, P or I stays
 * @property {boolean} follow   at the crosshair's slice
 * @property {number} share     0..1 of the bounds, when it does not follow
 */

/** @type {Clip} */
export const NO_CLIP = { on: false, axis: 0, flipped: false, follow: true, share: 0.5 };

/**
 * @param {Clip} clip @param {Point} cursor @param {number[] | null} bounds
 * @returns {{origin_mm: Point, normal: Point} | null} null when nothing is cut
 */
export function clipPlane(clip, cursor, bounds) {
  if (!clip.on) return null;
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
  const sides = [
    ["the patient's left", "the patient's right"],
    ["the back", "the front"],
    ["what is below", "what is above"],
  ];
  return `keeps ${sides[axis][flipped ? 1 : 0]}`;
}

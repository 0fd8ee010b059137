/** The three standard planes, their colours, and the map between RAS mm and a view's pixels. */

/**
 * @typedef {import("./types.js").Point} Point
 * @typedef {import("./types.js").PlaneName} PlaneName
 * @typedef {object} PlaneSpec
 * @property {PlaneName} name
 * @property {string} title
 * @property {string} colour  Slicer's frame colour, written beside the name
 * @property {0 | 1 | 2} across  RAS axis along the screen's width
 * @property {0 | 1 | 2} upward  RAS axis along the screen's height
 * @property {0 | 1 | 2} through RAS axis across the slice
 */

/** @type {Record<PlaneName, PlaneSpec>} */
export const PLANES = {
  axial: { name: "axial", title: "Axial", colour: "#f4695c", across: 0, upward: 1, through: 2 },
  sagittal: {
    name: "sagittal",
    title: "Sagittal",
    colour: "#edd54c",
    across: 1,
    upward: 2,
    through: 0,
  },
  coronal: {
    name: "coronal",
    title: "Coronal",
    colour: "#6eb04b",
    across: 0,
    upward: 2,
    through: 1,
  },
};

/**
 * +1 where screen right is R (or A in sagittal), -1 where it is L (or P).
 * @param {PlaneName} plane
 * @param {{convention: string, nose: string}} display
 * @returns {1 | -1}
 */
export function acrossSign(plane, { convention, nose }) {
  if (plane === "sagittal") return nose === "right" ? 1 : -1;
  return convention === "neurological" ? 1 : -1;
}

/** The convention in words that leave no doubt. */
export function conventionWords(convention) {
  return convention === "neurological"
    ? "Neurological: patient's right is on screen right"
    : "Radiological: patient's right is on screen left";
}

/** @param {string} nose */
export function noseWords(nose) {
  return nose === "right" ? "Sagittal: nose right" : "Sagittal: nose left";
}

/** RAS directions of screen right and screen up. */
export function axes(plane, display) {
  const { across, upward } = PLANES[plane];
  const right = [0, 0, 0];
  const up = [0, 0, 0];
  right[across] = acrossSign(plane, display);
  up[upward] = 1;
  return { right, up };
}

/**
 * A slice's place on screen.
 * @typedef {object} Frame
 * @property {PlaneSpec} plane
 * @property {1 | -1} sign
 * @property {number} zoom     pixels per mm
 * @property {[number, number]} centre_mm  (across, upward) at the middle of the view
 * @property {[number, number]} size  pixels
 */

/** Pixel of a point (its part in the plane). @param {Frame} f @param {Point} point */
export function toPixel(f, point) {
  const { across, upward } = f.plane;
  return [
    f.size[0] / 2 + f.sign * (point[across] - f.centre_mm[0]) * f.zoom,
    f.size[1] / 2 - (point[upward] - f.centre_mm[1]) * f.zoom,
  ];
}

/** The point under a pixel, at the slice through `at`. @param {Frame} f @returns {Point} */
export function toPoint(f, [x, y], at) {
  const out = /** @type {Point} */ ([...at]);
  out[f.plane.across] = f.centre_mm[0] + (f.sign * (x - f.size[0] / 2)) / f.zoom;
  out[f.plane.upward] = f.centre_mm[1] - (y - f.size[1] / 2) / f.zoom;
  return out;
}

/** Zoom that shows all of `bounds` with a margin. */
export function fit(plane, bounds, size, margin = 0.94) {
  const { across, upward } = PLANES[plane];
  const width = bounds[2 * across + 1] - bounds[2 * across];
  const height = bounds[2 * upward + 1] - bounds[2 * upward];
  return {
    zoom: margin * Math.min(size[0] / width, size[1] / height),
    centre_mm: /** @type {[number, number]} */ ([
      (bounds[2 * across] + bounds[2 * across + 1]) / 2,
      (bounds[2 * upward] + bounds[2 * upward + 1]) / 2,
    ]),
  };
}

/** A round length for the scale bar: the largest 1, 2 or 5 × 10^n mm within `room` pixels. */
export function scaleBar(zoom, room) {
  const most = room / zoom;
  const ten = 10 ** Math.floor(Math.log10(most));
  const mm = [5, 2, 1].map((k) => k * ten).find((value) => value <= most) ?? ten;
  return { mm, pixels: mm * zoom };
}

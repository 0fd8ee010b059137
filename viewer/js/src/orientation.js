/** Patient letters for directions in RAS space, and the faces of the orientation cube. */

/** @typedef {import("./types.js").Point} Point */

const POSITIVE = ["R", "A", "S"];
const NEGATIVE = ["L", "P", "I"];

/** Components below this share of the largest one are not written. */
const OBLIQUE = 0.3;

/** @type {Record<string, Point>} */
export const DIRECTION = {
  R: [1, 0, 0],
  L: [-1, 0, 0],
  A: [0, 1, 0],
  P: [0, -1, 0],
  S: [0, 0, 1],
  I: [0, 0, -1],
};

/**
 * Letters of a direction, largest component first: [0.9, 0, 0.4] is "RS".
 * @param {number[]} direction  RAS, any length
 */
export function letters(direction) {
  const size = Math.max(...direction.map(Math.abs));
  if (!(size > 0)) return "";
  return direction
    .map((value, axis) => ({ value, axis, share: Math.abs(value) / size }))
    .filter(({ share }) => share >= OBLIQUE)
    .sort((a, b) => b.share - a.share || a.axis - b.axis)
    .map(({ value, axis }) => (value > 0 ? POSITIVE : NEGATIVE)[axis])
    .join("");
}

/**
 * What stands at each screen edge.
 * @param {number[]} right  RAS direction of screen right
 * @param {number[]} up     RAS direction of screen up
 */
export function edges(right, up) {
  const minus = (v) => v.map((x) => -x);
  return {
    right: letters(right),
    left: letters(minus(right)),
    top: letters(up),
    bottom: letters(minus(up)),
  };
}

/**
 * The cube's faces that look at the viewer, far ones first, in units of half an edge.
 * @param {{right: number[], up: number[], back: number[]}} frame  screen axes in RAS; back points
 *   from the scene to the viewer
 * @returns {{letter: string, centre: [number, number], across: [number, number],
 *   down: [number, number], facing: number}[]}
 */
export function cube({ right, up, back }) {
  const flat = (v) => /** @type {[number, number]} */ ([dot(v, right), -dot(v, up)]);
  return Object.entries(DIRECTION)
    .map(([letter, normal]) => {
      const { across, down } = faceAxes(normal);
      return {
        letter,
        centre: flat(normal),
        across: flat(across),
        down: flat(down),
        facing: dot(normal, back),
      };
    })
    .filter(({ facing }) => facing > 1e-3)
    .sort((a, b) => a.facing - b.facing);
}

/** Reading directions of a face seen from outside: sides are read head up, S and I nose up. */
function faceAxes(normal) {
  const up = Math.abs(normal[2]) > 0.5 ? [0, 1, 0] : [0, 0, 1];
  return { across: cross(up, normal), down: up.map((x) => -x) };
}

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

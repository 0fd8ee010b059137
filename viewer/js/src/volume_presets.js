/**
 * Volume renderings of MR. Greys are shares of the image's window (0.1 to 99.9 percentile), for MR
 * has no absolute units.
 *
 * @typedef {object} VolumePreset
 * @property {string} id
 * @property {string} title
 * @property {boolean} [mip]
 * @property {[number, number][]} opacity  (share, opacity per mm)
 * @property {[number, number, number, number][]} colour  (share, r, g, b)
 */

/** @type {VolumePreset[]} */
export const VOLUME_PRESETS = [
  {
    id: "head",
    title: "MR head (skin)",
    opacity: [
      [0, 0],
      [0.08, 0],
      [0.16, 0.35],
      [0.5, 0.5],
      [1, 0.7],
    ],
    colour: [
      [0, 0.35, 0.2, 0.15],
      [0.2, 0.72, 0.5, 0.4],
      [0.6, 0.9, 0.75, 0.65],
      [1, 1, 0.95, 0.9],
    ],
  },
  {
    id: "soft",
    title: "MR soft tissue (translucent)",
    opacity: [
      [0, 0],
      [0.15, 0],
      [0.35, 0.015],
      [0.6, 0.05],
      [0.8, 0.12],
      [1, 0.2],
    ],
    colour: [
      [0, 0.1, 0.1, 0.2],
      [0.35, 0.5, 0.4, 0.45],
      [0.7, 0.9, 0.8, 0.7],
      [1, 1, 1, 0.95],
    ],
  },
  {
    id: "bright",
    title: "MR bright signal (contrast, vessels)",
    opacity: [
      [0, 0],
      [0.7, 0],
      [0.82, 0.1],
      [1, 0.6],
    ],
    colour: [
      [0, 0, 0, 0],
      [0.7, 0.6, 0.2, 0.15],
      [0.85, 0.95, 0.5, 0.3],
      [1, 1, 0.9, 0.75],
    ],
  },
  {
    id: "mip",
    title: "Maximum intensity (MIP)",
    mip: true,
    opacity: [
      [0, 0],
      [0.05, 0],
      [1, 1],
    ],
    colour: [
      [0, 0, 0, 0],
      [1, 1, 1, 1],
    ],
  },
];

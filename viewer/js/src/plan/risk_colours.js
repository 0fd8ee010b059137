/** The risk map's colours: what each place of the scalp costs as an entry for the target. */

/** Levels of the engine: 0..127 is risk 0..1 of a feasible path, more is infeasible, 255 unknown. */
export const FEASIBLE = 127;
export const UNKNOWN = 255;
/** A vertex farther from every entry than this is not coloured [mm]. */
const REACH_MM = 7;

/** Cividis at 0, 1/8 … 1: even steps of lightness, the same for every kind of colour vision. */
const CIVIDIS = [
  [0, 34, 78],
  [18, 53, 112],
  [59, 73, 108],
  [87, 93, 109],
  [112, 113, 115],
  [138, 134, 120],
  [165, 156, 116],
  [195, 179, 105],
  [225, 204, 85],
];
export const BLOCKED = [72, 58, 62];
export const PLAIN = [126, 112, 104];

/** Colour of a risk 0..1: low is bright, high is dark. */
export function colourOf(risk) {
  const x = (1 - Math.min(Math.max(risk, 0), 1)) * (CIVIDIS.length - 1);
  const i = Math.min(Math.floor(x), CIVIDIS.length - 2);
  return CIVIDIS[i].map((c, k) => Math.round(c + (x - i) * (CIVIDIS[i + 1][k] - c)));
}

/**
 * For each vertex the number of the nearest entry, -1 beyond reach.
 * @param {Float32Array} points   3 n
 * @param {Float32Array} entries  3 m
 */
export function nearestEntries(points, entries, reach = REACH_MM) {
  const cells = new Map();
  const key = (x, y, z) => (x + 512) * 1048576 + (y + 512) * 1024 + (z + 512);
  const cell = (v) => Math.floor(v / reach);
  for (let e = 0; e < entries.length; e += 3) {
    const k = key(cell(entries[e]), cell(entries[e + 1]), cell(entries[e + 2]));
    const list = cells.get(k);
    if (list) list.push(e);
    else cells.set(k, [e]);
  }
  const found = new Int32Array(points.length / 3).fill(-1);
  for (let p = 0; p < points.length; p += 3) {
    const [x, y, z] = [points[p], points[p + 1], points[p + 2]];
    let least = reach * reach;
    for (let a = cell(x) - 1; a <= cell(x) + 1; a += 1)
      for (let b = cell(y) - 1; b <= cell(y) + 1; b += 1)
        for (let c = cell(z) - 1; c <= cell(z) + 1; c += 1)
          for (const e of cells.get(key(a, b, c)) ?? []) {
            const far =
              (entries[e] - x) ** 2 + (entries[e + 1] - y) ** 2 + (entries[e + 2] - z) ** 2;
            if (far < least) {
              least = far;
              found[p / 3] = e / 3;
            }
          }
  }
  return found;
}

/** RGB of each vertex. @param {Int32Array} nearest @param {Uint8Array} levels */
export function colours(nearest, levels, into) {
  const out = into?.length === 3 * nearest.length ? into : new Uint8Array(3 * nearest.length);
  const table = Array.from({ length: 256 }, (_, level) =>
    level === UNKNOWN ? PLAIN : level > FEASIBLE ? BLOCKED : colourOf(level / FEASIBLE),
  );
  for (let v = 0; v < nearest.length; v += 1) {
    out.set(nearest[v] < 0 ? PLAIN : table[levels[nearest[v]]], 3 * v);
  }
  return out;
}

/**
 * Lines of equal risk on a mesh: end points x, y, z of each piece, one level after the other.
 * @param {Float32Array} points @param {Uint32Array} faces
 * @param {Float32Array} risk  by vertex, NaN where there is none
 * @param {number[]} steps
 */
export function isolines(points, faces, risk, steps) {
  const lines = [];
  for (const step of steps) {
    for (let f = 0; f < faces.length; f += 3) {
      const corner = [faces[f], faces[f + 1], faces[f + 2]];
      const value = corner.map((v) => risk[v]);
      if (value.some(Number.isNaN)) continue;
      const ends = [];
      for (const [a, b] of [
        [0, 1],
        [1, 2],
        [2, 0],
      ]) {
        if (value[a] < step === value[b] < step) continue;
        const share = (step - value[a]) / (value[b] - value[a]);
        ends.push([0, 1, 2].map((k) => mix(points, corner[a], corner[b], k, share)));
      }
      if (ends.length === 2) lines.push(...ends[0], ...ends[1]);
    }
  }
  return new Float32Array(lines);
}

const mix = (points, a, b, k, share) => points[3 * a + k] * (1 - share) + points[3 * b + k] * share;

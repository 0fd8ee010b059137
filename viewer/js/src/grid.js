/** Index arithmetic on an axis-aligned RAS grid, and slices cut from its array. */

/**
 * @typedef {import("./types.js").GridSpec} GridSpec
 * @typedef {import("./types.js").Point} Point
 */

/** The voxel that holds a point, or null outside. @param {GridSpec} grid @param {Point} point */
export function voxel(grid, point) {
  const index = point.map((x, a) => Math.round((x - grid.origin_mm[a]) / grid.spacing_mm[a]));
  return index.every((i, a) => i >= 0 && i < grid.shape[a]) ? index : null;
}

/** Value at a point, or null outside. */
export function valueAt(grid, array, point) {
  const index = voxel(grid, point);
  if (!index) return null;
  const [ni, nj] = grid.shape;
  return array[index[0] + ni * (index[1] + nj * index[2])];
}

/** Slice number along `axis` nearest to a coordinate, kept inside. */
export function sliceIndex(grid, axis, mm) {
  const index = Math.round((mm - grid.origin_mm[axis]) / grid.spacing_mm[axis]);
  return Math.min(Math.max(index, 0), grid.shape[axis] - 1);
}

/** Coordinate of a slice [mm]. */
export function slicePosition(grid, axis, index) {
  return grid.origin_mm[axis] + index * grid.spacing_mm[axis];
}

/** Outer faces of the grid: [r0, r1, a0, a1, s0, s1] mm. */
export function gridBounds(grid) {
  return [0, 1, 2].flatMap((a) => [
    grid.origin_mm[a] - grid.spacing_mm[a] / 2,
    grid.origin_mm[a] + (grid.shape[a] - 0.5) * grid.spacing_mm[a],
  ]);
}

/** A point moved to the nearest place inside the grid. @returns {Point} */
export function inside(grid, point) {
  const bounds = gridBounds(grid);
  const edge = grid.spacing_mm;
  return /** @type {Point} */ (
    point.map((x, a) =>
      Math.min(Math.max(x, bounds[2 * a] + edge[a] / 2), bounds[2 * a + 1] - edge[a] / 2),
    )
  );
}

/**
 * Values of one slice; columns run along +across, rows along +upward (not yet turned for a screen).
 * @param {GridSpec} grid
 * @param {Int16Array | Uint16Array} array
 * @param {{across: number, upward: number, through: number}} plane
 * @param {number} index
 * @param {Int16Array | Uint16Array} [into]
 */
export function cut(grid, array, plane, index, into) {
  const stride = [1, grid.shape[0], grid.shape[0] * grid.shape[1]];
  const width = grid.shape[plane.across];
  const height = grid.shape[plane.upward];
  const out =
    into && into.length === width * height
      ? into
      : new /** @type {any} */ (array.constructor)(width * height);
  const start = index * stride[plane.through];
  const du = stride[plane.across];
  const dv = stride[plane.upward];
  for (let v = 0, at = 0; v < height; v += 1) {
    let from = start + v * dv;
    for (let u = 0; u < width; u += 1, at += 1, from += du) out[at] = array[from];
  }
  return { values: out, width, height };
}

/**
 * The voxel of a label nearest to the centre of a box, looking at every second one; null when none
 * is found.
 * @param {number[]} box  [r0, r1, a0, a1, s0, s1] mm
 * @returns {Point | null}
 */
export function nearestOf(grid, array, label, box) {
  const middle = [0, 1, 2].map((a) => (box[2 * a] + box[2 * a + 1]) / 2);
  const range = [0, 1, 2].map((a) => [
    sliceIndex(grid, a, box[2 * a]),
    sliceIndex(grid, a, box[2 * a + 1]),
  ]);
  const [ni, nj] = grid.shape;
  let best = null;
  let least = Infinity;
  for (let k = range[2][0]; k <= range[2][1]; k += 2) {
    for (let j = range[1][0]; j <= range[1][1]; j += 2) {
      for (let i = range[0][0]; i <= range[0][1]; i += 2) {
        if (array[i + ni * (j + nj * k)] !== label) continue;
        const point = [i, j, k].map((n, a) => slicePosition(grid, a, n));
        const far = Math.hypot(point[0] - middle[0], point[1] - middle[1], point[2] - middle[2]);
        if (far < least) [best, least] = [point, far];
      }
    }
  }
  return /** @type {Point | null} */ (best);
}

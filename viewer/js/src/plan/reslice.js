/** A volume and its labels sampled on a plane that lies askew in their grid. */

/** @typedef {import("./path_frame.js").Plane} Plane */

/**
 * Grey values, trilinear between voxel centres; outside of the grid `outside`.
 * @param {{shape: number[], spacing_mm: number[], origin_mm: number[]}} grid
 * @param {Int16Array} array
 * @param {Plane} plane
 * @param {{width: number, height: number, step_mm: number}} size  pixels, and mm from one to the next
 * @param {Int16Array} [into]
 */
export function greys(grid, array, plane, { width, height, step_mm }, into, outside = -32768) {
  const out = into?.length === width * height ? into : new Int16Array(width * height);
  const { start, du, dv } = walk(grid, plane, width, height, step_mm);
  const [ni, nj, nk] = grid.shape;
  const [sj, sk] = [ni, ni * nj];
  for (let v = 0, o = 0; v < height; v += 1) {
    let x = start[0] + v * dv[0];
    let y = start[1] + v * dv[1];
    let z = start[2] + v * dv[2];
    for (let u = 0; u < width; u += 1, o += 1, x += du[0], y += du[1], z += du[2]) {
      const i = Math.floor(x);
      const j = Math.floor(y);
      const k = Math.floor(z);
      if (i < 0 || j < 0 || k < 0 || i >= ni - 1 || j >= nj - 1 || k >= nk - 1) {
        out[o] = outside;
        continue;
      }
      const [a, b, c] = [x - i, y - j, z - k];
      const n = i + sj * j + sk * k;
      const low =
        (array[n] * (1 - a) + array[n + 1] * a) * (1 - b) +
        (array[n + sj] * (1 - a) + array[n + sj + 1] * a) * b;
      const m = n + sk;
      const high =
        (array[m] * (1 - a) + array[m + 1] * a) * (1 - b) +
        (array[m + sj] * (1 - a) + array[m + sj + 1] * a) * b;
      out[o] = Math.round(low * (1 - c) + high * c);
    }
  }
  return out;
}

/** Labels of the nearest voxels; 0 outside. */
export function labels(grid, array, plane, { width, height, step_mm }, into) {
  const out = into?.length === width * height ? into : new Uint16Array(width * height);
  const { start, du, dv } = walk(grid, plane, width, height, step_mm);
  const [ni, nj, nk] = grid.shape;
  for (let v = 0, o = 0; v < height; v += 1) {
    let x = start[0] + v * dv[0] + 0.5;
    let y = start[1] + v * dv[1] + 0.5;
    let z = start[2] + v * dv[2] + 0.5;
    for (let u = 0; u < width; u += 1, o += 1, x += du[0], y += du[1], z += du[2]) {
      const i = Math.floor(x);
      const j = Math.floor(y);
      const k = Math.floor(z);
      const within = i >= 0 && j >= 0 && k >= 0 && i < ni && j < nj && k < nk;
      out[o] = within ? array[i + ni * (j + nj * k)] : 0;
    }
  }
  return out;
}

/** Voxel index of the first pixel's middle, and steps along rows and columns. */
function walk({ spacing_mm, origin_mm }, { centre_mm, right, up }, width, height, step_mm) {
  const axes = [0, 1, 2];
  const start = axes.map(
    (a) =>
      (centre_mm[a] -
        origin_mm[a] +
        step_mm * (right[a] * (0.5 - width / 2) - up[a] * (0.5 - height / 2))) /
      spacing_mm[a],
  );
  const du = axes.map((a) => (step_mm * right[a]) / spacing_mm[a]);
  const dv = axes.map((a) => (-step_mm * up[a]) / spacing_mm[a]);
  return { start, du, dv };
}

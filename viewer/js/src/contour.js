/** Label outlines in a slice: where a label meets anything else, as line segments. */

/**
 * Marching squares over the voxel centres, one outline a label, cut at half a voxel.
 * @param {Uint16Array} values  width × height labels
 * @param {(label: number) => boolean} wanted
 * @returns {Map<number, number[]>} label → x0, y0, x1, y1, … in voxel units (voxel centres are whole)
 */
export function outlines(values, width, height, wanted) {
  /** @type {Map<number, number[]>} */
  const found = new Map();
  for (let y = -1; y < height; y += 1) {
    for (let x = -1; x < width; x += 1) {
      const a = at(values, width, height, x, y);
      const b = at(values, width, height, x + 1, y);
      const c = at(values, width, height, x + 1, y + 1);
      const d = at(values, width, height, x, y + 1);
      if (a === b && b === c && c === d) continue;
      trace(found, wanted, x, y, a, [a, b, c, d]);
      if (b !== a) trace(found, wanted, x, y, b, [a, b, c, d]);
      if (c !== a && c !== b) trace(found, wanted, x, y, c, [a, b, c, d]);
      if (d !== a && d !== b && d !== c) trace(found, wanted, x, y, d, [a, b, c, d]);
    }
  }
  return found;
}

function at(values, width, height, x, y) {
  return x < 0 || y < 0 || x >= width || y >= height ? 0 : values[x + y * width];
}

function trace(found, wanted, x, y, label, [a, b, c, d]) {
  if (label === 0 || !wanted(label)) return;
  let list = found.get(label);
  if (!list) found.set(label, (list = []));
  const top = [x + 0.5, y];
  const right = [x + 1, y + 0.5];
  const bottom = [x + 0.5, y + 1];
  const left = [x, y + 0.5];
  const code =
    (a === label ? 1 : 0) | (b === label ? 2 : 0) | (c === label ? 4 : 0) | (d === label ? 8 : 0);
  const line = (p, q) => list.push(p[0], p[1], q[0], q[1]);
  if (code === 1 || code === 14) line(left, top);
  else if (code === 2 || code === 13) line(top, right);
  else if (code === 4 || code === 11) line(right, bottom);
  else if (code === 8 || code === 7) line(bottom, left);
  else if (code === 3 || code === 12) line(left, right);
  else if (code === 6 || code === 9) line(top, bottom);
  else if (code === 5) (line(left, top), line(right, bottom));
  else if (code === 10) (line(top, right), line(bottom, left));
}

/** A volume in bytes for rendering: its window spread over 0..255, thinned to a voxel budget. */

/**
 * @param {import("./types.js").GridSpec} grid
 * @param {Int16Array} array
 * @param {{slope: number, inter: number, window: [number, number]}} scale
 * @param {number} budget   most voxels
 * @param {number} [longest] most voxels along an axis
 */
export function reduced(
  grid,
  array,
  { slope, inter, window: [low, high] },
  budget,
  longest = Infinity,
) {
  let step = 1;
  const shapeAt = (k) => grid.shape.map((n) => Math.ceil(n / k));
  const tooMuch = (k) => {
    const [a, b, c] = shapeAt(k);
    return a * b * c > budget || Math.max(a, b, c) > longest;
  };
  while (tooMuch(step)) step += 1;
  const shape = shapeAt(step);
  const [ni, nj] = grid.shape;
  const values = new Uint8Array(shape[0] * shape[1] * shape[2]);
  const gain = 255 / Math.max(high - low, 1e-9);
  let at = 0;
  for (let k = 0; k < shape[2]; k += 1) {
    for (let j = 0; j < shape[1]; j += 1) {
      let from = ni * (j * step + nj * k * step);
      for (let i = 0; i < shape[0]; i += 1, from += step, at += 1) {
        const grey = (array[from] * slope + inter - low) * gain;
        values[at] = grey < 0 ? 0 : grey > 255 ? 255 : grey;
      }
    }
  }
  return {
    shape,
    values,
    spacing_mm: grid.spacing_mm.map((s) => s * step),
    origin_mm: grid.origin_mm,
  };
}

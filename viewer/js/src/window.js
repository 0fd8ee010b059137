/** Window and level: the grey that a stored value is shown with. */

/** @typedef {import("./types.js").Preset} Preset */

const ALPHA = 0xff000000;

/**
 * RGBA (little endian) for every int16 value, index = value + 32768.
 * @param {[number, number]} window  [low, high] in image units
 * @param {{slope: number, inter: number}} scale  image value = stored × slope + inter
 * @param {Uint32Array} [into]
 */
export function table([low, high], { slope, inter }, into = new Uint32Array(65536)) {
  const span = Math.max(high - low, 1e-9);
  for (let i = 0; i < 65536; i += 1) {
    const value = (i - 32768) * slope + inter;
    const grey = Math.min(255, Math.max(0, Math.round((255 * (value - low)) / span)));
    into[i] = ALPHA | (grey * 0x010101);
  }
  return into;
}

/** Colour a slice's values with a table. */
export function paint(values, lut, pixels) {
  for (let i = 0; i < values.length; i += 1) pixels[i] = lut[values[i] + 32768];
  return pixels;
}

/**
 * Dragging right makes the window wider, dragging up makes the image brighter (the level lower).
 * @param {[number, number]} window
 * @param {[number, number]} moved  pixels
 * @param {[number, number]} range  of the image
 * @returns {[number, number]}
 */
export function dragged([low, high], [dx, dy], range) {
  const step = (range[1] - range[0]) / 512;
  const width = Math.max(high - low + dx * step, step / 4);
  const level = (low + high) / 2 + dy * step;
  return [level - width / 2, level + width / 2];
}

/** "W 176  L 88" */
export function words([low, high]) {
  const show = (x) => (Math.abs(x) >= 100 || Number.isInteger(x) ? x.toFixed(0) : x.toPrecision(3));
  return `W ${show(high - low)}  L ${show((low + high) / 2)}`;
}

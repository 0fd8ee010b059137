/** One slice as a picture: grey values through the window table, and label outlines or fills. */

import { outlines } from "./contour.js";
import { cut } from "./grid.js";
import { paint } from "./window.js";

/** @typedef {import("./planes.js").PlaneSpec} PlaneSpec */

export class SliceImage {
  /** @param {PlaneSpec} plane */
  constructor(plane) {
    this.plane = plane;
    this.canvas = document.createElement("canvas");
    this.fills = document.createElement("canvas");
    this.clear();
  }

  /** Forget every pixel. */
  clear() {
    for (const canvas of [this.canvas, this.fills]) {
      canvas.width = 1;
      canvas.height = 1;
    }
    this.key = "";
    this.labelKey = "";
    /** @type {{label: number, path: Path2D}[]} */ this.paths = [];
    this.values = undefined;
    this.labelValues = undefined;
  }

  /**
   * @param {{grid: any, array: Int16Array, lut: Uint32Array, lutVersion: number}} volume
   * @param {number} index
   * @returns {boolean} whether pixels changed
   */
  draw(volume, index) {
    const key = `${index} ${volume.lutVersion}`;
    if (key === this.key) return false;
    this.key = key;
    const { values, width, height } = cut(
      volume.grid,
      volume.array,
      this.plane,
      index,
      this.values,
    );
    this.values = values;
    const context = sized(this.canvas, width, height);
    const image = context.createImageData(width, height);
    paint(values, volume.lut, new Uint32Array(image.data.buffer));
    context.putImageData(image, 0, 0);
    return true;
  }

  /**
   * @param {{grid: any, array: Uint16Array, colours: Map<number, number[]>, version: number}} labels
   * @param {number} index
   * @param {"outline" | "fill" | "off"} mode
   * @param {(label: number) => boolean} wanted
   * @param {string} stamp  changes whenever `wanted` does
   */
  drawLabels(labels, index, mode, wanted, stamp) {
    const key = `${index} ${mode} ${stamp}`;
    if (key === this.labelKey) return;
    this.labelKey = key;
    this.paths = [];
    if (mode === "off") return;
    const { values, width, height } = cut(
      labels.grid,
      labels.array,
      this.plane,
      index,
      this.labelValues,
    );
    this.labelValues = values;
    for (const [label, lines] of outlines(values, width, height, wanted)) {
      const path = new Path2D();
      for (let i = 0; i < lines.length; i += 4) {
        path.moveTo(lines[i], lines[i + 1]);
        path.lineTo(lines[i + 2], lines[i + 3]);
      }
      this.paths.push({ label, path });
    }
    if (mode === "fill") this.#fill(values, width, height, labels.colours, wanted);
  }

  #fill(values, width, height, colours, wanted) {
    const context = sized(this.fills, width, height);
    const image = context.createImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    const table = new Map();
    for (let i = 0; i < values.length; i += 1) {
      const label = values[i];
      if (!table.has(label))
        table.set(label, label && wanted(label) ? rgba(colours.get(label)) : 0);
      pixels[i] = table.get(label);
    }
    context.putImageData(image, 0, 0);
  }
}

function rgba(colour) {
  if (!colour) return 0;
  return (0xff000000 | (colour[2] << 16) | (colour[1] << 8) | colour[0]) >>> 0;
}

function sized(canvas, width, height) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  return canvas.getContext("2d", { willReadFrequently: true });
}

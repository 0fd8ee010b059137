/** Paints a slice view: image, labels, crosshair, measures, scale bar. Pixels are CSS pixels. */

import { presence } from "./measure.js";
import { scaleBar, toPixel } from "./planes.js";

/** @typedef {import("./planes.js").Frame} Frame */

const CROSS = "rgba(120, 214, 255, 0.85)";
const INK = "#ffe08a";

/** The image and its labels, the outline of the chosen one bold. */
export function paintImage(context, frame, grid, image, display, colours, chosen) {
  const { overlay, overlay_opacity } = display;
  const { across, upward } = frame.plane;
  const [du, dv] = [grid.spacing_mm[across], grid.spacing_mm[upward]];
  const corner = [0, 0, 0];
  corner[across] = grid.origin_mm[across] - du / 2;
  corner[upward] = grid.origin_mm[upward] - dv / 2;
  const [x, y] = toPixel(frame, /** @type {any} */ (corner));
  context.save();
  context.transform(frame.sign * du * frame.zoom, 0, 0, -dv * frame.zoom, x, y);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "medium";
  context.drawImage(image.canvas, 0, 0);
  if (overlay !== "off") {
    if (overlay === "fill") {
      context.imageSmoothingEnabled = false;
      context.globalAlpha = overlay_opacity * 0.5;
      context.drawImage(image.fills, 0, 0);
    }
    context.globalAlpha = overlay_opacity;
    context.translate(0.5, 0.5);
    const pixel = 1 / (Math.min(du, dv) * frame.zoom);
    const last = ({ label }) => Number(label === chosen);
    for (const { label, path } of [...image.paths].sort((a, b) => last(a) - last(b))) {
      const c = colours.get(label) ?? [255, 255, 255];
      if (label === chosen) {
        context.globalAlpha = 1;
        context.lineWidth = 4.5 * pixel;
        context.strokeStyle = "#fff";
        context.stroke(path);
      }
      context.lineWidth = (label === chosen ? 2.4 : 1.3) * pixel;
      context.strokeStyle = `rgb(${c[0]} ${c[1]} ${c[2]})`;
      context.stroke(path);
    }
  }
  context.restore();
}

/** Two lines with a gap at the crosshair's point, in the colours of the planes they stand for. */
export function paintCross(context, frame, cursor, colours, on) {
  const [x, y] = toPixel(frame, cursor).map((v) => Math.round(v) + 0.5);
  const gap = on ? 9 : 5;
  const reach = on ? Infinity : 8;
  const [w, h] = frame.size;
  context.lineWidth = 1;
  for (const [colour, lines] of [
    [
      colours.vertical,
      [
        [x, Math.max(0, y - reach), x, y - gap],
        [x, y + gap, x, Math.min(h, y + reach)],
      ],
    ],
    [
      colours.horizontal,
      [
        [Math.max(0, x - reach), y, x - gap, y],
        [x + gap, y, Math.min(w, x + reach), y],
      ],
    ],
  ]) {
    context.strokeStyle = on ? colour : CROSS;
    context.globalAlpha = 0.8;
    context.beginPath();
    for (const [x0, y0, x1, y1] of lines) {
      context.moveTo(x0, y0);
      context.lineTo(x1, y1);
    }
    context.stroke();
  }
  context.globalAlpha = 1;
  context.strokeStyle = CROSS;
  context.strokeRect(x - 1.5, y - 1.5, 3, 3);
}

/** Measures that lie in or cross the slice. @param {Frame} frame */
export function paintMeasures(context, frame, measures, at_mm, half_mm) {
  for (const measure of measures) {
    const state = presence(measure.points_mm, frame.plane.through, at_mm, half_mm);
    if (state === "none") continue;
    const pixels = measure.points_mm.map((p) => toPixel(frame, p));
    paintPolyline(context, pixels, measure.text, {
      dashed: state === "part",
      pending: !measure.confirmed,
    });
  }
}

/** A measured line with its points and its answer beside it. */
export function paintPolyline(context, pixels, text, { dashed = false, pending = false } = {}) {
  context.save();
  context.strokeStyle = context.fillStyle = INK;
  context.lineWidth = 1.5;
  context.setLineDash(dashed ? [5, 4] : []);
  context.beginPath();
  pixels.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
  context.setLineDash([]);
  for (const [x, y] of pixels) {
    context.beginPath();
    context.arc(x, y, 3.5, 0, 2 * Math.PI);
    context.stroke();
  }
  if (text) paintTag(context, tagPlace(pixels), pending ? `${text} …` : text);
  context.restore();
}

/** Beside the middle of a line, or beyond the corner of an angle. */
function tagPlace(pixels) {
  if (pixels.length === 3) return [pixels[1][0] + 12, pixels[1][1] - 12];
  return [(pixels[0][0] + pixels[1][0]) / 2 + 10, (pixels[0][1] + pixels[1][1]) / 2 - 8];
}

/** Text on a dark plate, kept inside the canvas. */
function paintTag(context, [x, y], text) {
  context.font = "600 12px system-ui, sans-serif";
  const width = context.measureText(text).width;
  const ratio = context.getTransform().a || 1;
  const left = Math.min(Math.max(x, 4), context.canvas.width / ratio - width - 10);
  const top = Math.min(Math.max(y, 20), context.canvas.height / ratio - 8);
  context.fillStyle = "rgba(8, 12, 16, 0.82)";
  context.fillRect(left - 4, top - 13, width + 8, 18);
  context.fillStyle = INK;
  context.fillText(text, left, top);
}

/** A bar of a round length at the lower right. @param {Frame} frame */
export function paintScale(context, frame) {
  const [w, h] = frame.size;
  const { mm, pixels } = scaleBar(frame.zoom, Math.min(110, w * 0.25));
  const [x, y] = [w - 34 - pixels, h - 12];
  context.strokeStyle = "#d7e0e6";
  context.fillStyle = "#d7e0e6";
  context.lineWidth = 1.5;
  context.beginPath();
  context.moveTo(x, y - 4);
  context.lineTo(x, y);
  context.lineTo(x + pixels, y);
  context.lineTo(x + pixels, y - 4);
  context.stroke();
  context.font = "11px system-ui, sans-serif";
  context.textAlign = "right";
  context.fillText(mm >= 1 ? `${mm} mm` : `${mm.toPrecision(1)} mm`, x + pixels, y - 7);
  context.textAlign = "left";
}

/** Plans in a slice: the device where it is cut, the path before and behind, its ends and its name. */

import { add } from "../camera.js";
import { deviceParts, section, tissueCut } from "./device_shape.js";
import { HIT_PX, crossing, pieces } from "./geometry.js";
import { paintHandle, paintLabel, paintLine, trace } from "./glyphs.js";
import {
  GREY,
  TISSUE,
  depthPoint,
  held,
  labelOf,
  shownPaths,
  tissueOf,
  tubeOf,
  whole,
} from "./shown.js";

/** A path so far from the slice is as faint as it gets [mm]. House value. */
const FAR_MM = 40;
const NEAR = 0.95;
const FAINT = 0.45;
/** Metal of contacts; on a white shaft a darker one. */
const METAL = "#f4f7fa";
const DARK_METAL = "#6f7d88";
const HANDLE = { edited: 5.5, current: 4.5, preview: 5, ghost: 4 };
/** Electrodes that come too near each other. */
const STOP = "#ff8a7a";
/** A conflict is marked in slices that pass so near [mm]. House value. */
const CONFLICT_MM = 5;

/** @param {number} away mm from the slice @param {number} half_mm of it */
export function fading(away, half_mm) {
  const off = Math.max(Math.abs(away) - half_mm, 0);
  return off === 0 ? 1 : Math.max(NEAR - ((NEAR - FAINT) * off) / FAR_MM, FAINT);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./geometry.js").Sight} sight  of the slice
 * @param {number} half_mm  half of its thickness
 * @param {import("../store.js").Store} store
 * @param {import("./book.js").Book} book
 */
export function paintPlans(context, sight, half_mm, store, book) {
  const { handle } = store.view;
  for (const shown of shownPaths(store, book)) {
    const scene = { context, sight, half_mm };
    const mine = handle?.plan === shown.plan && handle.placement === shown.n;
    if (mine && handle.former) paintFormer(scene, handle.former);
    if (whole(shown)) {
      const tube = tubeOf(shown, store, book);
      if (tube) paintTube(scene, shown, tube);
      for (const part of tissueOf(shown, store, book)) paintTissue(scene, part);
      paintPath(scene, shown);
      const point = depthPoint(shown, store.view);
      if (point) paintDepth(scene, point);
    }
    paintEnds(scene, shown, handle);
  }
  for (const conflict of store.view.conflicts) {
    if (Math.abs(sight.away(conflict.point_mm)) <= CONFLICT_MM)
      paintConflict(context, sight, conflict);
  }
}

/** Where two electrodes come too near each other, and how near. */
export function paintConflict(context, sight, { a, b, point_mm, distance_mm }) {
  const at = sight.pixel(point_mm);
  if (!at) return;
  const look = { shape: "triangle", colour: STOP, radius: 7, strong: true, held: true, alpha: 1 };
  paintHandle(context, at, look);
  const text = `${a + 1} and ${b + 1}: ${distance_mm.toFixed(1)} mm`;
  paintLabel(context, at, [1, 0], text, { colour: STOP });
}

/** Where the path was before it was dragged. */
function paintFormer({ context, sight }, { entry_mm, target_mm }) {
  const [a, b] = [entry_mm, target_mm].map(sight.pixel);
  paintLine(context, a, b, { colour: GREY, width: 1, alpha: 0.75 });
  for (const at of [a, b]) {
    paintHandle(context, at, {
      shape: "circle",
      colour: GREY,
      radius: 3.5,
      alpha: 0.75,
    });
  }
}

function paintPath({ context, sight, half_mm }, { placement, device, colour, role, fixed }) {
  const ghost = role === "ghost";
  const strength = ghost ? 0.45 : role === "current" ? 0.8 : 1;
  const { shaft, contacts, tip_mm } = deviceParts(placement, device);
  const outside = shaft.at(-1)?.to_mm ?? placement.entry_mm;
  const beyond = (placement.depth_mm ?? 0) > 0 ? tip_mm : placement.target_mm;
  for (const { from, to, side } of pieces(sight, placement.entry_mm, beyond, half_mm)) {
    const [a, b] = [from, to].map(sight.pixel);
    const dash = side === 0 && !fixed ? [] : side >= 0 ? [7, 4] : [2, 4];
    const [near, far] = [from, to].map((point) => strength * fading(sight.away(point), half_mm));
    fadingLine(context, a, b, { colour, near, far, dash, width: ghost ? 1.25 : side ? 1.6 : 2.2 });
  }
  if (ghost) return;
  const cut = (cylinder) => section(cylinder, sight, half_mm)?.map(sight.pixel);
  context.save();
  for (const cylinder of shaft) fill(context, cut(cylinder), colour, 0.55 * strength);
  const metal = colour === "#ffffff" ? DARK_METAL : METAL;
  for (const contact of contacts) {
    const outline = cut(contact);
    if (outline) fill(context, outline, metal, 1, "#0b1014");
    else tick({ context, sight, half_mm }, placement, contact.centre_mm, strength);
  }
  context.restore();
  const meets = crossing(sight, outside, beyond);
  if (meets) paintCrossing({ context, sight }, meets, shaft, { colour, strength, role });
}

/** A contact before or behind the slice: a short stroke across the path. */
function tick({ context, sight, half_mm }, placement, centre_mm, strength) {
  const [x, y] = sight.pixel(centre_mm);
  const [ax, ay] = sight.pixel(placement.entry_mm);
  const [bx, by] = sight.pixel(placement.target_mm);
  const long = Math.hypot(bx - ax, by - ay);
  if (long < 4) return;
  const [nx, ny] = [(-3 * (by - ay)) / long, (3 * (bx - ax)) / long];
  context.globalAlpha = 0.9 * strength * fading(sight.away(centre_mm), half_mm);
  context.strokeStyle = METAL;
  context.lineWidth = 1.5;
  context.beginPath();
  context.moveTo(x - nx, y - ny);
  context.lineTo(x + nx, y + ny);
  context.stroke();
  context.globalAlpha = 1;
}

/** The mark where the path goes through this slice. */
function paintCrossing({ context, sight }, point, shaft, { colour, strength, role }) {
  const [x, y] = sight.pixel(point);
  const [px] = sight.pixel(add(point, sight.right, Math.max(0, ...shaft.map((s) => s.radius_mm))));
  const radius = Math.max(Math.abs(px - x) + 3, role === "edited" ? 5.5 : 4);
  context.save();
  context.globalAlpha = strength;
  for (const [stroke, width] of [
    ["rgba(6, 10, 14, 0.8)", 3.5],
    [colour, 1.5],
  ]) {
    context.strokeStyle = /** @type {string} */ (stroke);
    context.lineWidth = /** @type {number} */ (width);
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.stroke();
  }
  context.restore();
}

/** Where no slip of less misses a margin, cut by the slice. */
function paintTube({ context, sight }, { placement, colour }, radius_mm) {
  const { tip_mm } = deviceParts(placement, null);
  const tube = { from_mm: tip_mm, to_mm: placement.entry_mm, radius_mm, arc_deg: 360 };
  const outline = section(/** @type {any} */ (tube), sight)?.map(sight.pixel);
  if (!outline) return;
  context.save();
  fill(context, outline, colour, 0.16);
  context.globalAlpha = 0.85;
  context.setLineDash([4, 3]);
  context.lineWidth = 1.25;
  context.strokeStyle = colour;
  outlinePath(context, outline);
  context.stroke();
  context.restore();
}

/** What is activated, where the slice cuts it. */
function paintTissue({ context, sight }, part) {
  const outlines = tissueCut(part, sight);
  if (!outlines.length) return;
  context.save();
  context.beginPath();
  for (const outline of outlines) {
    outline.map(sight.pixel).forEach(([x, y], n) => context[n ? "lineTo" : "moveTo"](x, y));
  }
  context.globalAlpha = 0.9;
  context.lineWidth = 1.5;
  context.strokeStyle = TISSUE;
  context.stroke();
  context.restore();
}

/** Where the scrubber stands. */
function paintDepth({ context, sight }, point) {
  const [x, y] = sight.pixel(point);
  context.save();
  context.lineWidth = 1.5;
  context.strokeStyle = "#ffffff";
  context.beginPath();
  trace(context, "circle", x, y, 3.5);
  context.fillStyle = "#0b1014";
  context.fill();
  context.stroke();
  context.restore();
}

function paintEnds({ context, sight, half_mm }, shown, handle) {
  const { placement, colour, shape, role } = shown;
  const strength = role === "ghost" ? 0.5 : 1;
  const ends = /** @type {const} */ (["entry", "target"]).filter((end) => placement[`${end}_mm`]);
  const towards = outward(sight, placement);
  for (const end of ends) {
    const point = placement[`${end}_mm`];
    const at = sight.pixel(point);
    const away = sight.away(point);
    const alpha = strength * Math.max(fading(away, half_mm), 0.55);
    const grown = held(shown, handle, end);
    paintHandle(context, at, {
      shape,
      colour,
      radius: HANDLE[role] * (grown ? 1.35 : 1),
      strong: Math.abs(away) <= half_mm,
      held: grown,
      alpha: grown ? 1 : alpha,
    });
    const text = labelOf(shown, end);
    if (!text || (role === "current" && end === "target")) continue;
    paintLabel(context, at, towards[end], text, { colour, alpha: role === "edited" ? 1 : 0.8 });
  }
}

/** On screen: away from the path at each end, so that a label does not cover it. */
export function outward(sight, { entry_mm, target_mm }) {
  const [a, b] = [entry_mm, target_mm].map((point) => (point ? sight.pixel(point) : null));
  if (!a || !b) return { entry: [1, 0], target: [1, 0] };
  const way = [a[0] - b[0], a[1] - b[1]];
  if (Math.hypot(...way) < 2 * HIT_PX) return { entry: [1, -1], target: [1, 1] };
  return { entry: way, target: way.map((v) => -v) };
}

/** A line that fades from one end to the other. */
function fadingLine(context, a, b, { colour, near, far, dash, width }) {
  if (Math.hypot(b[0] - a[0], b[1] - a[1]) < 0.5) return;
  const fade = context.createLinearGradient(...a, ...b);
  const tint = (alpha) =>
    `${colour}${Math.round(255 * alpha)
      .toString(16)
      .padStart(2, "0")}`;
  fade.addColorStop(0, tint(near));
  fade.addColorStop(1, tint(far));
  paintLine(context, a, b, { colour: fade, width, dash });
}

function fill(context, outline, colour, alpha, edge) {
  if (!outline) return;
  context.globalAlpha = alpha;
  context.fillStyle = colour;
  outlinePath(context, outline);
  context.fill();
  if (edge) {
    context.lineWidth = 0.75;
    context.strokeStyle = edge;
    context.stroke();
  }
  context.globalAlpha = 1;
}

function outlinePath(context, outline) {
  context.beginPath();
  outline.forEach(([x, y], n) => (n ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.closePath();
}

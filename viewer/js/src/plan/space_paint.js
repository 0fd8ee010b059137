/** Plans over the 3D picture: lines, handles and names that anatomy does not hide. */

import { paintHandle, paintLabel, paintLine, trace } from "./glyphs.js";
import { deviceParts } from "./device_shape.js";
import { outward, paintConflict } from "./slice_paint.js";
import { GREY, depthPoint, held, labelOf, shownPaths, whole } from "./shown.js";

const LOOK = {
  edited: { line: 0.6, handle: 0.95, radius: 6 },
  current: { line: 0.4, handle: 0.7, radius: 4.5 },
  preview: { line: 0.8, handle: 0.9, radius: 5 },
  ghost: { line: 0.3, handle: 0.45, radius: 4 },
};

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./geometry.js").Sight} sight
 * @param {import("../store.js").Store} store
 * @param {import("./book.js").Book} book
 */
export function paintPlansOver(context, sight, store, book) {
  const { handle } = store.view;
  for (const shown of shownPaths(store, book)) {
    const { placement, colour, shape, role, plan, n } = shown;
    const look = LOOK[role];
    const dragged = handle?.plan === plan && handle.placement === n && handle.former;
    if (dragged)
      paintStretch(context, sight, handle.former, { colour: GREY, width: 1, alpha: 0.8 });
    if (whole(shown)) {
      const alpha = dragged ? 1 : look.line;
      paintStretch(context, sight, placement, { colour, width: dragged ? 2 : 1.25, alpha });
      if (dragged) paintContacts(context, sight, shown);
      const at = depthPoint(shown, store.view);
      const bead = at && sight.pixel(at);
      if (bead) paintBead(context, bead);
    }
    const towards = outward(sight, placement);
    for (const end of /** @type {const} */ (["entry", "target"])) {
      const point = placement[`${end}_mm`];
      const at = point && sight.pixel(point);
      if (!at) continue;
      const grown = held(shown, handle, end);
      paintHandle(context, at, {
        shape,
        colour,
        radius: look.radius * (grown ? 1.35 : 1),
        held: grown,
        alpha: grown ? 1 : look.handle,
      });
      const text = labelOf(shown, end);
      if (!text || (role === "current" && end === "target")) continue;
      paintLabel(context, at, towards[end], text, { colour, alpha: role === "edited" ? 1 : 0.75 });
    }
  }
  for (const conflict of store.view.conflicts) paintConflict(context, sight, conflict);
}

function paintStretch(context, sight, { entry_mm, target_mm }, look) {
  const [a, b] = [entry_mm, target_mm].map(sight.pixel);
  if (a && b) paintLine(context, a, b, look);
}

/** While a path is dragged its surfaces wait: the contacts go with the line. */
function paintContacts(context, sight, { placement, device, colour }) {
  context.save();
  context.strokeStyle = colour === "#ffffff" ? "#6f7d88" : "#f4f7fa";
  context.lineWidth = 4;
  for (const { from_mm, to_mm } of deviceParts(placement, device).contacts) {
    const [a, b] = [from_mm, to_mm].map(sight.pixel);
    if (!a || !b) continue;
    context.beginPath();
    context.moveTo(...a);
    context.lineTo(...b);
    context.stroke();
  }
  context.restore();
}

function paintBead(context, [x, y]) {
  context.save();
  context.beginPath();
  trace(context, "circle", x, y, 3.5);
  context.fillStyle = "#0b1014";
  context.fill();
  context.strokeStyle = "#ffffff";
  context.lineWidth = 1.5;
  context.stroke();
  context.restore();
}

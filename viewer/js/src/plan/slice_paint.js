/** Plans in a slice: the path, its ends, and how they lie to the slice. */

import { toPixel } from "../planes.js";

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("../planes.js").Frame} frame
 * @param {number} at_mm  the slice's place along the plane's normal
 * @param {import("../store.js").Store} store
 */
export function paintPlans(context, frame, at_mm, store) {
  for (const plan of store.display.plans) {
    if (plan.look.hidden) continue;
    context.strokeStyle = context.fillStyle = plan.look.colour;
    context.lineWidth = plan.id === store.display.current ? 2 : 1;
    for (const { entry_mm, target_mm } of plan.placements) {
      const [a, b] = [entry_mm, target_mm].map((point) => toPixel(frame, point));
      context.beginPath();
      context.moveTo(...a);
      context.lineTo(...b);
      context.stroke();
      for (const [x, y] of [a, b]) {
        context.beginPath();
        context.arc(x, y, 4, 0, 2 * Math.PI);
        context.stroke();
      }
    }
  }
}

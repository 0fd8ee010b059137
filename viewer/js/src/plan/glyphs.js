/** Marks of plans on a canvas: a shape beside each colour, labels on dark plates. */

const DARK = "rgba(6, 10, 14, 0.85)";

/**
 * Trace a shape of LOOKS about a point; `radius` px to its farthest corner or edge.
 * @param {CanvasRenderingContext2D | Path2D} path @param {string} shape
 */
export function trace(path, shape, x, y, radius) {
  const corners = {
    square: polygon(4, radius * 1.2, Math.PI / 4),
    triangle: polygon(3, radius * 1.25, Math.PI / 2),
    diamond: polygon(4, radius * 1.25, 0),
    cross: plus(radius * 1.1, radius * 0.4),
    star: star(radius * 1.35, radius * 0.58),
  }[shape];
  if (!corners) {
    path.moveTo(x + radius, y);
    path.arc(x, y, radius, 0, 2 * Math.PI);
    return;
  }
  corners.forEach(([dx, dy], n) => path[n ? "lineTo" : "moveTo"](x + dx, y - dy));
  path.closePath();
}

const polygon = (count, radius, turn) =>
  Array.from({ length: count }, (_, n) => {
    const angle = turn + (2 * Math.PI * n) / count;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });

const star = (outer, inner) =>
  Array.from({ length: 10 }, (_, n) => {
    const angle = Math.PI / 2 + (Math.PI * n) / 5;
    const radius = n % 2 ? inner : outer;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });

const plus = (a, b) => [
  [b, a],
  [b, b],
  [a, b],
  [a, -b],
  [b, -b],
  [b, -a],
  [-b, -a],
  [-b, -b],
  [-a, -b],
  [-a, b],
  [-b, b],
  [-b, a],
];

/**
 * A handle: a strong outline where it lies in the slice, a thin one where it does not. Only the
 * pointer fills it: what lies at a target must be seen.
 * @param {CanvasRenderingContext2D} context
 * @param {{shape: string, colour: string, radius: number, strong?: boolean, held?: boolean,
 *   alpha: number}} look
 */
export function paintHandle(context, [x, y], { shape, colour, radius, strong, held, alpha }) {
  const width = strong || held ? 2.25 : 1.25;
  context.save();
  context.globalAlpha = alpha;
  context.lineJoin = "round";
  context.beginPath();
  trace(context, shape, x, y, radius);
  context.lineWidth = width + 2;
  context.strokeStyle = DARK;
  context.stroke();
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke();
  if (held) {
    context.globalAlpha = 0.4 * alpha;
    context.fillStyle = colour;
    context.fill();
  }
  context.restore();
}

/** A line on a dark one, so that it is seen on bone and on air. */
export function paintLine(context, [ax, ay], [bx, by], { colour, width, alpha = 1, dash = [] }) {
  context.save();
  context.beginPath();
  context.moveTo(ax, ay);
  context.lineTo(bx, by);
  context.setLineDash(dash);
  context.globalAlpha = (dash.length ? 0.4 : 0.6) * alpha;
  context.strokeStyle = DARK;
  context.lineWidth = width + (dash.length ? 1.5 : 2);
  context.stroke();
  context.globalAlpha = alpha;
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
  context.restore();
}

/**
 * Text beside a point, on the side that `towards` points to, kept inside the canvas; none beside a
 * point outside of it.
 * @param {[number, number]} towards  any length
 */
export function paintLabel(context, [x, y], towards, text, { colour, alpha = 1, away = 13 }) {
  const ratio = context.getTransform().a || 1;
  const [width, height] = [context.canvas.width / ratio, context.canvas.height / ratio];
  if (x < -away || y < -away || x > width + away || y > height + away) return;
  context.save();
  context.globalAlpha = alpha;
  context.font = "600 12px system-ui, sans-serif";
  context.textBaseline = "middle";
  const long = Math.hypot(...towards) || 1;
  const [dx, dy] = towards.map((v) => v / long);
  const wide = context.measureText(text).width;
  const wished = x + dx * (away + wide / 2) - wide / 2;
  const left = Math.min(Math.max(wished, 6), width - wide - 6);
  // Where the border pushes it back over its point, it goes above or below.
  const pushed = Math.abs(left - wished) > 3 && Math.abs(dy) < 0.8;
  const down = pushed ? (dy > 0 ? 1 : -1) : dy;
  const line = Math.min(Math.max(y + down * (away + 3), 12), height - 12);
  context.fillStyle = DARK;
  context.beginPath();
  context.roundRect(left - 4, line - 9, wide + 8, 18, 3);
  context.fill();
  context.fillStyle = colour;
  context.fillText(text, left, line + 0.5);
  context.restore();
}

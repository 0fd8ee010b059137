/** Distances and angles from points in RAS mm, and where they lie in a slice. */

/** @typedef {import("./types.js").Point} Point @typedef {import("./types.js").Measure} Measure */

/** Points that a kind of measure takes. */
export const NEEDS = { distance: 2, angle: 3 };

/** @param {Point} a @param {Point} b */
export function distance_mm(a, b) {
  return Math.hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2]);
}

/** Angle at `b` [degrees]; null where two points coincide. */
export function angle_deg(a, b, c) {
  const u = a.map((x, i) => x - b[i]);
  const v = c.map((x, i) => x - b[i]);
  const size = Math.hypot(...u) * Math.hypot(...v);
  if (size === 0) return null;
  const dot = u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
  const cross = Math.hypot(
    u[1] * v[2] - u[2] * v[1],
    u[2] * v[0] - u[0] * v[2],
    u[0] * v[1] - u[1] * v[0],
  );
  return (Math.atan2(cross, dot) * 180) / Math.PI;
}

/** The value with its unit: "23.4 mm", "61.0°". @param {"distance" | "angle"} kind */
export function words(kind, points) {
  if (points.length < NEEDS[kind]) return "";
  if (kind === "distance") return `${distance_mm(points[0], points[1]).toFixed(1)} mm`;
  const angle = angle_deg(points[0], points[1], points[2]);
  return angle === null ? "no angle" : `${angle.toFixed(1)}°`;
}

/** Value and unit as the server words it: a degree sign stands close. */
export function answer(value, unit) {
  const close = unit === "°" || unit === "deg" || unit === "degree";
  return `${Number(value).toFixed(1)}${close ? "°" : ` ${unit}`}`;
}

/**
 * How a measure is shown in a slice: "full" when all its points lie within `half_mm` of the slice,
 * "part" when it crosses the slice, "none" otherwise.
 */
export function presence(points, axis, at_mm, half_mm) {
  const offsets = points.map((p) => p[axis] - at_mm);
  if (offsets.every((d) => Math.abs(d) <= half_mm)) return "full";
  const low = Math.min(...offsets);
  const high = Math.max(...offsets);
  return low <= half_mm && high >= -half_mm ? "part" : "none";
}

/** Numbers as people read them: a unit always, one decimal for mm and degrees. */

const AXES = [
  ["R", "L"],
  ["A", "P"],
  ["S", "I"],
];

/** "R 17.6"; the middle plane is of no side: "0.0". */
function coordinate(mm, axis) {
  const words = Math.abs(mm).toFixed(1);
  return words === "0.0" ? words : `${AXES[axis][mm < 0 ? 1 : 0]} ${words}`;
}

/** "R 17.6  P 35.3  S 12.1 mm" @param {number[]} point RAS mm */
export function ras(point) {
  return `${point.map(coordinate).join("  ")} mm`;
}

/** One axis: "S 12.1 mm". */
export function rasOne(axis, mm) {
  return `${coordinate(mm, axis)} mm`;
}

/** @param {number | null | undefined} value */
export function ml(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return `${value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2)} mL`;
}

export function mm(value, digits = 1) {
  return value === null || value === undefined ? "–" : `${value.toFixed(digits)} mm`;
}

/** Megabytes with one decimal, the unit said once: "4.2 of 33.6 MB". */
export function megabytes(done, total) {
  const mb = (x) => (x / 1e6).toFixed(1);
  return total ? `${mb(Math.min(done, total))} of ${mb(total)} MB` : `${mb(done)} MB`;
}

export function count(value) {
  return value === null || value === undefined ? "–" : value.toLocaleString("en-GB");
}

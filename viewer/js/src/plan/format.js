/** Words, shapes and numbers of plans. A verdict is a word and a shape, and only then a hue. */

/** How a whole plan stands. */
export const VERDICTS = {
  accepted: { shape: "●", word: "Accepted" },
  incomplete: { shape: "▲", word: "Incomplete" },
  rejected: { shape: "■", word: "Rejected" },
  stale: { shape: "◇", word: "Stale" },
  failed: { shape: "✕", word: "Failed" },
  refused: { shape: "✕", word: "Cannot be carried out" },
  live: { shape: "◌", word: "Limits kept so far" },
  breaking: { shape: "■", word: "Breaks a limit" },
  pending: { shape: "…", word: "Being judged" },
};

/** How one number stands. */
export const STANDINGS = {
  good: { shape: "●", word: "good" },
  allowed: { shape: "◐", word: "allowed" },
  unsure: { shape: "◐", word: "may cross its limit" },
  rejected: { shape: "■", word: "rejected" },
  failed: { shape: "✕", word: "failed" },
  untold: { shape: "▲", word: "not judged" },
  told: { shape: "○", word: "no limit" },
};

/** What is shown first: not judged, rejected, the worst grade; last what only is told. */
const ORDER = ["failed", "untold", "rejected", "unsure", "allowed", "good", "told"];

const bounds = ({ hard_low, hard_high, good_low, good_high }) =>
  [hard_low, good_low, good_high, hard_high].filter((bound) => bound !== null);

/** Inside the hard bounds. */
const allows = ({ hard_low, hard_high }, value) =>
  (hard_low === null || value >= hard_low) && (hard_high === null || value <= hard_high);

/** How a score stands, one of STANDINGS. @param {any} score @returns {keyof typeof STANDINGS} */
export function standing(score) {
  if (score.status === "cannot_be_judged") return "untold";
  if (score.status === "rejected" || score.status === "failed") return score.status;
  if (!bounds(score.threshold).length) return "told";
  if (score.range && !score.range.every((end) => allows(score.threshold, end))) return "unsure";
  return score.grade < 1 ? "allowed" : "good";
}

/** Scores in the order in which they are read; equal ones stay in the procedure's. */
export function ordered(scores) {
  const rank = (score) => ORDER.indexOf(standing(score));
  return [...scores].sort(
    (a, b) => rank(a) - rank(b) || (a.grade ?? 0) - (b.grade ?? 0) || b.weight - a.weight,
  );
}

/** A UCUM unit as it is written behind a number. */
export const unitOf = (unit) => ({ 1: "", deg: "°" })[unit] ?? ` ${unit}`;

/** A number as its unit asks: one decimal; counts whole, shares with two. */
export function number(value, unit) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (unit === "1") return Number.isInteger(value) ? String(value) : fixed(value, 2);
  return fixed(value, 1);
}

/** Decimals without a minus before zero, and with the minus of print. */
export function fixed(value, digits) {
  const words = Math.abs(value).toFixed(digits);
  return value < 0 && Number(words) !== 0 ? `−${words}` : words;
}

/** "4.2 mm" */
export function quantity(value, unit) {
  const words = number(value, unit);
  return words === "–" ? words : `${words}${unitOf(unit)}`;
}

/** A bound as it was written, of a computed one two decimals. */
const plain = (bound) => fixed(bound, 2).replace(/\.?0+$/, "");

/** Numbers of one kind, written alike: all of them whole, or all with decimals. */
export function numbers(values, unit) {
  const alike = unit !== "1" || values.every(Number.isInteger);
  return values.map((value) => (alike ? number(value, unit) : fixed(value, 2)));
}

/** "2.2 to 6.2 mm", or nothing. */
export function span(range, unit) {
  return range ? `${numbers(range, unit).join(" to ")}${unitOf(unit)}` : "";
}

/** "+1.2 mm", "−0.4 mm", "0.0 mm" */
export function difference(value, unit) {
  const words = quantity(value, unit);
  return Number.parseFloat(words) > 0 ? `+${words}` : words;
}

/** The bounds as the engine says them, the unit once: "at least 3, good from 4 mm". */
export function limitWords(limit, unit) {
  const { hard_low, hard_high, good_low, good_high } = limit;
  const words = [
    [hard_low, "at least"],
    [hard_high, "at most"],
    [good_low, "good from"],
    [good_high, "good up to"],
  ]
    .filter(([bound]) => bound !== null)
    .map(([bound, what]) => `${what} ${plain(bound)}`)
    .join(", ");
  return words && `${words}${unitOf(unit)}`;
}

/** Which way a value gets better: 1 up, -1 down, 0 where the limit does not say. */
export function direction({ hard_low, hard_high, good_low, good_high }) {
  const low = hard_low !== null || good_low !== null;
  const high = hard_high !== null || good_high !== null;
  return low === high ? 0 : low ? 1 : -1;
}

/** Shares of a bar's width: its zones, its value and range, by limits alone so that it stands still. */
export function barOf({ threshold, value, range }) {
  const known = bounds(threshold);
  if (!known.length) return null;
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const room = Math.max(high - low, Math.max(Math.abs(low), Math.abs(high)) / 2, 1);
  const way = direction(threshold);
  const start = low - room * 0.8;
  const from = low > 0 ? (way < 0 ? 0 : Math.min(start, 0)) : start;
  const to = high + room * (way > 0 ? 1.6 : 0.8);
  const share = (x) => Math.min(Math.max((x - from) / (to - from), 0), 1);
  const { hard_low, hard_high, good_low, good_high } = threshold;
  return {
    hard: [hard_low === null ? 0 : share(hard_low), hard_high === null ? 1 : share(hard_high)],
    good: [share(good_low ?? hard_low ?? from), share(good_high ?? hard_high ?? to)],
    value: value === null ? null : share(value),
    beyond: value === null ? 0 : value < from ? -1 : value > to ? 1 : 0,
    range: range ? range.map(share) : null,
  };
}

/** "95", of 100, from a share; "–" where nothing was judged. */
export const hundred = (total, digits = 0) =>
  total === null || total === undefined ? "–" : (100 * total).toFixed(digits);

/** "2.1 %", "less than 0.1 %": a share that happened is never told as none. */
export function percent(share) {
  const value = 100 * share;
  if (value > 0 && value < 0.1) return "< 0.1 %";
  return `${value.toFixed(value < 10 && value > 0 ? 1 : 0)} %`;
}

/** Seconds since 1970 as the reader's clock says it, the day only where it is not today. */
export function clock(seconds, now = new Date()) {
  if (!Number.isFinite(seconds)) return "";
  const date = new Date(1000 * seconds);
  const time = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (date.toDateString() === now.toDateString()) return time;
  return `${date.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} ${time}`;
}

/** "1,200,000" */
export const count = (value) => value.toLocaleString("en-GB");

/** Every delivered placement of a result, and the chance that any of them touches. */
export function delivered(result) {
  const each = result?.tolerances ?? result?.tolerance?.each ?? [];
  return { each, any: result?.any_hit ?? result?.tolerance?.any_hit ?? null };
}

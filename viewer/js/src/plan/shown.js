/** Which paths are drawn, how, and in which order: the same list for slices, 3D and the pointer. */

import { directionOf } from "./geometry.js";

/**
 * @typedef {object} ShownPath
 * @property {string} key
 * @property {string | null} plan  id; null for what is only being begun
 * @property {number} n   of the placement
 * @property {any} placement  of a path that is only begun, an end may be missing
 * @property {any} device
 * @property {string} colour
 * @property {string} shape
 * @property {"edited" | "current" | "preview" | "ghost"} role  edited: the placement in hand;
 *   preview: proposed, and looked at
 * @property {boolean} fixed  made on another reconstruction: it is not moved
 * @property {string} name
 * @property {string} number  "" or the placement's own number in a plan of many
 */

/** A plan of another reconstruction, and where a path was before it was dragged. */
export const GREY = "#98a4ad";
/** Activated tissue. */
export const TISSUE = "#ffaa3c";
/** What belongs to no plan yet: begun, or proposed by a search. */
const LOOSE = { colour: "#6cc7f0", shape: "circle", plan: null, fixed: true };

/**
 * Every path that is drawn, the one in hand last.
 * @param {import("../store.js").Store} store @param {import("./book.js").Book} book
 * @returns {ShownPath[]}
 */
export function shownPaths(store, book) {
  const { display, view } = store;
  const current = display.plans.find((plan) => plan.id === display.current);
  const number = current?.placements[view.placement] ? view.placement : 0;
  const out = [];
  for (const plan of display.plans) {
    const mine = plan === current;
    if (plan.look.hidden || (!mine && !view.ghost)) continue;
    const fixed = book.stale(plan);
    plan.placements.forEach((placement, n) =>
      out.push({
        key: `${plan.id} ${n}`,
        plan: plan.id,
        n,
        placement,
        device: book.device(placement.device),
        colour: fixed ? GREY : plan.look.colour,
        shape: plan.look.shape,
        role: !mine ? "ghost" : n === number ? "edited" : "current",
        fixed,
        name: plan.look.name,
        number: plan.placements.length > 1 ? String(n + 1) : "",
      }),
    );
  }
  out.push(...loose(view.preview?.placements ?? [], book, "preview", "Proposed"));
  const { draft } = book;
  if (draft?.entry_mm || draft?.target_mm) {
    const begun = { depth_mm: 0, roll_rad: 0, ...draft };
    out.push(...loose([begun], book, "edited", "New plan"));
  }
  const rank = { ghost: 0, current: 1, preview: 2, edited: 3 };
  return out.sort((a, b) => rank[a.role] - rank[b.role]);
}

/** @returns {ShownPath[]} */
const loose = (placements, book, role, name) =>
  placements.map((placement, n) => ({
    ...LOOSE,
    key: `${name} ${n}`,
    n,
    placement,
    device: whole({ placement }) ? book.device(placement.device) : null,
    role,
    name,
    number: placements.length > 1 ? String(n + 1) : "",
  }));

/** Both ends are there. @param {ShownPath} shown */
export const whole = ({ placement }) => Boolean(placement.entry_mm && placement.target_mm);

/** @param {ShownPath} path @returns {boolean} whether the pointer holds or touches this end of it */
export function held({ plan, n }, handle, end) {
  return Boolean(
    handle && handle.plan === plan && handle.placement === n && [end, "both"].includes(handle.end),
  );
}

/**
 * Radius of the tube around a path in which no slip misses a margin [mm], as it is certified; null
 * where there is none to draw.
 * @param {import("../store.js").Store} store @param {import("./book.js").Book} book
 */
export function tubeOf({ plan, n, role }, store, book) {
  if (!store.view.tube || role === "ghost") return null;
  const result = book.result(store.display.plans.find((one) => one.id === plan));
  const radius = result?.tolerance?.each?.[n]?.guaranteed_mm;
  return radius > 0 ? radius : null;
}

/**
 * What a stimulating lead activates, as the certified result gives it: balls {centre_mm, radius_mm} or
 * surfaces {points, faces}, flat or in rows. It is of the whole plan, and drawn with the path in hand.
 */
export function tissueOf({ plan, role }, store, book) {
  if (role !== "edited") return [];
  const { vta } = book.result(store.display.plans.find((one) => one.id === plan)) ?? {};
  return [vta ?? []].flat();
}

/** Where the scrubber stands on the path in hand. @returns {import("../types.js").Point | null} */
export function depthPoint({ placement, role }, { depth_mm }) {
  if (depth_mm === null || role !== "edited" || !placement.entry_mm || !placement.target_mm)
    return null;
  const direction = directionOf(placement);
  return placement.entry_mm.map((x, axis) => x + depth_mm * direction[axis]);
}

/** "E" or "E3", and with the plan's name beside the one in hand. @param {ShownPath} path */
export function labelOf({ role, name, number }, end) {
  if (role === "ghost") return "";
  const letter = `${end === "entry" ? "E" : "T"}${number}`;
  const short = name.length > 26 ? `${name.slice(0, 25)}…` : name;
  const named = ["edited", "preview"].includes(role);
  return named && end === "entry" ? `${letter}  ${short}` : letter;
}

/** "Entry of Biopsy 1". */
export const titleOf = ({ name, number }, end) =>
  `${{ entry: "Entry", target: "Target", both: "Path" }[end]}${number ? ` ${number}` : ""} of ${name}`;

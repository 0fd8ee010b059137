/** What a plan is: its content, its look, and what it begins with. */

/**
 * @typedef {import("../types.js").Point} Point
 * @typedef {object} Placement
 * @property {string} device
 * @property {Point} entry_mm
 * @property {Point} target_mm
 * @property {number} depth_mm  tip beyond the target, along the path
 * @property {number} roll_rad
 * @typedef {object} Look
 * @property {string} name
 * @property {string} colour
 * @property {string} shape   one of those of LOOKS: colour is never alone
 * @property {boolean} hidden
 * @typedef {object} Plan  as docs/plan.schema.json has it, with its look
 * @property {string} id
 * @property {number} rev
 * @property {number | null} parent
 * @property {string} procedure
 * @property {string} anatomy
 * @property {string} frame
 * @property {Placement[]} placements
 * @property {string} delivery
 * @property {string} profile
 * @property {string} note
 * @property {Look} look
 */

/** Okabe and Ito's colours that stay apart from anatomy, each with a shape. */
export const LOOKS = [
  { colour: "#f0e442", shape: "circle" },
  { colour: "#ff9d5c", shape: "square" },
  { colour: "#63e6be", shape: "triangle" },
  { colour: "#e08bd8", shape: "diamond" },
  { colour: "#9ec9ff", shape: "cross" },
  { colour: "#ffffff", shape: "star" },
];

/** A short name, and the next pair of colour and shape that no plan wears. @param {Plan[]} plans */
export function nextLook(plans) {
  const worn = new Set(plans.flatMap(({ look }) => [look.shape, look.name]));
  const look = LOOKS.find((one) => !worn.has(one.shape)) ?? LOOKS[plans.length % LOOKS.length];
  let number = 1;
  while (worn.has(`Plan ${number}`)) number += 1;
  return { ...look, name: `Plan ${number}` };
}

/** What is wanted at first, where it can be judged. */
const USUAL = "needle_biopsy";

/** What the engine judges of a plan: a result belongs to this very content. @param {Plan} plan */
export const keyOf = ({ procedure, delivery, profile, placements }) =>
  JSON.stringify([procedure, delivery, profile, placements]);

/** All that is kept of a plan. */
export const contentOf = (plan) => JSON.stringify([keyOf(plan), plan.look, plan.note]);

/** What is wanted before anything was chosen. */
export function first(catalogue) {
  const able = catalogue?.procedures.filter((one) => one.offered) ?? [];
  const offered = able.find((one) => one.id === USUAL) ?? able[0];
  const named = (list, id) => list?.find((one) => one.id === id)?.id ?? list?.[0]?.id;
  return {
    procedure: offered?.id,
    device: offered?.devices[0],
    delivery: named(catalogue?.deliveries, "frame"),
    profile: named(catalogue?.profiles, "default"),
  };
}

/** Micrometres are finer than any image. */
export const rounded = (x) => Math.round(x * 1000) / 1000;

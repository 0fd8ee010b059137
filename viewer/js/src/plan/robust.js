/** What a slip of the hand costs: chances to touch, the spread of each number, and the tube. */

import { h, say, show } from "../dom.js";
import { fold } from "./fold.js";
import { delivered, fixed, numbers, percent, quantity, unitOf } from "./format.js";
import { rows } from "./rows.js";
import { place, px, s } from "./svg.js";

/**
 * What the deliveries tell, and the metric that plans it. Left out: the brain's envelope and the
 * share of grey matter, which the deliveries do not measure as the metrics do.
 */
const SPANS = [
  { name: "vessels", metric: "vessel_clearance", title: "To vessels", unit: "mm" },
  { name: "vessel_risk", metric: "vessel_risk", title: "Vessel risk", unit: "1" },
  { name: "ventricles", metric: "ventricle_clearance", title: "To ventricles", unit: "mm" },
  {
    name: "eloquent nuclei",
    metric: "eloquent_clearance",
    title: "To eloquent nuclei",
    unit: "mm",
  },
  { name: "sulci", metric: "sulcus_clearance", title: "To sulci", unit: "mm" },
  { name: "length_mm", metric: "intracranial_length", title: "Length", unit: "mm" },
  { name: "incidence_deg", metric: "incidence", title: "Angle", unit: "deg" },
  { name: "target_miss_mm", metric: null, title: "Miss at the target", unit: "mm" },
  { name: "entry_miss_mm", metric: null, title: "Miss at the entry", unit: "mm" },
];
/** The distance fields end so far from a structure [mm]; what lies beyond is told as at least that. */
const FIELD_MM = 20.5;
/** A planned value so far outside of its deliveries was measured in another way [its unit]. */
const ASTRAY = 1;

/**
 * The spans that may be shown: of what was judged, and measured as the metric measures it.
 * @param {any} tolerance @param {any[]} scores  of that placement
 * @param {number} radius_mm  of the device
 */
export function spansOf(tolerance, scores, radius_mm) {
  const end = FIELD_MM - radius_mm - 0.05;
  const made = [];
  for (const known of SPANS) {
    const spread = tolerance.spans[known.name];
    const score = scores.find((one) => one.metric === known.metric);
    if (!spread || (known.metric && (!score || score.value === null))) continue;
    const planned = score?.value ?? null;
    const off = planned === null ? 0 : Math.max(spread.p5 - planned, planned - spread.p95);
    const far = known.name in tolerance.hits && spread.p95 >= end;
    if (off > ASTRAY && !far) continue;
    const limit = score?.threshold ?? null;
    made.push({ ...known, ...spread, planned, limit, end: far ? end : Infinity });
  }
  return made;
}

/** @param {any} theatre */
export function robust(theatre) {
  const { store } = theatre;
  const radius = h("p", { class: "pl-radius" });
  const tube = h(
    "button",
    {
      class: "th-button th-framed",
      type: "button",
      onclick: () => store.look({ tube: !store.view.tube }),
    },
    "Draw it as a tube",
  );
  const hits = h("table", { class: "pl-table" });
  const spread = h("ul", { class: "pl-spans" });
  const words = h("p", { class: "pl-note" });
  const none = h("p", { class: "pl-note" });
  const whole = h(
    "div",
    {},
    h("div", { class: "pl-line" }, radius, tube),
    h("h4", {}, "Chance to touch, 95 % interval"),
    hits,
    h("h4", {}, "5, 50 and 95 % of the deliveries"),
    h(
      "p",
      { class: "pl-key" },
      h("span", { class: "pl-key-span" }),
      "5 to 95 % with the median ",
      h("span", { class: "pl-key-planned" }),
      "as planned ",
      h("span", { class: "pl-key-limit" }),
      "hard limit",
    ),
    spread,
    words,
  );
  const section = fold("robust", "How robust", none, whole);
  const renderSpans = rows(spread, spanRow, (one) => one.name);

  const update = ({ plan, judged }) => {
    section.show(Boolean(plan));
    if (!plan) return;
    tube.setAttribute("aria-pressed", String(Boolean(store.view.tube)));
    const { result, state } = judged;
    section.element.dataset.state = state;
    const number_ = Math.min(store.view.placement, plan.placements.length - 1);
    if (state === "live" && judged.tolerance) {
      // Only what the live answer tells; the rest waits, greyed.
      tellRadius(judged.tolerance);
      return section.brief(touch(judged.tolerance.any_hit));
    }
    if (state === "pending" || state === "live") return;
    const { each, any } = delivered(result);
    const tolerance = each[number_];
    show(whole, Boolean(tolerance));
    show(none, !tolerance);
    say(none, reason(state));
    section.brief(any ? touch(any) : "");
    if (!tolerance) return;
    tellRadius(tolerance);
    const scores = result.metrics.filter((one) => one.placement === number_);
    const title = (id) =>
      store.scene?.structures.find((one) => one.id === id)?.title ?? capital(id);
    const touched = Object.entries(tolerance.hits).map(([id, chance]) => [title(id), chance]);
    const several = plan.placements.length > 1;
    hits.replaceChildren(
      ...[
        ...touched,
        ["Any of them", tolerance.any_hit],
        ...(several ? [["Any, by any electrode", any]] : []),
      ].map(([name, { share, low, high }]) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, name),
          h("td", { class: "pl-number" }, percent(share)),
          h("td", { class: "pl-quiet-number" }, `${percent(low)} to ${percent(high)}`),
        ),
      ),
    );
    const tool = book().device(plan.placements[number_].device);
    const radius_mm = Math.max(...tool.segments.map((one) => one.radius_mm));
    renderSpans(spansOf(tolerance, scores, radius_mm));
    const way = book().catalogue.deliveries.find((one) => one.id === plan.delivery);
    say(
      words,
      `${way?.title ?? plan.delivery}: delivered ${tolerance.count} times, seed ${tolerance.seed}. ` +
        "Worst 5 %: the mean of the worst twentieth.",
    );
  };
  const book = () => theatre.book;

  function tellRadius({ guaranteed_mm }) {
    const known = Number.isFinite(guaranteed_mm) && guaranteed_mm !== null;
    say(
      radius,
      !known
        ? "No margin is asked of this path."
        : guaranteed_mm > 0
          ? `No slip under ${fixed(guaranteed_mm, 1)} mm misses a margin.`
          : "A margin is missed as it is planned.",
    );
    tube.disabled = !known || guaranteed_mm <= 0;
  }
  return { ...section, update };
}

const touch = ({ share }) => `${percent(share)} touch`;
const capital = (words) => words[0].toUpperCase() + words.slice(1);

function reason(state) {
  if (state === "stale") return "A plan of another reconstruction is not delivered.";
  if (state === "certified") return "No deliveries are known for this procedure.";
  return "There is no path to deliver.";
}

/** One metric over all deliveries, its plan and its hard limit. */
function spanRow() {
  const title = h("span", { class: "pl-span-title" });
  const line = s("rect", { class: "whole", y: 6, height: 2 });
  const middle = s("rect", { class: "middle", y: 3, height: 8, width: 2 });
  const plan = s("path", { class: "planned" });
  const limits = [0, 1].map(() => s("path", { class: "limit" }));
  const plot = s(
    "svg",
    {
      viewBox: "0 0 120 14",
      class: "pl-span-plot",
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    },
    line,
    middle,
    ...limits,
    plan,
  );
  const value = h("span", { class: "pl-span-value" });
  const worst = h("span", { class: "pl-span-worst" });
  const element = h("li", {}, title, value, plot, worst);

  const update = ({ title: words, unit, planned, limit, end, ...spread }) => {
    const { p5, median, p95, worst: bad } = spread;
    const at = planned === null ? null : Math.min(planned, end);
    const hard = [limit?.hard_low, limit?.hard_high].filter(
      (bound) => bound !== null && bound !== undefined,
    );
    const near = hard.filter((bound) => Math.abs(bound - median) < 4 * Math.max(p95 - p5, 1));
    const all = [p5, p95, ...near, ...(at === null ? [] : [at])];
    const [low, high] = [Math.min(...all), Math.max(...all)];
    const room = Math.max((high - low) * 0.08, 0.05);
    const x = (v) => px(((v - low + room) / (high - low + 2 * room)) * 120);
    say(title, words);
    place(line, { x: x(p5), width: px(Math.max(x(p95) - x(p5), 1)) });
    place(middle, { x: x(median) - 1 });
    place(plan, { d: at === null ? "" : `M${x(at)} 0v14` });
    limits.forEach((path, n) => place(path, { d: n < near.length ? `M${x(near[n])} 0v14` : "" }));
    const told = numbers([p5, median, p95], unit);
    const open = [p5, median, p95].map((one, n) => (one >= end ? `≥ ${told[n]}` : told[n]));
    say(value, `${open.join(" · ")}${unitOf(unit)}`);
    say(worst, `worst 5 % ${quantity(bad, unit)}`);
  };
  return { element, update };
}

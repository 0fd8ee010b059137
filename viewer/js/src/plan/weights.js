/** Weights that a person sets to rank proposals anew. The engine's own total stays as it is. */

import { h, say, show } from "../dom.js";
import { button } from "./fold.js";
import { rows } from "./rows.js";

const MOST = 10;
const RANK = { accepted: 0, incomplete: 1 };

/** Metrics whose grade tells the proposals apart: no weight of another one changes their order. */
export function weighed(found) {
  const known = new Map();
  for (const { result } of found) {
    for (const { metric, title, weight, grade, placement } of result.metrics) {
      const one = known.get(metric) ?? { metric, title, weight, grades: new Map() };
      const key = String(placement);
      one.grades.set(key, (one.grades.get(key) ?? new Set()).add(grade));
      known.set(metric, one);
    }
  }
  return [...known.values()]
    .filter(({ grades }) => [...grades.values()].some((set) => set.size > 1))
    .map(({ metric, title, weight }) => ({ metric, title, weight }));
}

/**
 * The mean grade by weights: Σ weight × grade ÷ Σ weight over every score that has a grade, as the
 * engine's own total by its own weights. @returns {number | null}
 */
export function totalBy(scores, weights) {
  let [sum, whole] = [0, 0];
  for (const { metric, weight, grade } of scores) {
    const by = weights[metric] ?? weight;
    if (grade === null || !(by > 0)) continue;
    sum += by * grade;
    whole += by;
  }
  return whole > 0 ? sum / whole : null;
}

/** Proposals with their totals by the weights, what could be judged whole first, then the best. */
export function ranked(found, weights) {
  return found
    .map((one, place) => ({ ...one, place, total: totalBy(one.result.metrics, weights) }))
    .sort(
      (a, b) =>
        (RANK[a.result.verdict] ?? 2) - (RANK[b.result.verdict] ?? 2) ||
        (b.total ?? -1) - (a.total ?? -1) ||
        a.place - b.place,
    );
}

/** @param {() => void} onchange */
export function weightSliders(onchange) {
  /** @type {Record<string, number>} what was moved */ let moved = {};
  const list = h("div", { class: "pl-weights" });
  const reset = button("As the profile has it", {
    onclick: () => {
      moved = {};
      draw(known);
      onchange();
    },
  });
  const words = h("summary", {});
  const element = h(
    "details",
    { class: "pl-details" },
    words,
    h(
      "p",
      { class: "pl-note" },
      "Total = Σ weight × grade ÷ Σ weight, over what was judged. The grade is 1 where a number is " +
        "good and 0 at its hard limit. Only what tells these proposals apart is listed; hard limits " +
        "stay, whatever the weights.",
    ),
    list,
    reset,
  );
  let known = /** @type {any[]} */ ([]);
  const draw = rows(
    list,
    (first) => {
      const value = h("output", { class: "th-percent" });
      const range = h("input", {
        type: "range",
        class: "th-range",
        min: 0,
        max: MOST,
        step: 0.5,
        "aria-label": `Weight of ${first.title}`,
        oninput: () => {
          moved = { ...moved, [first.metric]: Number(range.value) };
          told(first);
          onchange();
        },
      });
      const told = ({ metric, weight }) => {
        const now = moved[metric] ?? weight;
        if (Number(range.value) !== now) range.value = String(now);
        say(value, String(now));
        say(words, Object.keys(moved).length ? "Weights: yours" : "Weights: those of the profile");
      };
      const element = h("div", { class: "pl-weight" }, h("span", {}, first.title), range, value);
      return { element, update: told };
    },
    (one) => one.metric,
  );

  return {
    element,
    get moved() {
      return moved;
    },
    /** Begin with the metrics of a new search. @param {any[]} found */
    begin(found) {
      moved = {};
      known = weighed(found);
      draw(known);
      say(words, "Weights: those of the profile");
      show(element, known.length > 0 && found.length > 1);
    },
  };
}

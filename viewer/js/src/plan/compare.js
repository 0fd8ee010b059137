/** Two plans side by side: both values of every metric, and which way they differ. */

import { h, say, show } from "../dom.js";
import { field, fill } from "./fold.js";
import {
  VERDICTS,
  difference,
  direction,
  hundred,
  numbers,
  standing,
  STANDINGS,
  unitOf,
} from "./format.js";
import { judge } from "./judgement.js";
import { mark } from "./svg.js";

/**
 * The rows of a comparison: of each metric the worst score of either plan, and what B has over A.
 * @param {any[]} a @param {any[]} b  scores
 */
export function compared(a, b) {
  const names = [...new Set([...a, ...b].map((score) => score.metric))];
  return names.map((metric) => {
    const [one, other] = [a, b].map((scores) => worstOf(scores, metric));
    const known = one ?? other;
    const row = { metric, title: known.title, unit: known.unit, a: one, b: other };
    const values = [one, other].map((score) => score?.value ?? null);
    if (values.includes(null)) return { ...row, gap: null, word: "", good: false };
    const gap = other.value - one.value;
    const way = direction(one.threshold);
    const [first, second] = numbers(values, one.unit);
    const same = first === second;
    const better = way === 0 ? other.grade - one.grade : way * gap;
    const word = same || better === 0 ? "same" : better > 0 ? "better" : "worse";
    const good = [one, other].every((score) => standing(score) === "good");
    return { ...row, gap, word: way === 0 && one.grade === other.grade ? "" : word, good };
  });
}

/** Of several placements, the score that grades worst; of alike ones the worst value. */
export function worstOf(scores, metric) {
  const mine = scores.filter((score) => score.metric === metric);
  const badness = (score) => direction(score.threshold) * -(score.value ?? 0);
  return mine.reduce((worst, one) => {
    if (worst === null) return one;
    const [a, b] = [one.grade ?? -1, worst.grade ?? -1];
    return a < b || (a === b && badness(one) > badness(worst)) ? one : worst;
  }, null);
}

/** @param {any} theatre */
export function compare(theatre) {
  const { store } = theatre;
  const other = h("select", {
    class: "th-select pl-wide",
    onchange: () => {
      chosen = other.value;
      theatre.store.tell("compare");
    },
  });
  let chosen = "";
  let key = "";
  const table = h("table", { class: "pl-table pl-compare" });
  const words = h("p", { class: "pl-note" });
  const element = h(
    "div",
    { class: "pl-comparison" },
    field("Compare with", other),
    h(
      "div",
      { class: "pl-wide-table", tabindex: "0", role: "region", "aria-label": "Comparison" },
      table,
    ),
    words,
  );

  const update = ({ plan }) => {
    const { book } = theatre;
    const others = store.display.plans.filter((one) => one.id !== plan?.id);
    show(element, Boolean(plan) && others.length > 0);
    if (!plan || !others.length || book.dragging) return;
    fill(other, [
      { value: "", words: "no other plan" },
      ...others.map((one) => ({ value: one.id, words: one.look.name })),
    ]);
    if (!others.some((one) => one.id === chosen)) chosen = "";
    other.value = chosen;
    const second = others.find((one) => one.id === chosen);
    const wrap = table.parentElement;
    show(wrap, Boolean(second));
    show(words, Boolean(second));
    if (!second) return void (key = "");
    const [a, b] = [plan, second].map((one) => judge(book, one));
    const now = JSON.stringify([
      [plan, second].map((one) => [one.id, one.look.name, book.keyOf(one)]),
      [a.state, b.state],
    ]);
    if (now === key) return;
    key = now;
    draw(plan, second, a, b);
  };

  function draw(plan, second, a, b) {
    const total = (judged) => {
      const { shape, word } = VERDICTS[judged.verdict];
      const scored = judged.total === null ? "" : ` ${hundred(judged.total)}`;
      return h("td", {}, `${shape}${scored}`, h("br"), word);
    };
    const lines = compared(a.scores ?? [], b.scores ?? []).sort((x, y) => rank(x) - rank(y));
    table.replaceChildren(
      h("caption", { class: "pl-hidden" }, `${plan.look.name} beside ${second.look.name}`),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("td", {}),
          ...[plan, second].map(({ look }) =>
            h("th", { scope: "col" }, mark(look).element, look.name),
          ),
          h("th", { scope: "col" }, "Change"),
        ),
      ),
      h(
        "tbody",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "row" }, "Verdict"),
          total(a),
          total(b),
          h("td", {}, a.total === null || b.total === null ? "" : points(b.total - a.total)),
        ),
        ...lines.map(line),
      ),
    );
    say(
      words,
      `The change is from ${plan.look.name} to ${second.look.name}. Of several electrodes, the worst.`,
    );
  }
  return { element, update };
}

/** What differs comes first, the worse before the better. */
const rank = ({ word }) => ["worse", "better", "", "same"].indexOf(word);
const points = (gap) => `${difference(Math.round(100 * gap), "1")} of 100`;

function line({ title, unit, a, b, gap, word, good }) {
  const values = [a, b].map((score) => score?.value ?? null);
  const written = numbers(
    values.filter((value) => value !== null),
    unit,
  );
  const cell = (score) => {
    if (!score) return h("td", {}, "not asked");
    const { shape, word: stands } = STANDINGS[standing(score)];
    const words = score.value === null ? stands : `${written.shift()}${unitOf(unit)}`;
    return h("td", { "data-standing": standing(score), title: stands }, `${shape} ${words}`);
  };
  const told =
    gap === null
      ? ""
      : `${difference(gap, unit)} ${word}${good && word !== "same" && word ? ", both good" : ""}`;
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, title),
    cell(a),
    cell(b),
    h("td", { "data-word": word }, told),
  );
}

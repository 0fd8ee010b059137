/** Every number of the open plan with its limit; each leads to the place that causes it. */

import { h, say, show } from "../dom.js";
import { bar } from "./bar.js";
import { bring, fold } from "./fold.js";
import { STANDINGS, limitWords, numbers, ordered, span, standing, unitOf } from "./format.js";
import { placements } from "./placements.js";
import { rows } from "./rows.js";

const keyOf = (score) => `${score.metric} ${score.placement ?? "all"}`;

/** @param {any} theatre */
export function metrics(theatre) {
  const { store } = theatre;
  const chips = placements(theatre);
  const list = h("ul", { class: "pl-metrics" });
  const none = h("p", { class: "pl-note" });
  const hint = h("p", { class: "pl-note" }, "Click a number: every view goes to what causes it.");
  const section = fold("metrics", "Why", hint, chips.element, none, list);
  /** Key of the row that is open. */ let open = null;
  /** @type {Map<string, any>} */ const lines = new Map();
  /** @type {any[]} the scores as they stand */ let shown = [];
  let of = "";

  const render = rows(
    list,
    (score) => {
      const line = row(theatre, () => toggle(keyOf(score)), arrows);
      lines.set(keyOf(score), line);
      return line;
    },
    keyOf,
  );

  function toggle(key) {
    open = open === key ? null : key;
    for (const [other, line] of lines) line.open(other === open);
    const score = shown.find((one) => keyOf(one) === key);
    if (open && score) lead(theatre, score);
  }

  /** Arrow keys walk the rows. */
  function arrows(event) {
    const all = [...list.querySelectorAll(".pl-metric-button")];
    const at = all.indexOf(event.currentTarget);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    all[next]?.focus();
  }

  /** Show a metric of the open plan from elsewhere, and the place that causes it. */
  function reveal(score) {
    if (!score) return;
    section.open(true);
    if (score.placement !== null && score.placement !== store.view.placement) {
      store.look({ placement: score.placement });
    }
    requestAnimationFrame(() => {
      const key = keyOf(score);
      if (open !== key) toggle(key);
      const line = lines.get(key)?.element;
      if (line) bring(line);
    });
  }

  const update = ({ plan, judged }) => {
    section.show(Boolean(plan));
    if (!plan) return;
    const same = of === plan.id;
    of = plan.id;
    const { state } = judged;
    list.dataset.state = state;
    chips.update(plan, judged);
    if (!judged.scores) {
      // The numbers of what stood before stay, greyed, until the new ones are there.
      if (!same) take([]);
      say(none, same && shown.length ? "" : "The engine is at work.");
      return show(none, none.textContent !== "");
    }
    const number = Math.min(store.view.placement, plan.placements.length - 1);
    const mine = judged.scores.filter((one) => one.placement === null || one.placement === number);
    const told = state === "live" && same ? merged(mine, judged.untold) : ordered(mine);
    take(told);
    say(none, mine.length ? "" : judged.sentence);
    show(none, !mine.length && state !== "stale");
    show(hint, told.length > 0);
    section.brief(brief(mine));
  };

  /** While a path is in the hand the rows stand still; what only the certified answer tells waits. */
  function merged(live, untold) {
    const fresh = new Map(live.map((one) => [keyOf(one), one]));
    const kept = shown.map((one) => {
      const now = fresh.get(keyOf(one));
      if (now) return now;
      return untold.has(one.metric) || one.value !== null ? waiting(one) : one;
    });
    return shown.length ? kept : ordered(live);
  }

  function take(scores) {
    shown = scores;
    render(scores);
    for (const key of lines.keys())
      if (!scores.some((one) => keyOf(one) === key)) lines.delete(key);
  }
  return { ...section, update, reveal };
}

/** A score whose number comes with the certified answer. */
const waiting = (score) => ({ ...score, value: null, range: null, waits: true });

/** "2 not judged, 1 rejected, 9 good" */
function brief(scores) {
  const many = {};
  for (const score of scores) many[standing(score)] = (many[standing(score)] ?? 0) + 1;
  return Object.entries(STANDINGS)
    .filter(([name]) => ["failed", "untold", "rejected", "unsure", "allowed"].includes(name))
    .filter(([name]) => many[name])
    .map(([name, { word }]) => `${many[name]} ${word}`)
    .join(", ");
}

/** All views go to the point that causes a score; its structure is marked. */
export function lead(theatre, score) {
  const { store } = theatre;
  if (score.structure && store.scene.structures.some((one) => one.id === score.structure)) {
    store.look({ selected: score.structure });
  }
  if (score.point_mm) theatre.acts.goToPoint(score.point_mm);
}

/** A number that only the certified answer tells, while the path is in the hand. */
const WAITS = { shape: "◌", word: "after release" };

/** One metric: a line with its number, and below it what the engine says, when it is asked. */
function row(theatre, onclick, onkeydown) {
  const shape = h("span", { class: "pl-shape", "aria-hidden": "true" });
  const title = h("span", { class: "pl-metric-title" });
  const value = h("span", { class: "pl-value" });
  const word = h("span", { class: "pl-standing" });
  const limit = h("span", { class: "pl-limit" });
  const weight = h("span", { class: "pl-weighs" });
  const range = h("span", { class: "pl-range" });
  const strip = bar();
  const button = h(
    "button",
    { class: "pl-metric-button", type: "button", "aria-expanded": false, onclick, onkeydown },
    shape,
    title,
    value,
    h("span", { class: "pl-second" }, word, limit),
    range,
    strip.element,
    weight,
  );
  const sentence = h("p", {});
  const where = h("p", { class: "pl-where" });
  const source = h("p", { class: "pl-source" });
  const more = h("div", { class: "pl-metric-more", hidden: true }, sentence, where, source);
  const element = h("li", { class: "pl-metric" }, button, more);

  let latest = null;
  /** Of what is shown: what moves with the path, and what does not. */
  let [moving, still] = ["", ""];

  const update = (score) => {
    latest = score;
    const { threshold, unit, waits } = score;
    const stands = waits ? "waits" : standing(score);
    const told = score.value !== null;
    const rule = `${score.title} ${stands} ${told} ${Object.values(threshold)} ${score.weight}`;
    if (rule !== still) {
      still = rule;
      const { shape: glyph, word: words } = STANDINGS[stands] ?? WAITS;
      element.dataset.standing = stands;
      say(shape, glyph);
      say(title, score.title);
      say(word, words);
      say(limit, told || waits ? limitWords(threshold, unit) : why(score));
      say(weight, score.weight ? `weight ${score.weight}` : limit.textContent ? "no weight" : "");
    }
    const now = `${rule} ${score.value} ${score.range}`;
    if (now === moving) return;
    moving = now;
    const [words] = numbers([score.value ?? NaN, ...(score.range ?? [])], unit);
    say(value, told ? `${words}${unitOf(unit)}` : "");
    say(range, span(score.range, unit));
    strip.update(score);
    if (!more.hidden) tell(score);
  };

  function tell(score) {
    const structure = theatre.store.scene?.structures.find((one) => one.id === score.structure);
    say(sentence, score.waits ? "Told when the path is let go." : score.sentence);
    say(where, structure && score.point_mm ? `The views stand at ${structure.title}.` : "");
    show(where, where.textContent !== "");
    say(source, `Source: ${score.source}`);
  }

  const open = (on) => {
    if (more.hidden === !on) return;
    more.hidden = !on;
    button.setAttribute("aria-expanded", String(on));
    if (on && latest) tell(latest);
  };
  return { element, update, open };
}

/** The reason of a score without a number: "no vessels in this twin". */
const why = ({ title, sentence }) =>
  sentence
    .replace(`${title} cannot be judged: `, "")
    .replace(`${title} could not be measured: `, "")
    .replace(/\.$/, "");

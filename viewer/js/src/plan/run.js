/** The procedure step by step: what each step meets, the lengths in each tissue, and the walk. */

import { h, say, show } from "../dom.js";
import { hint } from "../keys.js";
import { button, fold } from "./fold.js";
import { fixed } from "./format.js";
import { rows } from "./rows.js";

const OUTCOMES = {
  pass: { shape: "●", word: "pass" },
  warn: { shape: "▲", word: "warn" },
  fail: { shape: "■", word: "fail" },
};

/** @param {any} theatre */
export function steps(theatre) {
  const { store } = theatre;
  const list = h("ol", { class: "pl-run" });
  const lengths = h("table", { class: "pl-table" });
  const none = h("p", { class: "pl-note" });
  const walk = button("Walk along the path (Space)", {
    title: hint("play"),
    onclick: () => theatre.acts.run("play"),
  });
  const whole = h("div", {}, list, h("h4", {}, "Length in each tissue"), lengths);
  const section = fold("run", "Run it step by step", walk, none, whole);
  const render = rows(
    list,
    () => stepRow(),
    (one) => one.id,
  );
  let shown = null;

  const update = ({ plan, judged }) => {
    section.show(Boolean(plan) && judged.state !== "stale");
    if (!plan || theatre.book.dragging) return;
    const { book } = theatre;
    const at = book.keyOf(plan);
    const ran = book.run?.key === at ? book.run.run : null;
    const refused = book.runRefused?.key === at ? book.runRefused.sentence : null;
    show(none, !ran);
    show(whole, Boolean(ran));
    const waits =
      judged.state === "certified" ? "The engine takes the steps." : "First it is judged.";
    say(none, refused ?? waits);
    if (!ran) {
      section.brief("");
      return void (shown = null);
    }
    const n = Math.min(store.view.placement, plan.placements.length - 1);
    const key = `${book.run.key} ${n}`;
    if (key === shown) return;
    shown = key;
    const taken = ran.steps.filter((step) => step.placement === n);
    render(taken);
    section.brief(brief(taken));
    table(ran.passages[n]);
  };

  /** In the order in which the path meets them; they add up to its length. */
  function table(passage) {
    const names = new Map((passage?.depths ?? []).map((one) => [one.structure, one.title]));
    const title = (id) =>
      names.get(id) ?? store.scene?.structures.find((one) => one.id === id)?.title ?? id;
    const line = ([name, mm]) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, name),
        h("td", { class: "pl-number" }, `${fixed(mm, 1)} mm`),
      );
    const all = Object.entries(passage?.lengths_mm ?? {}).map(([id, mm]) => [title(id), mm]);
    lengths.replaceChildren(...all.map(line), line(["Entry to tip", passage?.length_mm ?? 0]));
  }
  return { ...section, update };
}

/** "fail at Advance", or how many pass. */
function brief(mine) {
  const bad = mine.find((step) => step.outcome === "fail");
  const doubt = mine.filter((step) => step.outcome === "warn");
  if (bad) return `■ fails at ${bad.title.toLowerCase()}`;
  if (doubt.length) return `▲ warns at ${doubt.map((step) => step.title.toLowerCase()).join(", ")}`;
  return "● every step passes";
}

/** One step: what it met is told at once where that is no good, and when it is asked otherwise. */
function stepRow() {
  const shape = h("span", { class: "pl-shape", "aria-hidden": "true" });
  const title = h("strong", {});
  const word = h("span", { class: "pl-standing" });
  const reason = h("p", {});
  const button = h(
    "button",
    { class: "pl-step-button", type: "button", onclick: () => open(reason.hidden) },
    shape,
    title,
    word,
  );
  const element = h("li", { class: "pl-step" }, button, reason);
  function open(on) {
    reason.hidden = !on;
    button.setAttribute("aria-expanded", String(on));
  }
  const update = (step) => {
    const { shape: glyph, word: words } = OUTCOMES[step.outcome];
    element.dataset.outcome = step.outcome;
    say(shape, glyph);
    say(title, step.title);
    say(word, words);
    say(reason, step.reason);
    open(step.outcome !== "pass");
  };
  return { element, update };
}

/** The verdict on the open plan: its word, its total, what was not judged, what forbids it. */

import { h, say, show } from "../dom.js";
import { button } from "./fold.js";
import { VERDICTS, hundred } from "./format.js";
import { rows } from "./rows.js";
import { mark } from "./svg.js";

const CERTAINTY = {
  certified: "certified",
  live: "live estimate",
  pending: "being judged …",
  stale: "no score",
  failed: "no score",
  refused: "no score",
};
/** Why the first answer takes longer than those after it. */
const FIRST = "The first time, distances in this head are measured: half a minute at most.";
/** What a total is worth: no average makes up for what forbids or is not known. */
const OF = { incomplete: "of 100, where judged", rejected: "of 100, counts for nothing" };
/** So many sentences of one kind are shown before the rest is asked for. */
const FEW = 3;

/** @param {any} theatre  @param {(metric: any) => void} reveal  a metric in the table */
export function verdict(theatre, reveal) {
  const { store } = theatre;
  const book = () => theatre.book;
  const look = mark({ colour: "#fff", shape: "circle" });
  const name = h("span", { class: "pl-verdict-name" });
  const shape = h("span", { class: "pl-shape", "aria-hidden": "true" });
  const word = h("strong", { class: "pl-word" });
  const total = h("span", { class: "pl-total" });
  const of = h("span", { class: "pl-of" }, "of 100");
  const sure = h("span", { class: "pl-sure" });
  const sentence = h("p", { class: "pl-verdict-words" });
  const gaps = sentences(theatre, "Not judged", reveal);
  const vetoes = sentences(theatre, "Forbids it", reveal);
  const again = button("Ask again", { onclick: () => book().again(book().current) });
  const anew = button("Plan it anew on this reconstruction", {
    onclick: () => book().duplicate(store.display.current, "planned anew"),
  });
  const made = h("p", { class: "pl-made" });
  const element = h(
    "section",
    { class: "pl-verdict", "aria-label": "Verdict" },
    h("div", { class: "pl-verdict-of" }, look.element, name, sure),
    h(
      "div",
      { class: "pl-verdict-line" },
      shape,
      word,
      h("span", { class: "th-spring" }),
      h("span", { class: "pl-score" }, total, of),
    ),
    sentence,
    gaps.element,
    vetoes.element,
    h("div", { class: "pl-buttons" }, again, anew),
    made,
  );
  const heard = h("div", { class: "pl-heard", role: "status" });
  element.append(heard);

  const update = ({ plan, judged }) => {
    show(element, Boolean(plan));
    if (!plan) return;
    const { state } = judged;
    const told = VERDICTS[judged.verdict];
    look.update(plan.look);
    say(name, plan.look.name);
    say(shape, told.shape);
    say(word, told.word);
    element.dataset.verdict = judged.verdict;
    element.dataset.state = state;
    say(total, hundred(judged.total));
    say(of, OF[judged.verdict] ?? "of 100");
    show(total.parentElement, judged.total !== null);
    say(sure, CERTAINTY[state]);
    const listed = judged.gaps.length + judged.vetoes.length > 0;
    const first = state === "pending" && !book().results.size;
    say(sentence, first ? FIRST : state === "live" || listed ? "" : judged.sentence);
    show(sentence, sentence.textContent !== "");
    gaps.update(judged.gaps, judged.scores);
    vetoes.update(judged.vetoes, judged.scores);
    show(again, state === "failed" || state === "refused");
    show(anew, state === "stale" && plan.frame === book().frame);
    const { result } = judged;
    say(
      made,
      result ? `Engine ${result.engine}, seed ${result.seed}, plan version ${plan.rev}` : "",
    );
    if (state !== "live" && state !== "pending") {
      const scored = judged.total === null ? "" : `, ${hundred(judged.total)} of 100`;
      say(heard, `${plan.look.name}: ${told.word}${scored}, ${CERTAINTY[state]}.`);
    }
  };
  return { element, update };
}

/** Sentences of the engine; each one that belongs to a metric leads to it. */
function sentences(theatre, title, reveal) {
  const list = h("ul", { class: "pl-sentences" });
  const more = button("", { class: "th-button th-framed pl-more", onclick: () => open(!all) });
  const element = h("div", { class: "pl-list" }, h("h4", {}, title), list, more);
  let all = false;
  let last = /** @type {any[]} */ ([]);
  const render = rows(
    list,
    () => {
      let metric = null;
      const lead = h("button", { class: "pl-lead", type: "button", onclick: () => reveal(metric) });
      const plain = h("span", {});
      const element = h("li", {}, lead, plain);
      const update = (one) => {
        metric = one.metric;
        show(lead, Boolean(metric));
        show(plain, !metric);
        say(metric ? lead : plain, one.words);
      };
      return { element, update };
    },
    (one) => one.key,
  );

  function open(on) {
    all = on;
    render(all ? last : last.slice(0, FEW));
    say(more, all ? "Fewer" : `${last.length - FEW} more`);
    more.setAttribute("aria-expanded", String(all));
    show(more, last.length > FEW);
  }

  const update = (words, scores) => {
    show(element, words.length > 0);
    last = words.map((one, n) => ({
      key: String(n),
      words: one,
      metric: (scores ?? []).find((score) => score.sentence === one) ?? null,
    }));
    open(all);
  };
  return { element, update };
}
